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
from qa_pipeline.ports import TranscriptionRequest

ROLES_VERSION = "2"
"""Part of every identity: raise it when the making of utterances or roles changes."""


def transcribe(
    contact: Contact,
    listening: Listening | None,
    options: SpeechOptions,
    hints: SpeechHints | None = None,
) -> Transcript:
    """Return the words of a contact, recognised or imported.

    Parameters
    ----------
    hints
        All hints for this contact, as :func:`hints_of` puts them together; None takes those of the site.

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
    hints = hints or options.hints
    engine = get_engine(name, options.asr)
    request = TranscriptionRequest(
        language=language_of(contact, options.asr),
        narrow_band=listening.narrow_band,
        prompt=hints.prompt,
        hot_words=hints.hot_words,
    )
    recognition = written(engine.transcribe(speech_windows(contact, listening, options.listen), request))
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
