"""Words of a contact: which engine, loaded once per process, and its spans as a transcript with roles."""

from __future__ import annotations

from dataclasses import dataclass

from qa_pipeline.audio.listening import ListenOptions
from qa_pipeline.audio.windows import speech_windows
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.listening import Listening
from qa_pipeline.domain.transcript import Transcript
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.registry import entries, get_entry, load_engine
from qa_pipeline.engines.roles import turn_if_swapped
from qa_pipeline.engines.utterances import assemble, mean_confidence
from qa_pipeline.engines.weights import DEFAULT_MODEL, WHISPER_ENGINES, engine_spec, find_weights, needs_model
from qa_pipeline.errors import N_, CallqaError, EngineError, NeedsModel
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.intake.transcripts import read_transcript
from qa_pipeline.ports import Transcriber, TranscriptionRequest

AUTO = "auto"
IMPORT = "import"
EMBEDDED = "pocketsphinx"
EMBEDDED_LANGUAGES = ("en",)
ROLES_VERSION = "1"
"""Part of every identity: raise it when the making of utterances or roles changes."""

_loaded: dict[tuple[str, AsrOptions], Transcriber] = {}
_absent: dict[tuple[str, AsrOptions], NeedsModel] = {}


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """Whether an engine could start now; `hint` is what would be raised if not."""

    name: str
    available: bool
    hint: CallqaError | None = None


def choose_engine(options: AsrOptions, language: str | None, has_transcript: bool, whisper: str | None) -> str:
    """Return the name of the engine for a contact. Pure.

    Parameters
    ----------
    language : str or None
        The contact's language, None when nobody said.
    has_transcript : bool
        Whether a transcript came with the contact.
    whisper : str or None
        The engine that reads the Whisper weights at hand or asked for by name, None without any.

    Raises
    ------
    NeedsModel
        When no engine can do it.
    """
    if options.engine == IMPORT and not has_transcript:
        raise NeedsModel(
            N_("No transcript came with this recording."),
            hint=N_("Put a transcript of the same name beside it, or choose the engine auto."),
        )
    if options.engine != AUTO:
        return options.engine
    if has_transcript:
        return IMPORT
    if whisper:
        return whisper
    if language is None or language in EMBEDDED_LANGUAGES:
        return EMBEDDED
    raise NeedsModel(
        N_("No speech engine at hand knows the language {language}."),
        hint=N_("Give Whisper weights: set CALLQA_ASR__MODEL to a model folder, or import a transcript."),
        language=language,
    )


def transcribe(
    contact: Contact,
    listening: Listening | None,
    options: AsrOptions,
    listen_options: ListenOptions | None = None,
    intake_options: IntakeOptions | None = None,
) -> Transcript:
    """Return the words of a contact, recognised or imported.

    Raises
    ------
    NeedsModel
        When no engine with weights can do it; the contact stays pending.
    EngineError
        When the chosen engine is not installed or fails.
    """
    name = _engine_of(contact, options)
    if name == IMPORT:
        source = contact.transcript_source
        assert source is not None
        return turn_if_swapped(read_transcript(source, contact, listening, intake_options))
    if listening is None:
        raise EngineError(N_("There is no recording to recognise."), file=contact.id)
    engine = get_engine(name, options)
    request = TranscriptionRequest(
        language=_language_of(contact, options),
        narrow_band=listening.narrow_band,
        prompt=options.prompt,
        hot_words=options.hot_words,
    )
    recognition = engine.transcribe(speech_windows(contact, listening, listen_options), request)
    utterances = assemble(recognition.spans, [channel.role for channel in listening.channels])
    return turn_if_swapped(
        Transcript(
            language=recognition.language,
            engine=engine.spec.key,
            quality=recognition.quality,
            utterances=utterances,
            confidence=mean_confidence(word for item in utterances if item.usable for word in item.words),
            roles_by=_roles_by(contact, listening),
        )
    )


def _roles_by(contact: Contact, listening: Listening) -> str:
    if contact.channel_map or any(source.role for source in contact.audio):
        return "metadata"
    return "channel" if listening.timing_reliable else "none"


def _language_of(contact: Contact, options: AsrOptions) -> str | None:
    return contact.language or options.default_language


def _engine_of(contact: Contact, options: AsrOptions) -> str:
    has_transcript = contact.transcript_source is not None
    if has_transcript and not contact.audio:
        return IMPORT  # there is nothing to recognise, whatever engine was asked for
    # Looking for weights reads folders, so it is done only where the choice hangs on it.
    undecided = options.engine == AUTO and not has_transcript
    return choose_engine(
        options, _language_of(contact, options), has_transcript, _whisper_at_hand(options) if undecided else None
    )


def _whisper_at_hand(options: AsrOptions) -> str | None:
    """Return the engine for the Whisper weights on this machine, or for the model that the user named."""
    found = find_weights(options)
    if found:
        return found.engine
    return "faster-whisper" if options.model else None


def transcribe_spec(contact: Contact, options: AsrOptions) -> EngineSpec:
    """Return the identity of what `transcribe` would use, for fingerprints; loads no model and asks no network.

    Raises
    ------
    NeedsModel, ConfigurationError
        As `transcribe` would.
    """
    name = _engine_of(contact, options)
    if name == IMPORT:
        spec = EngineSpec(kind="asr", name=IMPORT, version="1")
    else:
        get_entry("asr", name)
        spec = _spec_of(name, options)
    extra = (("language", _language_of(contact, options) or "auto"), ("roles", ROLES_VERSION))
    return EngineSpec(kind=spec.kind, name=spec.name, version=spec.version, params=spec.params + extra)


def _spec_of(name: str, options: AsrOptions) -> EngineSpec:
    entry = get_entry("asr", name)
    if name == EMBEDDED:
        from qa_pipeline.engines.pocketsphinx import spec

        return spec()
    if name not in WHISPER_ENGINES:
        return EngineSpec(kind="asr", name=name, version=entry.version, params=(("model", options.model or ""),))
    weights = find_weights(options, name)
    return engine_spec(name, weights, options)


def get_engine(name: str, options: AsrOptions) -> Transcriber:
    """Return an engine that this process keeps loaded.

    Raises
    ------
    NeedsModel
        At once when it was raised before: a hub that is out of reach is not asked for every recording.
    """
    key = (name, options)
    if key in _absent:
        raise _absent[key].with_traceback(None)
    if key not in _loaded:
        try:
            _loaded[key] = load_engine("asr", name, options=options)
        except NeedsModel as error:
            _absent[key] = error
            raise
    return _loaded[key]


def asr_engines_status(options: AsrOptions) -> list[EngineStatus]:
    """Tell of every speech engine whether it could start now, without loading it."""
    return [_status(name, options) for kind, name in entries() if kind == "asr"]


def _status(name: str, options: AsrOptions) -> EngineStatus:
    entry = get_entry("asr", name)
    if not entry.installed:
        missing = EngineError(
            N_("The engine {name} is not installed."), hint=N_("Run: {install}"), name=name, install=entry.install
        )
        return EngineStatus(name, False, missing)
    if name not in WHISPER_ENGINES:
        return EngineStatus(name, True)
    try:
        found = find_weights(options, name)
    except CallqaError as error:
        return EngineStatus(name, False, error)
    return EngineStatus(name, True) if found else EngineStatus(name, False, needs_model(options.model or DEFAULT_MODEL))
