"""How far raters agree on each criterion: machine with people and people among themselves, from a table of ratings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from qa_pipeline.appraisal.agreement import Agreement, measure_agreement, quadratic_weights
from qa_pipeline.appraisal.inspected import MACHINE
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import Row, Table, parse_number, read_table
from qa_pipeline.services.validate.labelled_rows import missing_columns, unknown_label, usable_rows

COLUMNS = ("contact", "criterion", "rater", "outcome")
# A criterion scores by itself only when the machine agrees with people about as well as they do among themselves, seen
# on this many contacts that two people rated.
GATE_DOUBLES_MIN = 200
GATE_MARGIN = 0.05
_JUDGED = {Outcome.NOT_MET: 0.0, Outcome.PARTLY_MET: 0.5, Outcome.MET: 1.0}

Unit = Mapping[str, int]


class Gate(StrEnum):
    """Whether a criterion may be scored by the machine alone."""

    OPEN = "open"
    CLOSED = "closed"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionAgreement:
    """Agreement on one criterion; None where no contact was rated by two of that kind.

    ``abstained``: ratings not applicable or undetermined, which are left out.
    """

    criterion: str
    contacts: int
    people: Agreement | None
    machine: Agreement | None
    gate: Gate
    abstained: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementReport:
    """All criteria of a table, and the rows that could not be used."""

    n: int
    criteria: tuple[CriterionAgreement, ...]
    left_out: tuple[RowError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rating:
    contact: str
    criterion: str
    rater: str
    value: float | None


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
    by_criterion: dict[str, list[_Rating]] = defaultdict(list)
    for rating in ratings:
        by_criterion[rating.criterion].append(rating)
    criteria = tuple(_measure(name, by_criterion[name]) for name in by_criterion)
    if not any(each.people or each.machine for each in criteria):
        raise TableError(
            N_("No contact in the table was rated by two raters on the same criterion."),
            hint=N_("Give one row per rating, with the same contact and criterion for both raters."),
            file=str(path),
        )
    return AgreementReport(n=len(ratings), criteria=criteria, left_out=tuple(left_out))


def _read(table: Table, row: Row, headers: Mapping[str, str], seen: dict[tuple[str, str, str], int]) -> _Rating:
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
    rating = _Rating(contact=contact, criterion=criterion, rater=rater, value=_value(table, row, headers["outcome"]))
    seen[key] = row.number
    return rating


def _value(table: Table, row: Row, column: str) -> float | None:
    written = row.values[column].strip().casefold()
    if written in set(Outcome):
        return _JUDGED.get(Outcome(written))
    try:
        return parse_number(row.values[column], table.place(row, column))
    except RowError as problem:
        raise unknown_label(table, row, column, ", ".join(Outcome)) from problem


def _measure(criterion: str, ratings: Sequence[_Rating]) -> CriterionAgreement:
    scale = sorted({rating.value for rating in ratings if rating.value is not None})
    place = {value: number for number, value in enumerate(scale)}
    units: dict[str, dict[str, int]] = defaultdict(dict)
    for rating in ratings:
        if rating.value is not None:
            units[rating.contact][rating.rater] = place[rating.value]
    people = [{rater: code for rater, code in unit.items() if rater != MACHINE} for unit in units.values()]
    pairs = [pair for unit in units.values() for pair in _machine_pairs(unit)]
    by_people, by_machine = _agreement(people, scale), _agreement(pairs, scale)
    return CriterionAgreement(
        criterion=criterion,
        contacts=len({rating.contact for rating in ratings}),
        people=by_people,
        machine=by_machine,
        gate=_gate(by_people, by_machine),
        abstained=sum(rating.value is None for rating in ratings),
    )


def _machine_pairs(unit: Unit) -> list[Unit]:
    """Return the machine's rating beside that of one person, the first by name: one pair per contact."""
    person = min((rater for rater in unit if rater != MACHINE), default=None)
    return [{MACHINE: unit[MACHINE], person: unit[person]}] if person is not None and MACHINE in unit else []


def _agreement(units: Sequence[Unit], scale: Sequence[float]) -> Agreement | None:
    if len(scale) < 2 or not any(len(unit) >= 2 for unit in units):
        return None
    return measure_agreement([unit for unit in units if unit], quadratic_weights(scale))


def _gate(people: Agreement | None, machine: Agreement | None) -> Gate:
    if people is None or machine is None or min(people.units, machine.units) < GATE_DOUBLES_MIN:
        return Gate.TOO_FEW
    return Gate.OPEN if machine.kappa.value >= people.kappa.value - GATE_MARGIN else Gate.CLOSED
