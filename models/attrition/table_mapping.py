"""What the columns of a table of staff mean for the risk model, as a YAML file says it.

::

    schema: 1
    title: {zh: …, en: …}
    kind: panel
    person: [id]
    month: month
    left: {column: last_day, filled: true}
    features:
      log_tenure: {from: tenure, make: log, group: tenure}

A panel has a row per person and month, a cross-section one per person, a survival table one per person with the months
until leaving. Protected columns serve to compare groups and are never inputs; what is forbidden by name is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import N_, MappingError
from qa_pipeline.resources import Document, read_yaml
from qa_pipeline.resources.schema import RuleModel, Words, located, parse_document

FOLDER = Path(__file__).parent / "mappings"
_FORBIDDEN = Path(__file__).parent / "forbidden_inputs.yaml"
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


class Kind(StrEnum):
    """What a row of the table is."""

    PANEL = "panel"
    CROSS_SECTION = "cross-section"
    SURVIVAL = "survival"


class Make(StrEnum):
    """How a feature is made of its column."""

    NUMBER = "number"
    CATEGORY = "category"
    EQUALS = "equals"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    LOG = "log"
    LOG_ABOVE_GROUP = "log_above_group"  # the logarithm minus its mean among rows with the same value of another column
    BOTH = "both"  # the product of two features
    PLACE = "place"  # percentile within the month; with a window, its mean over the months
    SLOPE = "slope"  # of the place over the window, per month
    DEVIATION = "deviation"  # of the place from its mean over the window
    LOG_MEAN_SO_FAR = "log_mean_so_far"  # of the person's months until then
    STREAK = "streak"  # months in a row at most `limit`, at most `cap`


OVER_MONTHS = frozenset({Make.PLACE, Make.SLOPE, Make.DEVIATION, Make.LOG_MEAN_SO_FAR, Make.STREAK})
_NEEDS: Mapping[Make, tuple[str, ...]] = {
    Make.EQUALS: ("values",),
    Make.AT_MOST: ("limit",),
    Make.AT_LEAST: ("limit",),
    Make.LOG_ABOVE_GROUP: ("by",),
    Make.BOTH: ("of",),
    Make.SLOPE: ("window",),
    Make.DEVIATION: ("window",),
    Make.STREAK: ("limit", "cap"),
}


class Known(StrEnum):
    """When the value of a month is known; a snapshot uses no value that is known only later."""

    MONTH_END = "month_end"
    QUARTER_END = "quarter_end"
    NEXT_MONTH = "next_month"

    def month(self, of: int) -> int:
        """Return the month (counted from year 0) at whose end the value of the month ``of`` is known."""
        if self is Known.QUARTER_END:
            return of // 3 * 3 + 2
        return of + 1 if self is Known.NEXT_MONTH else of


class FeatureRule(RuleModel):
    """How one feature is made; ``group`` joins features in the reasons that people read."""

    column: str | None = None
    from_: Annotated[Literal["tenure"] | None, Field(alias="from")] = None
    make: Make = Make.NUMBER
    group: str
    values: tuple[str, ...] | None = None
    limit: float | None = None
    by: str | None = None
    of: Annotated[tuple[str, ...], Field(min_length=2, max_length=2)] | None = None
    window: Annotated[int, Field(ge=2, le=24)] | None = None
    cap: Annotated[int, Field(ge=1, le=24)] | None = None
    known: Known = Known.MONTH_END


class _Left(RuleModel):
    column: str
    filled: bool = False
    values: tuple[str, ...] = ()


class _Reason(RuleModel):
    column: str
    voluntary: Annotated[tuple[str, ...], Field(min_length=1)]


class _HiredOn(RuleModel):
    column: str
    order: Literal["day-first", "month-first", "year-first", "mixed"] = "year-first"


class _File(RuleModel):
    schema_: Annotated[Literal[1], Field(alias="schema")]
    title: Words
    kind: Kind
    encoding: str | None = None
    person: Annotated[tuple[str, ...], Field(min_length=1)]
    month: str | None = None
    left: _Left
    reason: _Reason | None = None
    hired_on: _HiredOn | None = None
    duration_months: str | None = None
    horizon_months: Annotated[int, Field(ge=1, le=60)] = 12
    protected: tuple[str, ...] = ()
    features: Annotated[dict[str, FeatureRule], Field(min_length=1)]


class _Class(RuleModel):
    name: Words
    words: Annotated[tuple[str, ...], Field(min_length=1)]


class _Forbidden(RuleModel):
    schema_: Annotated[Literal[1], Field(alias="schema")]
    classes: dict[str, _Class]


@dataclass(frozen=True, slots=True)
class TableMapping:
    """A mapping that was read and checked. ``voluntary``: the column of the reason and its values that count."""

    document: Document
    title: Text
    kind: Kind
    encoding: str | None
    person: tuple[str, ...]
    month: str | None
    left_column: str
    left_values: tuple[str, ...]
    voluntary: tuple[str, tuple[str, ...]] | None
    hired_on: tuple[str, tuple[bool | None, ...]] | None
    duration_months: str | None
    horizon_months: int
    protected: tuple[str, ...]
    features: Mapping[str, FeatureRule]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the table must have."""
        named = [*self.person, self.month, self.left_column, self.duration_months, *self.protected]
        named += [self.voluntary[0] if self.voluntary else None, self.hired_on[0] if self.hired_on else None]
        for rule in self.features.values():
            named += [rule.column, rule.by]
        return tuple(dict.fromkeys(name for name in named if name is not None))

    def check_headers(self, headers: Collection[str], file: str) -> None:
        """Raise MappingError for the first column that the table does not have."""
        for column in self.columns:
            if column not in headers:
                raise MappingError(
                    N_("The table has no column {column}."),
                    hint=N_("Its columns are: {known}."),
                    file=file,
                    field=column,
                    column=column,
                    known=", ".join(headers),
                )


