"""The literal, lazy table of engines: (kind, name) -> where its factory lives.

Listing imports nothing heavy. Other packages add engines by the entry-point group ``callqa.engines`` with names
``kind:name`` and a target that is an :class:`EngineEntry`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from typing import Any

from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import N_, CallqaError, ConfigurationError, EngineError

GROUP = "callqa.engines"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEntry:
    """Where an engine is and what it needs.

    ``target``: ``module:attr`` of a callable that takes engine options as keywords and returns the loaded engine.
    ``describe``: ``module:attr`` of one that takes the same and returns the EngineSpec; it runs in the parent process,
    for fingerprints, so it loads nothing, imports nothing heavy and asks no network.
    ``check``: ``module:attr`` of one as cheap that raises what keeps the engine from starting now (weights that are
    absent or incomplete); where it is empty, ``describe`` is asked.
    ``forecast``: ``module:attr`` of one as cheap that returns what tells the cost of questions before they are asked;
    empty for engines whose work costs time alone.
    ``module``: the import that must be there, and ``also`` those that it does not bring itself; ``distribution``: whose
    version is shown; ``install``: what to run.
    """

    kind: str
    name: str
    target: str
    describe: str
    check: str = ""
    forecast: str = ""
    module: str
    also: tuple[str, ...] = ()
    distribution: str
    install: str

    @property
    def installed(self) -> bool:
        """Whether the package behind the engine can be imported."""
        return all(find_spec(module) is not None for module in (self.module, *self.also))

    @property
    def version(self) -> str:
        """Version of the package behind the engine, empty when it is not installed."""
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """An engine as it is set up on this machine. ``problem``: what keeps it from starting now, None when nothing."""

    entry: EngineEntry
    problem: CallqaError | None


_SHIPPED = (
    EngineEntry(
        kind="asr",
        name="faster-whisper",
        target="qa_pipeline.engines.faster_whisper:load",
        describe="qa_pipeline.engines.identity:describe_faster_whisper",
        check="qa_pipeline.engines.identity:check_faster_whisper",
        module="faster_whisper",
        distribution="faster-whisper",
        install="pip install callqa",
    ),
    EngineEntry(
        kind="asr",
        name="openai-whisper",
        target="qa_pipeline.engines.openai_whisper:load",
        describe="qa_pipeline.engines.identity:describe_openai_whisper",
        check="qa_pipeline.engines.identity:check_openai_whisper",
        module="whisper",
        distribution="openai-whisper",
        install="pip install 'callqa[whisper]'",
    ),
    EngineEntry(
        kind="asr",
        name="transformers",
        target="qa_pipeline.engines.transformers_asr:load",
        describe="qa_pipeline.engines.identity:describe_transformers",
        check="qa_pipeline.engines.identity:check_transformers",
        module="transformers",
        also=("torch",),
        distribution="transformers",
        install="pip install 'callqa[transformers]'",
    ),
    EngineEntry(
        kind="asr",
        name="sherpa-onnx",
        target="qa_pipeline.engines.sherpa_asr:load",
        describe="qa_pipeline.engines.identity:describe_sherpa_onnx",
        check="qa_pipeline.engines.identity:check_sherpa_onnx",
        module="sherpa_onnx",
        distribution="sherpa-onnx",
        install="pip install 'callqa[sherpa]'",
    ),
    EngineEntry(
        kind="asr",
        name="pocketsphinx",
        target="qa_pipeline.engines.pocketsphinx:load",
        describe="qa_pipeline.engines.identity:describe_pocketsphinx",
        module="pocketsphinx",
        distribution="pocketsphinx",
        install="pip install callqa",
    ),
    EngineEntry(
        kind="diarization",
        name="resemblyzer",
        target="qa_pipeline.engines.resemblyzer_diarizer:load",
        describe="qa_pipeline.engines.diarizers:describe_resemblyzer",
        check="qa_pipeline.engines.diarizers:check_resemblyzer",
        module="resemblyzer",
        distribution="resemblyzer",
        install="pip install 'callqa[diarization]'",
    ),
    EngineEntry(
        kind="diarization",
        name="sherpa-onnx",
        target="qa_pipeline.engines.sherpa_diarizer:load",
        describe="qa_pipeline.engines.diarizers:describe_sherpa",
        check="qa_pipeline.engines.diarizers:check_sherpa",
        module="sherpa_onnx",
        distribution="sherpa-onnx",
        install="pip install 'callqa[sherpa]'",
    ),
    EngineEntry(
        kind="sentiment",
        name="embedded",
        target="models.text.sentiment:load",
        describe="models.text.sentiment:describe",
        module="models.text",
        distribution="callqa",
        install="pip install callqa",
    ),
    EngineEntry(
        kind="sentiment",
        name="transformers",
        target="models.text.transformers_sentiment:load",
        describe="models.text.transformers_sentiment:describe",
        check="models.text.transformers_sentiment:check",
        module="transformers",
        also=("torch",),
        distribution="transformers",
        install="pip install 'callqa[transformers]'",
    ),
    EngineEntry(
        kind="moves",
        name="embedded",
        target="models.text.moves:load",
        describe="models.text.moves:describe",
        module="models.text",
        distribution="callqa",
        install="pip install callqa",
    ),
    EngineEntry(
        kind="moves",
        name="transformers",
        target="models.text.transformers_moves:load",
        describe="models.text.transformers_moves:describe",
        check="models.text.transformers_moves:check",
        module="transformers",
        distribution="transformers",
        install="pip install 'callqa[transformers]'",
    ),
    EngineEntry(
        kind="abuse",
        name="embedded",
        target="models.text.abuse:load",
        describe="models.text.abuse:describe",
        module="models.text",
        distribution="callqa",
        install="pip install callqa",
    ),
    EngineEntry(
        kind="abuse",
        name="transformers",
        target="models.text.transformers_abuse:load",
        describe="models.text.transformers_abuse:describe",
        check="models.text.transformers_abuse:check",
        module="transformers",
        distribution="transformers",
        install="pip install 'callqa[transformers]'",
    ),
    EngineEntry(
        kind="satisfaction",
        name="embedded",
        target="models.text.satisfaction:load",
        describe="models.text.satisfaction:describe",
        check="models.text.satisfaction:check",
        module="models.text",
        distribution="callqa",
        install="pip install callqa",
    ),
    EngineEntry(
        kind="reason",
        name="embedded",
        target="models.text.reason:load",
        describe="models.text.reason:describe",
        module="models.text",
        distribution="callqa",
        install="pip install callqa",
    ),
    EngineEntry(
        kind="reason",
        name="transformers",
        target="models.text.transformers_reason:load",
        describe="models.text.transformers_reason:describe",
        check="models.text.transformers_reason:check",
        module="transformers",
        also=("torch",),
        distribution="transformers",
        install="pip install 'callqa[transformers]'",
    ),
    EngineEntry(
        kind="embedding",
        name="embedded",
        target="models.text.embedding:load",
        describe="models.text.embedding:describe",
        module="models.text",
        distribution="callqa",
        install="pip install callqa",
    ),
    EngineEntry(
        kind="embedding",
        name="transformers",
        target="models.text.transformers_embedding:load",
        describe="models.text.transformers_embedding:describe",
        check="models.text.transformers_embedding:check",
        module="transformers",
        also=("torch",),
        distribution="transformers",
        install="pip install 'callqa[transformers]'",
    ),
    EngineEntry(
        kind="judge",
        name="openai",
        target="qa_pipeline.engines.judge_openai:load",
        describe="qa_pipeline.engines.judge_options:describe",
        forecast="qa_pipeline.engines.judge_estimate:load",
        module="openai",
        also=("httpx2",),
        distribution="openai",
        install="pip install 'callqa[judge]'",
    ),
    EngineEntry(
        kind="judge",
        name="nli",
        target="models.text.transformers_nli:load",
        describe="models.text.transformers_nli:describe",
        check="models.text.transformers_nli:check",
        module="transformers",
        also=("torch",),
        distribution="transformers",
        install="pip install 'callqa[transformers]'",
    ),
)


@cache
def entries() -> Mapping[tuple[str, str], EngineEntry]:
    """Return every registered engine by (kind, name).

    Raises
    ------
    ConfigurationError
        When a plug-in registers a name that is taken.
    """
    table = {(entry.kind, entry.name): entry for entry in _SHIPPED}
    for point in entry_points(group=GROUP):
        entry = point.load()
        if (entry.kind, entry.name) in table:
            raise ConfigurationError(
                N_("Two engines are called {kind}:{name}."),
                hint=N_("Uninstall one of the two packages."),
                kind=entry.kind,
                name=entry.name,
            )
        table[entry.kind, entry.name] = entry
    return table


def get_entry(kind: str, name: str, also: Iterable[str] = ()) -> EngineEntry:
    """Return one entry; raises ConfigurationError naming those that exist, and what `also` may be chosen."""
    entry = entries().get((kind, name))
    if entry is None:
        raise ConfigurationError(
            N_("There is no {kind} engine called {name}."),
            hint=N_("Choose one of: {known}."),
            kind=kind,
            name=name,
            known=", ".join([*also, *sorted(known for of_kind, known in entries() if of_kind == kind)]),
        )
    return entry


def load_engine(kind: str, name: str, **options: Any) -> Any:
    """Load an engine. The factory raises NeedsModel when weights are absent.

    Raises
    ------
    EngineError
        When the package behind the engine is not installed.
    """
    entry = get_entry(kind, name)
    _require_installed(entry)
    return _find(entry.target)(**options)


def engine_spec(kind: str, name: str, **options: Any) -> EngineSpec:
    """Return the identity that results of an engine carry, without loading it.

    Raises
    ------
    EngineError
        When the package behind the engine is not installed.
    """
    entry = get_entry(kind, name)
    _require_installed(entry)
    described: EngineSpec = _find(entry.describe)(**options)
    return described


def engine_forecast(kind: str, name: str, **options: Any) -> Any | None:
    """Return what tells the cost of questions to an engine before they are asked, None where they cost time alone.

    Raises
    ------
    ConfigurationError
        When a setting of the engine is missing.
    """
    entry = get_entry(kind, name)
    return _find(entry.forecast)(**options) if entry.forecast else None


def engine_problem(kind: str, name: str, **options: Any) -> CallqaError | None:
    """Return what keeps an engine from starting now, None when nothing does; loads nothing, asks no network."""
    entry = get_entry(kind, name)
    try:
        _require_installed(entry)
        _find(entry.check or entry.describe)(**options)
    except CallqaError as problem:
        return problem
    return None


def _require_installed(entry: EngineEntry) -> None:
    if not entry.installed:
        raise EngineError(
            N_("The engine {name} is not installed."),
            hint=N_("Run: {install}"),
            name=entry.name,
            install=entry.install,
        )


def _find(target: str) -> Callable[..., Any]:
    module_name, _, attribute = target.partition(":")
    found: Callable[..., Any] = getattr(import_module(module_name), attribute)
    return found
