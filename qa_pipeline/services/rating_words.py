"""What people call the columns of tables of ratings, incidents and objectives, and the words in their cells."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from qa_pipeline.appraisal.observed import RATING
from qa_pipeline.domain.cycle import IncidentKind
from qa_pipeline.domain.performance import KpiDefinition, RaterClass
from qa_pipeline.intake.tables import normalise_header
from qa_pipeline.kpi.catalogue import list_indicators
from qa_pipeline.services.table_words import CodeWords, Names, first_name, read_words

STEPS = range(1, 6)  # of the scale of rated indicators


def columns(table: str) -> Mapping[str, Names]:
    """Return the names of the columns of "ratings", "incidents" or "objectives", by field."""
    found: Mapping[str, Names] = read_words("ratings")[table]
    return found


@cache
def class_words() -> CodeWords[RaterClass]:
    """Return the words for each class of raters."""
    return CodeWords({RaterClass(code): names for code, names in read_words("ratings")["classes"].items()})


@cache
def kind_words() -> CodeWords[IncidentKind]:
    """Return the words for good and bad incidents."""
    return CodeWords({IncidentKind(code): names for code, names in read_words("ratings")["kinds"].items()})


def title(field: str, language: str) -> str:
    """Return what callqa writes above a column of a form for raters."""
    return first_name({**columns("ratings"), **read_words("ratings")["shown"]}[field], language)


@cache
def shown_titles() -> frozenset[str]:
    """Return the headers of what a form only shows, in every language."""
    shown = read_words("ratings")["shown"].values()
    return frozenset(
        name.format(step=step) for names in shown for each in names.values() for name in each for step in STEPS
    )


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
