"""The indicator catalogue: every named measure as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from qa_pipeline.domain.performance import IndicatorDirection, KpiDefinition
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import N_, NotFound, TemplateError
from qa_pipeline.resources import SHIPPED, Document, read_yaml
from qa_pipeline.resources.schema import RuleModel, located, validate

FOLDER = SHIPPED / "indicators"

Unit = Literal["ratio", "s", "h", "min", "points", "count", "cny", "scale_1_5", "nps"]
ANCHOR_COUNT = 5
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Words(RuleModel):
    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class _Indicator(RuleModel):
    id: Identifier
    group: str
    name: _Words
    unit: Unit
    direction: IndicatorDirection
    formula: _Words | None = None
    accumulates: bool = False
    target: float | None = None
    target_low: float | None = None
    other_targets: tuple[float, ...] = ()
    floor: float | None = None
    floor_low: float | None = None
    stretch: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    aliases: tuple[str, ...] = ()
    opposing: tuple[str, ...] = ()
    also_rated: bool = False
    source: Literal["import", "inspection", "rating"] = "import"
    measure: Literal["script", "attitude", "passed", "points"] | None = None
    anchors: tuple[_Words, ...] = ()


class _File(RuleModel):
    schema_: Annotated[Literal[1], Field(alias="schema")]
    indicators: tuple[_Indicator, ...]


def list_indicators() -> Sequence[KpiDefinition]:
    """Return all indicators, in the order of the files."""
    return tuple(shipped().values())


def get_indicator(indicator_id: str) -> KpiDefinition:
    """Return one indicator; raises NotFound."""
    found = shipped().get(indicator_id)
    if found is None:
        raise NotFound(
            N_("There is no indicator with the id {id}."),
            hint=N_("`callqa kpi catalogue` lists them all."),
            id=indicator_id,
        )
    return found


@cache
def shipped() -> Mapping[str, KpiDefinition]:
    """Return the shipped catalogue by id."""
    return MappingProxyType(read_catalogue(sorted(FOLDER.glob("*.yaml"))))


def header_aliases(definitions: Iterable[KpiDefinition]) -> Mapping[str, Sequence[str]]:
    """Return what people write above the column of each indicator: its names in both languages and its aliases."""
    return {found.id: (found.name.zh, found.name.en, *found.aliases) for found in definitions}


def read_catalogue(paths: Iterable[Path]) -> dict[str, KpiDefinition]:
    """Read indicator files.

    Raises
    ------
    TemplateError
        Naming file, line and key: a file breaks the schema, an id or alias is used twice, a level lies outside
        minimum and maximum, a rated indicator lacks its anchors, or an opposing indicator does not exist.
    """
    definitions: dict[str, KpiDefinition] = {}
    owners: dict[str, str] = {}
    places: list[tuple[Document, int, _Indicator]] = []
    for path in paths:
        document = read_yaml(path, TemplateError)
        parsed, problems = validate(document, _File, TemplateError)
        if parsed is None:
            raise problems[0]
        for index, indicator in enumerate(parsed.indicators):
            _check_once(document, index, indicator, owners)
            _check_levels(document, index, indicator)
            _check_anchors(document, index, indicator)
            definitions[indicator.id] = _definition(indicator)
            places.append((document, index, indicator))
    for document, index, indicator in places:
        for opposing in indicator.opposing:
            if opposing not in definitions:
                raise located(
                    document,
                    TemplateError,
                    ("indicators", index, "opposing"),
                    N_("There is no indicator with the id {id}."),
                    id=opposing,
                )
    return definitions


def _definition(indicator: _Indicator) -> KpiDefinition:
    values = indicator.model_dump(exclude={"name", "formula", "anchors"})
    formula = indicator.formula
    return KpiDefinition(
        name=Text(zh=indicator.name.zh, en=indicator.name.en),
        formula=Text(zh=formula.zh, en=formula.en) if formula else None,
        anchors=tuple(Text(zh=anchor.zh, en=anchor.en) for anchor in indicator.anchors),
        **values,
    )


def _check_once(document: Document, index: int, indicator: _Indicator, owners: dict[str, str]) -> None:
    names = {name.casefold() for name in (indicator.id, indicator.name.zh, indicator.name.en, *indicator.aliases)}
    for name in sorted(names):
        if name in owners:
            raise located(
                document,
                TemplateError,
                ("indicators", index),
                N_("{name} already belongs to the indicator {owner}."),
                name=name,
                owner=owners[name],
            )
    owners.update(dict.fromkeys(names, indicator.id))


def _check_levels(document: Document, index: int, indicator: _Indicator) -> None:
    levels = (
        indicator.target,
        indicator.target_low,
        indicator.floor,
        indicator.floor_low,
        indicator.stretch,
        *indicator.other_targets,
    )
    low = float("-inf") if indicator.minimum is None else indicator.minimum
    high = float("inf") if indicator.maximum is None else indicator.maximum
    if any(level is not None and not low <= level <= high for level in levels):
        raise located(
            document,
            TemplateError,
            ("indicators", index),
            N_("A target, floor or stretch of {id} lies outside its minimum and maximum."),
            id=indicator.id,
        )
    if (indicator.source == "inspection") != (indicator.measure is not None):
        raise located(
            document,
            TemplateError,
            ("indicators", index, "source"),
            N_("An indicator from inspections needs a measure, and no other has one."),
        )


def _check_anchors(document: Document, index: int, indicator: _Indicator) -> None:
    is_rated = indicator.source == "rating"
    if len(indicator.anchors) != (ANCHOR_COUNT if is_rated else 0) or (is_rated and indicator.unit != "scale_1_5"):
        raise located(
            document,
            TemplateError,
            ("indicators", index, "anchors"),
            N_("A rated indicator has the unit scale_1_5 and an anchor for each of 1 to 5; no other has anchors."),
            hint=N_("Write for each step what can be seen when somebody deserves it."),
        )
