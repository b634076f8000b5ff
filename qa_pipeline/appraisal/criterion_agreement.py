"""How far raters agree on one criterion, and whether the machine may score it alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from qa_pipeline.appraisal.agreement import Agreement, measure_agreement, quadratic_weights
from qa_pipeline.appraisal.inspected import MACHINE
from qa_pipeline.domain.inspection import Outcome

# A criterion scores by itself only when the machine agrees with people about as well as they do among themselves, seen
# on this many contacts that two people rated.
GATE_DOUBLES_MIN = 200
GATE_MARGIN = 0.05
OUTCOME_VALUES: Mapping[Outcome, float] = {Outcome.NOT_MET: 0.0, Outcome.PARTLY_MET: 0.5, Outcome.MET: 1.0}

Unit = Mapping[str, int]


class Gate(StrEnum):
    """Whether a criterion may be scored by the machine alone.

    ``UNDEFINED``: people gave one and the same outcome everywhere, so nothing tells whether the machine would notice
    another.
    """

    OPEN = "open"
    CLOSED = "closed"
    TOO_FEW = "too_few"
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """What one rater said on a criterion of one contact; ``value`` None for not applicable and undetermined."""

    contact: str
    rater: str
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionAgreement:
    """Agreement on one criterion; None where no contact was rated by two of that kind.

    ``abstained``: ratings not applicable or undetermined, which are left out. ``missing``: contacts that two people and
    the machine have still to rate before the gate can tell.
    """

    criterion: str
    contacts: int
    people: Agreement | None
    machine: Agreement | None
    gate: Gate
    abstained: int
    missing: int


def measure_criterion(criterion: str, ratings: Sequence[Rated]) -> CriterionAgreement:
    """Return the agreement on one criterion; the machine's ratings carry the rater "machine"."""
    scale = sorted({rating.value for rating in ratings if rating.value is not None})
    place = {value: number for number, value in enumerate(scale)}
    units: dict[str, dict[str, int]] = defaultdict(dict)
    for rating in ratings:
        if rating.value is not None:
            units[rating.contact][rating.rater] = place[rating.value]
    people = [{rater: code for rater, code in unit.items() if rater != MACHINE} for unit in units.values()]
    pairs = [pair for unit in units.values() for pair in _machine_pairs(unit)]
    by_people, by_machine = _agreement(people, scale), _agreement(pairs, scale)
    doubled = min(sum(len(unit) >= 2 for unit in people), len(pairs))
    return CriterionAgreement(
        criterion=criterion,
        contacts=len({rating.contact for rating in ratings}),
        people=by_people,
        machine=by_machine,
        gate=_gate(by_people, by_machine, doubled),
        abstained=sum(rating.value is None for rating in ratings),
        missing=max(0, GATE_DOUBLES_MIN - doubled),
    )


def _machine_pairs(unit: Unit) -> list[Unit]:
    """Return the machine's rating beside that of one person, the first by name: one pair per contact."""
    person = min((rater for rater in unit if rater != MACHINE), default=None)
    return [{MACHINE: unit[MACHINE], person: unit[person]}] if person is not None and MACHINE in unit else []


def _agreement(units: Sequence[Unit], scale: Sequence[float]) -> Agreement | None:
    if len(scale) < 2 or not any(len(unit) >= 2 for unit in units):
        return None
    return measure_agreement([unit for unit in units if unit], quadratic_weights(scale))


def _gate(people: Agreement | None, machine: Agreement | None, doubled: int) -> Gate:
    if doubled < GATE_DOUBLES_MIN:
        return Gate.TOO_FEW
    if people is None or machine is None or np.isnan([people.kappa.value, machine.kappa.value]).any():
        return Gate.UNDEFINED
    return Gate.OPEN if machine.kappa.value >= people.kappa.value - GATE_MARGIN else Gate.CLOSED
