"""Mapping files: what the columns of somebody's export mean, where the headers do not say it.

::

    schema: 1
    columns:
      Resolved: {indicator: first_contact_resolution}
      AvgTalkDuration: {field: talk, unit: s}
      Satisfaction rating: {field: rating, scale: 1-5}
      Remarks: ignore
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from qa_pipeline.errors import N_, MappingError
from qa_pipeline.kpi.columns import ColumnUnit, aliases_of
from qa_pipeline.resources import Document, read_yaml
from qa_pipeline.resources.schema import RuleModel, located, parse_document

_SCALE = re.compile(r"(\d+)\s*-\s*(\d+)")
DEFAULT_SCALE = (1.0, 5.0)


class _Column(RuleModel):
    word: str | None = None
    field: str | None = None
    indicator: str | None = None
    unit: ColumnUnit | None = None
    scale: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        """Take a single word (a field, an indicator or ignore) for a column."""
        return {"word": value} if isinstance(value, str) else value


class _File(RuleModel):
    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    columns: dict[str, _Column]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnUse:
    """What one column is: a field of the table, or an indicator; with its unit and, for ratings, its scale."""

    field: str | None = None
    indicator: str | None = None
    unit: ColumnUnit | None = None
    scale: tuple[float, float] = DEFAULT_SCALE


@dataclass(frozen=True, slots=True)
class KpiMapping:
    """Uses by header. A header whose use is None is left out."""

    document: Document
    uses: Mapping[str, ColumnUse | None]

    def check_headers(self, headers: Collection[str]) -> None:
        """Refuse a mapping of columns that the table does not have; raises MappingError with the line."""
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
    return KpiMapping(document, uses)


def _use(document: Document, header: str, column: _Column, indicators: Collection[str]) -> ColumnUse | None:
    keys = ("columns", header)
    if column.word == "ignore":
        return None
    fields = aliases_of("subject", "period", "long", "calls")
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
        field=column.field, indicator=column.indicator, unit=column.unit, scale=_scale(document, keys, column.scale)
    )


def _scale(document: Document, keys: tuple[str, str], text: str | None) -> tuple[float, float]:
    if text is None:
        return DEFAULT_SCALE
    found = _SCALE.fullmatch(text.strip())
    if found is None or int(found.group(1)) >= int(found.group(2)):
        raise located(
            document,
            MappingError,
            (*keys, "scale"),
            N_("{scale} is no scale."),
            hint=N_("Write it as 1-5 or 1-10."),
            scale=text,
        )
    return float(found.group(1)), float(found.group(2))