def get_table_mapping(name: str) -> TableMapping:
    """Return a mapping that ships, by name, or else the one in the file of that path; raises MappingError."""
    shipped = FOLDER / f"{name}.yaml"
    if re.fullmatch(r"[a-z0-9-]+", name) and shipped.is_file():
        return read_table_mapping(shipped)
    path = Path(name)
    if not path.exists():
        raise MappingError(
            N_("There is no mapping of that name, and no such file: {name}."),
            hint=N_("These ship: {known}."),
            name=name,
            known=", ".join(sorted(each.stem for each in FOLDER.glob("*.yaml"))),
        )
    return read_table_mapping(path)


def read_table_mapping(path: Path) -> TableMapping:
    """Read a mapping file; raises MappingError with file, line and key."""
    document = read_yaml(path, MappingError)
    parsed = parse_document(document, _File, MappingError)
    _check_kind(document, parsed)
    for name, rule in parsed.features.items():
        _check_feature(document, parsed, name, rule)
    return TableMapping(
        document=document,
        title=parsed.title.text,
        kind=parsed.kind,
        encoding=parsed.encoding,
        person=parsed.person,
        month=parsed.month,
        left_column=parsed.left.column,
        left_values=() if parsed.left.filled else parsed.left.values,
        voluntary=(parsed.reason.column, parsed.reason.voluntary) if parsed.reason else None,
        hired_on=(parsed.hired_on.column, _ORDERS[parsed.hired_on.order]) if parsed.hired_on else None,
        duration_months=parsed.duration_months,
        horizon_months=parsed.horizon_months,
        protected=parsed.protected,
        features=parsed.features,
    )


_ORDERS: Mapping[str, tuple[bool | None, ...]] = {
    "day-first": (True,),
    "month-first": (False,),
    "year-first": (None,),
    "mixed": (True, False),
}


def find_forbidden(name: str) -> Text | None:
    """Return the class of forbidden inputs that a name falls in, None when it may be used."""
    folded = {word.casefold() for word in _WORD.findall(name)}
    for words, said in _forbidden():
        if folded & words or any(word in name for word in words if not word.isascii()):
            return said
    return None


@cache
def _forbidden() -> Sequence[tuple[frozenset[str], Text]]:
    document = parse_document(read_yaml(_FORBIDDEN, MappingError), _Forbidden, MappingError)
    return [(frozenset(each.words), each.name.text) for each in document.classes.values()]


def _check_kind(document: Document, parsed: _File) -> None:
    needed = {Kind.PANEL: "month", Kind.SURVIVAL: "duration_months"}.get(parsed.kind)
    if needed is not None and getattr(parsed, needed) is None:
        raise located(document, MappingError, (needed,), N_("A table of this kind needs {key}."), key=needed)
    if parsed.left.filled == bool(parsed.left.values):
        raise located(
            document,
            MappingError,
            ("left",),
            N_("Say either that the column is filled for those who left, or by which values it tells."),
            hint=N_("Write `filled: true` or `values: [...]`."),
        )


def _check_feature(document: Document, parsed: _File, name: str, rule: FeatureRule) -> None:
    def refuse(message: str, hint: str = "", **params: Any) -> MappingError:
        return located(document, MappingError, ("features", name), message, hint=hint, **params)

    sources = [rule.column, rule.from_, rule.of]
    if sum(source is not None for source in sources) != 1:
        raise refuse(N_("Name one source of the feature {name}: a column, tenure or two features."), name=name)
    _check_allowed(refuse, name, rule, parsed.protected)
    for needed in _NEEDS.get(rule.make, ()):
        if getattr(rule, needed) is None:
            raise refuse(N_("The feature {name} needs {key}."), name=name, key=needed)
    if parsed.kind is not Kind.PANEL and (rule.make in OVER_MONTHS or rule.from_ is not None):
        raise refuse(N_("The feature {name} needs a row for each month."), name=name)
    if rule.from_ is not None and parsed.hired_on is None:
        raise refuse(N_("Tenure needs the day of hire: name its column under hired_on."))
    for other in rule.of or ():
        if other not in parsed.features or other == name:
            raise refuse(N_("There is no feature {name}."), name=other)


def _check_allowed(
    refuse: Callable[..., MappingError], name: str, rule: FeatureRule, protected: Collection[str]
) -> None:
    for used in (name, rule.column, rule.by):
        found = find_forbidden(used) if used else None
        if found is not None:
            raise refuse(
                N_("{used} may not be an input of the risk model ({reason})."),
                hint=N_("Take it out of the features. To compare groups, list the column under protected."),
                used=used,
                reason=found,
            )
        if used in protected:
            raise refuse(N_("{column} is protected, so it may not be an input."), column=used)
