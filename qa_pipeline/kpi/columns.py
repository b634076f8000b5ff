"""What the columns of a KPI table are called, in data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from qa_pipeline.errors import TemplateError
from qa_pipeline.resources import read_yaml

WORDS = Path(__file__).parent / "columns.yaml"

Aliases = Mapping[str, Sequence[str]]
ColumnUnit = Literal["percent", "ratio", "s", "min", "h"]

_UNITS: tuple[ColumnUnit, ...] = ("percent", "ratio", "s", "min", "h")
_KINDS: tuple[Literal["n", "sd"], ...] = ("n", "sd")
_BRACKETED = re.compile(r"[(\[（【]([^()\[\]（）【】]*)[)\]）】]")


def aliases_of(*groups: str) -> Aliases:
    """Return what people write above the columns of these groups of fields, by field."""
    return {field: names for group in groups for field, names in _words()[group].items()}


def find_unit(text: str) -> ColumnUnit | None:
    """Return the unit that a word, or the brackets or end of a header, names: ``AHT (min)``, ``满意度（%）``."""
    folded = _fold(text)
    candidates = [*_BRACKETED.findall(folded), folded]
    for unit in _UNITS:
        for name in _words()["units"][unit]:
            if name in candidates or (not name.isalnum() and folded.endswith(name)):
                return unit
    return None


def split_suffix(header: str) -> tuple[str, Literal["n", "sd"]] | None:
    """Return the indicator part and the kind of a column such as ``CSAT n``, ``csat_count`` or ``满意度样本量``."""
    folded = _fold(header)
    for kind in _KINDS:
        for name in _words()["suffixes"][kind]:
            gap = r"[\s_\-]+" if name.isascii() else r"[\s_\-]*"
            found = re.fullmatch(rf"(.+?)(?:{gap}{name}|\s*[(（]\s*{name}\s*[)）])", folded)
            if found:
                return found.group(1), kind
    return None


def find_flag(text: str) -> bool | None:
    """Return what a word of yes or no means; None for any other."""
    folded = _fold(text)
    return next((kind == "yes" for kind, names in _words()["flags"].items() if folded in names), None)


def find_state(text: str, kind: str) -> str | None:
    """Return the state that a word means among those of a kind ("ticket", "order", "shift"); None for any other."""
    folded = _fold(text)
    names = _words()["states"].items()
    return next((name for name, words in names if name.startswith(f"{kind}_") and folded in words), None)


def find_rating(text: str) -> float | None:
    """Return the place of an answer in words on its scale, from 0 (worst) to 1; None for any other word."""
    folded = _fold(text)
    levels = list(_words()["ratings"].values())
    return next((place / (len(levels) - 1) for place, words in enumerate(levels) if folded in words), None)


def is_fault(category: str) -> bool:
    """Whether the category of a ticket is a fault."""
    folded = _fold(category)
    return any(word in folded for word in _words()["faults"]["words"])


def is_total(agent: str) -> bool:
    """Whether the cell of the agent names a row of totals, such as ``合计``."""
    return _fold(agent) in _words()["totals"]["words"]


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


@cache
def _words() -> Mapping[str, Mapping[str, Sequence[str]]]:
    found: Mapping[str, Mapping[str, Sequence[str]]] = read_yaml(WORDS, TemplateError).data
    return found
