"""What ``scorecards lint`` says: one remark with its place, how grave it is and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from qa_pipeline.domain.scorecard import Check, Criterion, Scorecard
from qa_pipeline.errors import ScorecardError
from qa_pipeline.resources import Document
from qa_pipeline.scorecards.problems import Keys, render_keys


class Severity(StrEnum):
    """How grave a remark is: an error can never judge rightly, a warning probably does not, a note is to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One remark; ``rule`` is its id, ``problem`` carries message, hint, file, line and key."""

    severity: Severity
    rule: str
    problem: ScorecardError


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A check that looks at the contact itself, with its place in the file.

    ``is_condition``: it stands under ``applies_when``. ``negated``: an odd number of ``not`` stands around it.
    """

    criterion: Criterion
    check: Check
    keys: Keys
    is_condition: bool
    negated: bool


class CardSource:
    """A scorecard with its file, for remarks that name the line."""

    def __init__(self, card: Scorecard, document: Document) -> None:
        self.card = card
        self.document = document
        self.criterion_keys: Mapping[str, Keys] = {
            criterion.id: ("sections", place, "criteria", index)
            for place, section in enumerate(card.sections)
            for index, criterion in enumerate(section.criteria)
        }
        self.leaves = tuple(self._leaves())

    @property
    def path(self) -> Path:
        """The file of the card."""
        return self.document.path

    def raw(self, keys: Sequence[str | int]) -> Any:
        """Return what stands in the file under `keys`, None where nothing does."""
        value = self.document.data
        for key in keys:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def remark(
        self, severity: Severity, rule: str, keys: Sequence[str | int], message: str, hint: str, **params: object
    ) -> Remark:
        """Return a remark on the value under `keys`."""
        problem = ScorecardError(
            message,
            hint=hint,
            file=str(self.path),
            row=self.document.line_of(keys),
            field=render_keys(keys),
            **params,
        )
        return Remark(severity=severity, rule=rule, problem=problem)

    def _leaves(self) -> Iterator[Leaf]:
        for criterion in self.card.criteria:
            keys = self.criterion_keys[criterion.id]
            for name, check in (("check", criterion.check), ("applies_when", criterion.applies_when)):
                for leaf, place, negated in _inside(check, (*keys, name)) if check else ():
                    yield Leaf(
                        criterion=criterion,
                        check=leaf,
                        keys=place,
                        is_condition=name == "applies_when",
                        negated=negated,
                    )


def _inside(check: Check, keys: Keys, negated: bool = False) -> Iterator[tuple[Check, Keys, bool]]:
    """Yield the checks that a combination puts together; what others have inside belongs to them."""
    if check.detector == "not":
        yield from _inside(_check_of(check.params["check"]), (*keys, "check"), not negated)
    elif check.detector in ("any", "all", "agree"):
        for place, part in enumerate(check.params["checks"]):
            yield from _inside(_check_of(part), (*keys, "checks", place), negated)
    else:
        yield check, keys, negated


def _check_of(raw: Mapping[str, Any]) -> Check:
    return Check(detector=raw["detector"], params={key: value for key, value in raw.items() if key != "detector"})
