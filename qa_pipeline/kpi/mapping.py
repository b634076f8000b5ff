"""Mapping files: what the columns of somebody's export mean, where the headers do not say it.

::

    schema: 1
    columns:
      Resolved: {indicator: first_contact_resolution}
      AvgTalkDuration: {field: talk, unit: s}
      Satisfaction rating: {field: rating, scale: 1-5}
      Remarks: ignore

``form`` says what a row is, ``time_zone`` in which zone its times are, ``optional: true`` that a table may lack some of
the columns. ``title`` names a mapping that ships.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, model_validator

from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import N_, MappingError
from qa_pipeline.kpi.columns import ColumnUnit, aliases_of
from qa_pipeline.kpi.forms import Form, form_words
from qa_pipeline.resources import SHIPPED, Document, read_yaml
from qa_pipeline.resources.schema import RuleModel, located, parse_document

FOLDER = SHIPPED / "mappings"
_SCALE = re.compile(r"(\d+)\s*-\s*(\d+)")
_POINTS = re.compile(r"(\d+)\s*(?:分制|分|point scale|points?)")


class _Column(RuleModel):
    word: str | None = None
    field: str | None = None
    indicator: str | None = None
    unit: ColumnUnit | None = None
    scale: str | None = None
    weight: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        """Take a single word (a field, an indicator or ignore) for a column."""
        return {"word": value} if isinstance(value, str) else value


class _Words(RuleModel):
    zh: str
    en: str


class _File(RuleModel):
    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    title: _Words | None = None
    form: Form | None = None
    time_zone: str | None = None
    optional: bool = False
    columns: dict[str, _Column]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnUse:
    """What one column is: a field of the table, or an indicator; with its unit and, for ratings, scale and weight."""

    field: str | None = None
    indicator: str | None = None
    unit: ColumnUnit | None = None
    scale: tuple[float, float] | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class KpiMapping:
    """Uses by header. A header whose use is None is left out.

    ``form``: what a row is, None when the columns say it; ``zone``: of times without one, None for the site's.
    """

    document: Document
    uses: Mapping[str, ColumnUse | None]
    title: Text | None = None
    form: Form | None = None
    zone: ZoneInfo | None = None
    optional: bool = False

    def check_headers(self, headers: Collection[str]) -> None:
        """Refuse a mapping of columns that the table does not have; raises MappingError with the line.

        Of optional columns one must be there.
        """
        if self.optional and any(header in headers for header in self.uses):
            return
        for header in self.uses:
            if header not in headers:
                raise located(
                    self.document,
                    MappingError,
                    ("columns", header),
                    N_("The table has no column {column}."),
                    hint=N_("Its columns are: {known}."),
                    column=header,
                    known=", ".join(headers),
                )


def read_mapping(path: Path, indicators: Collection[str]) -> KpiMapping:
    """Read a mapping file.

    Raises
    ------
    MappingError
        With file, line and key: the schema is broken, or a field, indicator or scale is unknown.
    """
    document = read_yaml(path, MappingError)
    parsed = parse_document(document, _File, MappingError)
    uses = {header: _use(document, header, column, indicators) for header, column in parsed.columns.items()}
    return KpiMapping(
        document,
        uses,
        title=Text(zh=parsed.title.zh, en=parsed.title.en) if parsed.title else None,
        form=parsed.form,
        zone=_zone(document, parsed.time_zone),
        optional=parsed.optional,
    )


def get_mapping(name: str, indicators: Collection[str]) -> KpiMapping:
    """Return a mapping that ships, by name, or else the one in the file of that path; raises MappingError."""
    shipped = FOLDER / f"{name}.yaml"
    if re.fullmatch(r"[a-z0-9-]+", name) and shipped.is_file():
        return read_mapping(shipped, indicators)
    path = Path(name)
    if not path.exists():
        raise MappingError(
            N_("There is no mapping of that name, and no such file: {name}."),
            hint=N_("`callqa kpi mappings` lists those that ship."),
            name=name,
        )
    return read_mapping(path, indicators)


def list_mappings(indicators: Collection[str]) -> Mapping[str, KpiMapping]:
    """Return the mappings that ship, by name."""
    return {path.stem: read_mapping(path, indicators) for path in sorted(FOLDER.glob("*.yaml"))}


def find_scale(text: str) -> tuple[float, float] | None:
    """Return lowest and highest rating of a scale: ``1-10``, ``0-10``, ``5分制``; None for any other text."""
    found = _SCALE.fullmatch(text.strip())
    if found and int(found.group(1)) < int(found.group(2)):
        return float(found.group(1)), float(found.group(2))
    points = _POINTS.fullmatch(text.strip())
    return (1.0, float(points.group(1))) if points and int(points.group(1)) > 1 else None


def _zone(document: Document, name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise located(
            document,
            MappingError,
            ("time_zone",),
            N_("{zone} is no time zone."),
            hint=N_("Write it as Asia/Shanghai or UTC."),
            zone=name,
        ) from problem


def _use(document: Document, header: str, column: _Column, indicators: Collection[str]) -> ColumnUse | None:
    keys = ("columns", header)
    if column.word == "ignore":
        return None
    fields = {
        *aliases_of("subject", "period", "long"),
        *(name for words in form_words().values() for name in words.fields),
    }
    if column.word is not None:
        column = _Column(field=column.word) if column.word in fields else _Column(indicator=column.word)
    if (column.field is None) == (column.indicator is None):
        raise located(
            document, MappingError, keys, N_("Name either a field or an indicator for {column}."), column=header
        )
    if column.field is not None and column.field not in fields:
        raise located(
            document,
            MappingError,
            keys,
            N_("There is no field {field_name}."),
            hint=N_("Fields are: {known}."),
            field_name=column.field,
            known=", ".join(fields),
        )
    if column.indicator is not None and column.indicator not in indicators:
        raise located(
            document,
            MappingError,
            keys,
            N_("There is no indicator with the id {id}."),
            hint=N_("`callqa kpi catalogue` lists them all."),
            id=column.indicator,
        )
    return ColumnUse(
        field=column.field,
        indicator=column.indicator,
        unit=column.unit,
        scale=_scale(document, keys, column.scale),
        weight=column.weight,
    )


def _scale(document: Document, keys: tuple[str, str], text: str | None) -> tuple[float, float] | None:
    found = find_scale(text) if text is not None else None
    if text is not None and found is None:
        raise located(
            document,
            MappingError,
            (*keys, "scale"),
            N_("{scale} is no scale."),
            hint=N_("Write it as 1-5 or 1-10."),
            scale=text,
        )
    return found
