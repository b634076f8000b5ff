"""Which engines read the words of a contact, and those engines loaded, once per process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from qa_pipeline.detectors.registry import asked_kinds
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.engines.registry import engine_spec, load_engine
from qa_pipeline.errors import CallqaError
from qa_pipeline.ports import JudgingModels
from qa_pipeline.scoring.annotate import TextModels

# Engines of the annotate stage read every contact; those that criteria ask are loaded only where a card asks them.
ANNOTATING = ("sentiment", "moves", "abuse", "reason", "satisfaction")
ASKED = ("embedding", "judge")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEngine:
    """One engine by kind and name, with the options that it is loaded and described with."""

    kind: str
    name: str
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def key(self) -> str:
        """Identity of the engine with its weights; loads nothing."""
        return engine_spec(self.kind, self.name, **dict(self.options)).key


_absent: dict[TextEngine, CallqaError] = {}

EMBEDDED_TEXT = tuple(TextEngine(kind=kind, name="embedded") for kind in ANNOTATING)


def text_models(engines: Sequence[TextEngine]) -> TextModels:
    """Return the loaded models of the annotate stage."""
    return TextModels(**{engine.kind: _at_hand(engine) for engine in engines if engine.kind in ANNOTATING})


def judging_models(cards: Sequence[Scorecard], engines: Sequence[TextEngine]) -> JudgingModels:
    """Return the loaded models that criteria of the cards ask."""
    found = {engine.kind: _at_hand(engine) for engine in asked_engines(cards, engines)}
    return JudgingModels(embedder=found.get("embedding"), judge=found.get("judge"))


def asked_engines(cards: Sequence[Scorecard], engines: Sequence[TextEngine]) -> tuple[TextEngine, ...]:
    """Return those of the engines that criteria of the cards ask, in the order of their kinds."""
    kinds = frozenset[str]().union(*(asked_kinds(card) for card in cards))
    return tuple(engine for kind in ASKED if kind in kinds for engine in engines if engine.kind == kind)


def _at_hand(engine: TextEngine) -> Any:
    """Return the engine; what kept it from loading is raised at once from then on, and not found anew per contact."""
    if engine in _absent:
        raise _absent[engine].with_traceback(None)
    try:
        return load_once(engine)
    except CallqaError as error:
        _absent[engine] = error
        raise


@cache
def load_once(engine: TextEngine) -> Any:
    """Return the engine, which each process loads once."""
    return load_engine(engine.kind, engine.name, **dict(engine.options))
