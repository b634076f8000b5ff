"""The literal, lazy table of engines: (kind, name) -> where its factory lives.

Listing imports nothing heavy. Other packages add engines by the entry-point group ``callqa.engines`` with names
``kind:name`` and a target that is an :class:`EngineEntry`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from typing import Any

from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import N_, ConfigurationError, EngineError

GROUP = "callqa.engines"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEntry:
    """Where an engine is and what it needs.

    ``target``: ``module:attr`` of a callable that takes engine options as keywords and returns the loaded engine.
    Beside a sentiment engine's stands ``describe``: the same options, returns the EngineSpec without loading anything.
    ``module``: the import that must be there; ``distribution``: whose version is shown; ``install``: what to run.
    """

    kind: str
    name: str
    target: str
    module: str
    distribution: str
    install: str

    @property
    def installed(self) -> bool:
        """Whether the package behind the engine can be imported."""
        return find_spec(self.module) is not None

    @property
    def version(self) -> str:
        """Version of the package behind the engine, empty when it is not installed."""
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return ""


_SHIPPED = (
    EngineEntry(
        kind="asr",
        name="faster-whisper",
        target="qa_pipeline.engines.faster_whisper:load",
        module="faster_whisper",
        distribution="faster-whisper",
        install="pip install callqa",
    ),
    EngineEntry(
        kind="asr",
        name="openai-whisper",
        target="qa_pipeline.engines.openai_whisper:load",
        module="whisper",
        distribution="openai-whisper",
        install="pip install 'callqa[whisper]'",
    ),
    EngineEntry(
        kind="asr",
        name="pocketsphinx",
        target="qa_pipeline.engines.pocketsphinx:load",
        module="pocketsphinx",
        distribution="pocketsphinx",
        install="pip install callqa",
    ),
    EngineEntry(
        kind="sentiment",
        name="embedded",
        target="models.text.sentiment:load",
        module="models.text",
        distribution="callqa",
        install="pip install callqa",
    ),
    EngineEntry(
        kind="sentiment",
        name="transformers",
        target="models.text.transformers_sentiment:load",
        module="transformers",
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


def get_entry(kind: str, name: str) -> EngineEntry:
    """Return one entry; raises ConfigurationError naming those that exist."""
    entry = entries().get((kind, name))
    if entry is None:
        raise ConfigurationError(
            N_("There is no {kind} engine called {name}."),
            hint=N_("Choose one of: {known}."),
            kind=kind,
            name=name,
            known=", ".join(sorted(known for of_kind, known in entries() if of_kind == kind)),
        )
    return entry


def load_engine(kind: str, name: str, **options: Any) -> Any:
    """Load an engine. The factory raises NeedsModel when weights are absent.

    Raises
    ------
    EngineError
        When the package behind the engine is not installed.
    """
    return _attribute(kind, name)(**options)


def _attribute(kind: str, name: str, attribute: str | None = None) -> Callable[..., Any]:
    entry = get_entry(kind, name)
    if not entry.installed:
        raise EngineError(
            N_("The engine {name} is not installed."),
            hint=N_("Run: {install}"),
            name=name,
            install=entry.install,
        )
    module_name, _, factory = entry.target.partition(":")
    found: Callable[..., Any] = getattr(import_module(module_name), attribute or factory)
    return found


def engine_spec(kind: str, name: str, **options: Any) -> EngineSpec:
    """Return the identity that results of an engine carry, without loading it.

    Raises
    ------
    EngineError
        When the package behind the engine is not installed.
    """
    described: EngineSpec = _attribute(kind, name, "describe")(**options)
    return described
