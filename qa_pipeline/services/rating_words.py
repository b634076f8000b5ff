"""What people call the columns of tables of ratings, incidents and objectives, and the words in their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from qa_pipeline.appraisal.observed import RATING
from qa_pipeline.domain.cycle import IncidentKind
from qa_pipeline.domain.performance import KpiDefinition, RaterClass
from qa_pipeline.intake.tables import normalise_header
from qa_pipeline.kpi.catalogue import list_indicators
from qa_pipeline.resources import SHIPPED, read_yaml

Words = Mapping[str, Mapping[str, Sequence[str]]]


def columns(table: str) -> Words:
    """Return the names of the columns of "ratings", "incidents" or "objectives", by field and language."""
    found: Words = _words()[table]
    return found


def class_words() -> Mapping[RaterClass, Mapping[str, Sequence[str]]]:
    """Return the words for each class of raters."""
    return {RaterClass(code): names for code, names in _words()["classes"].items()}


def kind_words() -> Mapping[IncidentKind, Mapping[str, Sequence[str]]]:
    """Return the words for good and bad incidents."""
    return {IncidentKind(code): names for code, names in _words()["kinds"].items()}


def title(field: str, language: str) -> str:
    """Return what callqa writes above a column of a form for raters."""
    side = "zh" if language.startswith("zh") else "en"
    if field in _words()["shown"]:
        return str(_words()["shown"][field][side])
    return str(_words()["ratings"][field][side][0])


def find_rated(text: str) -> KpiDefinition | None:
    """Return the rated indicator with this id, name or alias; None for any other text."""
    folded = normalise_header(text)
    for found in list_indicators():
        names = (found.id, found.name.zh, found.name.en, *found.aliases)
        if found.source == RATING and folded in map(normalise_header, names):
            return found
    return None


def known_rated() -> str:
    """Return the ids of the rated indicators, for a hint."""
    return ", ".join(found.id for found in list_indicators() if found.source == RATING)


@cache
def _words() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_yaml(SHIPPED / "lexicons" / "ratings.yaml").data
    return found
