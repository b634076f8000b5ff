"""Mapping files: what the columns of somebody's table of reviews mean, where the headers do not say it.

::

    schema: 1
    columns:
      Rec No: contact
      Mark: points
      Score: ignore
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from qa_pipeline.errors import N_, MappingError
from qa_pipeline.intake.tables import match_headers
from qa_pipeline.resources import Document, read_yaml
from qa_pipeline.resources.schema import RuleModel, located, parse_document
from qa_pipeline.services.reviews.words import column_names

_IGNORE = "ignore"


class _File(RuleModel):
    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    columns: dict[str, str]


def find_columns(headers: Sequence[str], file: str, mapping: Path | None) -> dict[str, str]:
    """Return the header of each field of a table of reviews, by the mapping file first.

    Raises
    ------
    MappingError
        The mapping file is wrong or does not fit the table, or two columns mean the same.
    """
    if mapping is None:
        return match_headers(headers, column_names(), file=file)
    document = read_yaml(mapping, MappingError)
    said = parse_document(document, _File, MappingError).columns
    fields: dict[str, str] = {}
    for header, field in said.items():
        _check(document, header, field, headers, fields)
        if field != _IGNORE:
            fields[field] = header
    # What the file names is not looked for any more, and what it says of a header counts.
    left: Mapping[str, Sequence[str]] = {name: words for name, words in column_names().items() if name not in fields}
    return match_headers([header for header in headers if header not in said], left, file=file) | fields


def _check(document: Document, header: str, field: str, headers: Sequence[str], fields: Mapping[str, str]) -> None:
    keys = ("columns", header)
    if header not in headers:
        raise located(
            document,
            MappingError,
            keys,
            N_("The table has no column {column}."),
            hint=N_("Its columns are: {known}."),
            column=header,
            known=", ".join(headers),
        )
    if field != _IGNORE and field not in column_names():
        raise located(
            document,
            MappingError,
            keys,
            N_("There is no field {field_name}."),
            hint=N_("Fields are: {known}."),
            field_name=field,
            known=", ".join(column_names()),
        )
    if field in fields:
        raise located(
            document,
            MappingError,
            keys,
            N_("Two columns fit the field {name}: {columns}."),
            hint=N_("Rename or remove all but one of them."),
            name=field,
            columns=f"{fields[field]}, {header}",
        )
