"""Which speech engine takes a contact, and engines loaded once per process."""

from __future__ import annotations

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.registry import engine_spec, load_engine
from qa_pipeline.engines.weights import GIVE_WEIGHTS, find_weights
from qa_pipeline.errors import N_, CallqaError, NeedsModel
from qa_pipeline.ports import Transcriber

AUTO = "auto"
IMPORT = "import"
EMBEDDED = "pocketsphinx"
EMBEDDED_LANGUAGES = ("en",)

_loaded: dict[tuple[str, AsrOptions], Transcriber] = {}
_absent: dict[tuple[str, AsrOptions], CallqaError] = {}


def choose_engine(options: AsrOptions, language: str | None, has_transcript: bool, with_weights: str | None) -> str:
    """Return the name of the engine for a contact. Pure.

    Parameters
    ----------
    language : str or None
        The contact's language, None when nobody said.
    has_transcript : bool
        Whether a transcript came with the contact.
    with_weights : str or None
        The engine that reads the weights at hand or asked for by name, None without any.

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
    if with_weights:
        return with_weights
    if language is None or language in EMBEDDED_LANGUAGES:
        return EMBEDDED
    raise NeedsModel(
        N_("No speech engine at hand knows the language {language}."),
        hint=GIVE_WEIGHTS,
        language=language,
    )


def language_of(contact: Contact, options: AsrOptions) -> str | None:
    """Return the language that the recognition is told, None when the engine has to detect it."""
    return contact.language or options.default_language


def engine_of(contact: Contact, options: AsrOptions) -> str:
    """Return the name of the engine for a contact; raises as :func:`choose_engine`."""
    has_transcript = contact.transcript_source is not None
    if has_transcript and not contact.audio:
        return IMPORT  # there is nothing to recognise, whatever engine was asked for
    # Looking for weights reads folders, so it is done only where the choice hangs on it.
    undecided = options.engine == AUTO and not has_transcript
    return choose_engine(
        options, language_of(contact, options), has_transcript, _engine_with_weights(options) if undecided else None
    )


def _engine_with_weights(options: AsrOptions) -> str | None:
    """Return the engine for the weights on this machine, or for the model that the user named."""
    found = find_weights(options)
    if found:
        return found.engine
    return "faster-whisper" if options.model else None


def spec_of(name: str, options: AsrOptions) -> EngineSpec:
    """Return the identity of a speech engine, without loading it; raises EngineError when it is not installed."""
    return engine_spec("asr", name, options=options)


def get_engine(name: str, options: AsrOptions) -> Transcriber:
    """Return an engine that this process keeps loaded.

    Raises
    ------
    CallqaError
        What keeps the engine from starting; at once when it was raised before: a hub that is out of reach is not asked
        for every recording, and weights that are of no use are not read for every one.
    """
    key = (name, options)
    if key in _absent:
        raise _absent[key].with_traceback(None)
    if key not in _loaded:
        try:
            _loaded[key] = load_engine("asr", name, options=options)
        except CallqaError as error:
            _absent[key] = error
            raise
    return _loaded[key]
