"""How far raters agree on each criterion: machine with people and people among themselves, from a table of ratings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qa_pipeline.appraisal.criterion_agreement import OUTCOME_VALUES, CriterionAgreement, Rated, measure_criterion
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import Row, Table, parse_number, read_table
from qa_pipeline.services.validate.labelled_rows import missing_columns, unknown_label, usable_rows

COLUMNS = ("contact", "criterion", "rater", "outcome")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementReport:
    """All criteria of a table, and the rows that could not be used."""

    n: int
    criteria: tuple[CriterionAgreement, ...]
    left_out: tuple[RowError, ...]


def validate_agreement(path: Path) -> AgreementReport:
    """Measure the agreement on every criterion of a table.

    Parameters
    ----------
    path : Path
        Columns ``contact``, ``criterion``, ``rater`` ("machine", or a person's id) and ``outcome`` (met, partly_met,
        not_met, not_applicable, undetermined, or a number on an ordered scale such as 1 to 5). One row per rating.

    Raises
    ------
    TableError
        When columns are missing, no row can be used, or nobody rated what another one rated.
    """
    table = read_table(path)
    headers = table.columns
    if not set(COLUMNS) <= headers.keys():
        raise missing_columns(table, ", ".join(COLUMNS))
    seen: dict[tuple[str, str, str], int] = {}
    ratings, left_out = usable_rows(table, lambda row: _read(table, row, headers, seen), None)
    by_criterion: dict[str, list[Rated]] = defaultdict(list)
    for criterion, rating in ratings:
        by_criterion[criterion].append(rating)
    criteria = tuple(measure_criterion(name, by_criterion[name]) for name in by_criterion)
    if not any(each.people or each.machine for each in criteria):
        raise TableError(
            N_("No contact in the table was rated by two raters on the same criterion."),
            hint=N_("Give one row per rating, with the same contact and criterion for both raters."),
            file=str(path),
        )
    return AgreementReport(n=len(ratings), criteria=criteria, left_out=tuple(left_out))


def _read(
    table: Table, row: Row, headers: Mapping[str, str], seen: dict[tuple[str, str, str], int]
) -> tuple[str, Rated]:
    contact, criterion, rater = (row.values[headers[name]].strip() for name in COLUMNS[:3])
    for name, value in zip(COLUMNS, (contact, criterion, rater), strict=False):
        if not value:
            raise RowError(N_("A value is missing."), file=str(table.path), row=row.number, field=headers[name])
    key = (contact, criterion, rater)
    if key in seen:
        raise RowError(
            N_("This rater rated the contact on this criterion already, in row {first}."),
            hint=N_("Keep one of the rows."),
            file=str(table.path),
            row=row.number,
            field=headers["rater"],
            first=seen[key],
        )
    rating = Rated(contact=contact, rater=rater, value=_value(table, row, headers["outcome"]))
    seen[key] = row.number
    return criterion, rating


def _value(table: Table, row: Row, column: str) -> float | None:
    written = row.values[column].strip().casefold()
    if written in set(Outcome):
        return OUTCOME_VALUES.get(Outcome(written))
    try:
        return parse_number(row.values[column], table.place(row, column))
    except RowError as problem:
        raise unknown_label(table, row, column, ", ".join(Outcome)) from problem
