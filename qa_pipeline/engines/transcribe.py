"""Words of a contact: recognised or imported, as a transcript with roles."""

from __future__ import annotations

from qa_pipeline.audio.windows import speech_windows
from qa_pipeline.domain.contact import Contact, Role
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.listening import Listening
from qa_pipeline.domain.transcript import Transcript
from qa_pipeline.domain.vocabulary import SpeechHints
from qa_pipeline.engines.choice import IMPORT, engine_of, get_engine, language_of, spec_of
from qa_pipeline.engines.options import SpeechOptions
from qa_pipeline.engines.roles import turn_if_swapped
from qa_pipeline.engines.utterances import assemble, mean_confidence
from qa_pipeline.engines.writing import WRITING_VERSION, written
from qa_pipeline.errors import N_, EngineError
from qa_pipeline.intake.transcripts import read_transcript
from qa_pipeline.ports import Recognition, RecognizedSpan, TranscriptionRequest

ROLES_VERSION = "2"
"""Part of every identity: raise it when the making of utterances or roles changes."""


def transcribe(
    contact: Contact,
    listening: Listening | None,
    options: SpeechOptions,
    hints: SpeechHints | None = None,
    spans: tuple[RecognizedSpan, ...] | None = None,
) -> Transcript:
    """Return the words of a contact, recognised or imported.

    Parameters
    ----------
    hints
        All hints for this contact, as :func:`hints_of` puts them together; None takes those of the site.
    spans
        What :func:`recognise_between` found in the parts of the call, in order; None recognises it here.

    Raises
    ------
    NeedsModel
        When no engine with weights can do it; the contact stays pending.
    EngineError
        When the chosen engine is not installed or fails.
    """
    name = engine_of(contact, options.asr)
    if name == IMPORT:
        source = contact.transcript_source
        assert source is not None
        return turn_if_swapped(read_transcript(source, contact, listening, options.intake))
    if listening is None:
        raise EngineError(N_("There is no recording to recognise."), file=contact.id)
    engine = get_engine(name, options.asr)
    request = _request(contact, listening, options, hints or options.hints)
    if spans is None:
        recognition = engine.transcribe(speech_windows(contact, listening, options.listen), request)
    else:
        assert request.language is not None
        recognition = Recognition(language=request.language, spans=spans, quality=engine.quality_of(spans))
    recognition = written(recognition)
    utterances = assemble(recognition.spans, [channel.role for channel in listening.channels])
    return turn_if_swapped(
        Transcript(
            language=recognition.language,
            engine=engine.spec.key,
            quality=recognition.quality,
            utterances=utterances,
            confidence=mean_confidence(word for item in utterances if item.usable for word in item.words),
            roles_by=_roles_by(contact, listening),
            languages=recognition.languages,
        )
    )


def recognises_apart(contact: Contact, options: SpeechOptions) -> bool:
    """Tell whether the parts of a call can be recognised apart from each other: its language is told, and the engine
    hears each window by itself. Loads the engine; raises as :func:`transcribe`.
    """
    if language_of(contact, options.asr) is None:
        return False
    name = engine_of(contact, options.asr)
    return name != IMPORT and get_engine(name, options.asr).spec.piecewise


def recognise_between(
    contact: Contact,
    listening: Listening,
    options: SpeechOptions,
    hints: SpeechHints,
    between_s: tuple[float, float | None],
) -> tuple[RecognizedSpan, ...]:
    """Return what is said in the windows of a call that begin from here on and before there, None: to its end.

    Only where :func:`recognises_apart` says that it can be; raises as :func:`transcribe`.
    """
    engine = get_engine(engine_of(contact, options.asr), options.asr)
    windows = speech_windows(contact, listening, options.listen, between_s)
    return engine.transcribe(windows, _request(contact, listening, options, hints)).spans


def _request(
    contact: Contact, listening: Listening, options: SpeechOptions, hints: SpeechHints
) -> TranscriptionRequest:
    return TranscriptionRequest(
        language=language_of(contact, options.asr),
        narrow_band=listening.narrow_band,
        prompt=hints.prompt,
        hot_words=hints.hot_words,
    )


def _roles_by(contact: Contact, listening: Listening) -> str:
    if all(channel.role is Role.UNKNOWN for channel in listening.channels):
        return "none"
    if contact.channel_map or any(source.role for source in contact.audio):
        return "metadata"
    return "channel" if listening.parties_apart else "none"


def transcribe_spec(contact: Contact, options: SpeechOptions, hints: SpeechHints | None = None) -> EngineSpec:
    """Return the identity of what `transcribe` would use, for fingerprints; loads no model and asks no network.

    Raises
    ------
    NeedsModel, ConfigurationError
        As `transcribe` would.
    """
    name = engine_of(contact, options.asr)
    extra = [("language", language_of(contact, options.asr) or "auto"), ("roles", ROLES_VERSION)]
    if name == IMPORT:
        spec = EngineSpec(kind="asr", name=IMPORT, version="1")
    else:
        spec = spec_of(name, options.asr)
        hints = hints or options.hints
        extra += [("writing", WRITING_VERSION)]
        extra += [("prompt", hints.prompt)] if hints.prompt else []
        extra += [("hot_words", "|".join(hints.hot_words))] if hints.hot_words else []
    return EngineSpec(kind=spec.kind, name=spec.name, version=spec.version, params=spec.params + tuple(extra))
