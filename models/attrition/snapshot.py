"""The guard of time: a snapshot takes nothing that was not known on its day.

A model that learns from what was written later looks good on paper and fails in use: the rating of the running quarter
lifts AUC from .78 to .81, the month of leaving to .86.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from models.attrition.staff_table import Ints
from qa_pipeline.errors import N_, InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One value about a person and a month, and the day from which it could be known.

    ``month``: 12 x year + month - 1.
    """

    person: str
    month: int
    name: str
    value: float
    available_on: date


def as_known(observations: Iterable[Observation], snapshot_on: date) -> tuple[list[Observation], int]:
    """Return what was known on a day, and how many values came later."""
    known, late_count = [], 0
    for one in observations:
        if one.available_on <= snapshot_on:
            known.append(one)
        else:
            late_count += 1
    return known, late_count


def check_known(observations: Iterable[Observation], snapshot_on: date) -> None:
    """Raise InputError for the first value that was not known on the day of the snapshot."""
    for one in observations:
        if one.available_on > snapshot_on:
            raise InputError(
                N_("{name} of {person} for {month} was known on {available}, after the snapshot of {snapshot}."),
                hint=N_("Leave it out of this snapshot: what is known later must not be learned from."),
                field=one.name,
                name=one.name,
                person=one.person,
                month=f"{one.month // 12:04d}-{one.month % 12 + 1:02d}",
                available=one.available_on.isoformat(),
                snapshot=snapshot_on.isoformat(),
            )


def check_rows(person: Ints, month: Ints) -> None:
    """Raise InputError when a person has two rows of one month: copies and made-up rows are no people.

    Rows that were drawn again, or interpolated between others, before the data were split stand on both sides of it.
    """
    order = sorted(zip(person.tolist(), month.tolist(), strict=True))
    for one, other in pairwise(order):
        if one == other:
            raise InputError(
                N_("A person has two rows of the month {month}."),
                hint=N_("Take out copies and rows made by resampling: the model weighs nothing up."),
                month=f"{one[1] // 12:04d}-{one[1] % 12 + 1:02d}",
            )


def check_apart(train: Ints, test: Ints) -> None:
    """Raise InputError when a person who is predicted was also learned from."""
    both = set(train.tolist()) & set(test.tolist())
    if both:
        raise InputError(
            N_("{count} people are both learned from and predicted."),
            hint=N_("Keep all rows of a person on one side."),
            count=len(both),
        )
