"""What the pages of scorecards and templates share: changes by what they concern, lines of texts, the next version."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qa_pipeline.errors import N_
from qa_pipeline.report.labels import MEASURES, ROLES, Translate, label, measure_text
from qa_pipeline.services.rule_files import RuleChange

_ENTRY = re.compile(r"(?:criteria|items)\[([^\]]+)\]\.?")
_VERSION = re.compile(r"^version:[ \t]*\d+", re.MULTILINE)
_MARKS = {" ": "", "+": "is-added", "-": "is-removed", "@": "is-place"}

DETECTORS = {
    "phrase": N_("Wordings"),
    "similar": N_("Likeness to examples"),
    "pattern": N_("Patterns of text"),
    "move": N_("A step of the conversation"),
    "order": N_("Steps in order"),
    "flow": N_("Checks in order"),
    "near": N_("A check near a cue"),
    "time_limit": N_("Said in time"),
    "repeat": N_("Repetition"),
    "entity": N_("Details given"),
    "contact": N_("Facts of the contact"),
    "measure": N_("A measurement"),
    "sentiment": N_("The customer's sentiment"),
    "attitude": N_("The agent's attitude"),
    "abuse": N_("Hints of abuse"),
    "statement": N_("A question to the judging model"),
    "any": N_("One of these checks is met"),
    "all": N_("All of these checks are met"),
    "not": N_("This check is not met"),
    "agree": N_("These checks agree"),
}
PARAMETERS = {
    "any": N_("one of these"),
    "all": N_("all of these"),
    "none": N_("none of these"),
    "unless": N_("does not count beside"),
    "role": N_("said by"),
    "within_s": N_("within seconds"),
    "within_utterances": N_("within the first utterances"),
    "in_last_utterances": N_("in the last utterances"),
    "min_hits": N_("at least so often"),
    "partly_hits": N_("partly met from"),
    "partly_outside": N_("elsewhere counts as partly met"),
    "min_groups": N_("so many groups"),
    "tolerant": N_("forgives misheard words"),
    "measure": N_("measured"),
    "met": N_("met when"),
    "partly": N_("partly met when"),
    "third": N_("third of the contact"),
    "at": N_("at"),
    "at_least": N_("at least"),
    "at_most": N_("at most"),
    "dimension": N_("dimension"),
    "examples": N_("examples"),
    "statement": N_("statement"),
    "steps": N_("steps"),
    "cue": N_("cue"),
    "after": N_("after"),
    "before": N_("before"),
    "move": N_("step"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedEntry:
    """The changes of one criterion or indicator, or of the whole where ``id`` is None; ``how`` is a msgid."""

    id: str | None
    how: str
    changes: Sequence[RuleChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """A line of two texts beside each other; ``mark`` is a class."""

    text: str
    mark: str


def changed_entries(changes: Sequence[RuleChange]) -> Sequence[ChangedEntry]:
    """Return changes by the criterion or indicator that they concern, first those of the whole."""
    found: dict[str | None, list[RuleChange]] = {}
    for change in changes:
        entry = _ENTRY.search(change.path)
        path = change.path[entry.end() :] if entry else change.path
        shown = RuleChange(path=path, before=change.before, after=change.after)
        found.setdefault(entry[1] if entry else None, []).append(shown)
    ordered = sorted(found.items(), key=lambda pair: pair[0] is not None)
    return [ChangedEntry(id=name, how=_how(name, rows), changes=rows) for name, rows in ordered]


def _how(name: str | None, rows: Sequence[RuleChange]) -> str:
    if name is not None and any(row.path in ("id", "indicator") for row in rows):
        row = next(row for row in rows if row.path in ("id", "indicator"))
        return N_("added") if row.before is None else N_("removed")
    return N_("changed")


def diff_lines(before: str, after: str) -> Sequence[DiffLine]:
    """Return what differs between two texts, with three lines around it."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3))[2:]
    return [DiffLine(text=line, mark=_MARKS.get(line[:1], "")) for line in lines]


def next_text(text: str, version: int) -> str:
    """Return a rule file as the draft of another version."""
    return _VERSION.sub(f"version: {version}", text, count=1)


def detector_word(name: str, translate: Translate) -> str:
    """Return the words for a detector, its id where it has none."""
    return label(DETECTORS, name, translate) if name in DETECTORS else name


def parameter_word(name: str, translate: Translate) -> str:
    """Return the words for a parameter of a check, its id where it has none."""
    return label(PARAMETERS, name, translate) if name in PARAMETERS else name


def value_words(name: str, value: Any, params: Mapping[str, Any], translate: Translate) -> str:
    """Return a plain value of a check as people read it; `params`: those beside it."""
    if isinstance(value, bool):
        return translate(N_("yes")) if value else translate(N_("no"))
    if name == "role" and value in ROLES:
        return label(ROLES, value, translate)
    if name == "measure" and value in MEASURES:
        return label(MEASURES, value, translate)
    measure = params.get("measure")
    if isinstance(value, float) and measure in MEASURES:
        return measure_text(measure, value, translate)
    return f"{value:g}" if isinstance(value, float) else str(value)
