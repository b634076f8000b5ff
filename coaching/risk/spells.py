"""Who was at work in which months, and how it ended: from assignments and from what personnel says of departures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise, zip_longest

from qa_pipeline.appraisal.assignments import Held, held_days
from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.domain.risk import Departure, DepartureKind

# A gap of a month between two assignments is a record that was kept late, not a new employment.
GAP_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """One employment without a gap. ``hired_on`` is None for who was there when the records begin.

    ``ended_on``: the last day, None while it goes on. ``kind``: why it ended, None where nobody said; then it is only
    known that the person was there until then.
    """

    agent_id: str
    first_on: date
    hired_on: date | None
    ended_on: date | None
    kind: DepartureKind | None
    held: tuple[Held, ...]

    def team_on(self, day: date) -> str | None:
        """Return the team on a day, that of the last assignment before it in a gap."""
        begun = [held for held in self.held if held.first_on <= day]
        return begun[-1].assignment.team if begun else None


def month_number(day: date) -> int:
    """Return 12 x year + month - 1."""
    return day.year * 12 + day.month - 1


def month_name(month: int) -> str:
    """Return YYYY-MM of such a number."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_end(month: int) -> date:
    """Return the last day of such a month."""
    following = month + 1
    return date(following // 12, following % 12 + 1, 1) - timedelta(days=1)


def find_spells(
    assignments: Iterable[Assignment], departures: Iterable[Departure], last_on: date
) -> tuple[list[Spell], list[Departure]]:
    """Return the employments up to a day, and departures of people who were not there.

    A departure ends the employment in which it lies, also where the assignment goes on. Who comes back after more than
    a month, or after a departure, begins a new employment.
    """
    by_agent: dict[str, list[Assignment]] = defaultdict(list)
    for one in assignments:
        if one.valid_from <= last_on:
            by_agent[one.agent_id].append(one)
    gone: dict[str, list[Departure]] = defaultdict(list)
    for each in departures:
        if each.left_on <= last_on:
            gone[each.agent_id].append(each)
    began = min((one.valid_from for listed in by_agent.values() for one in listed), default=last_on)
    spells: list[Spell] = []
    strangers: list[Departure] = []
    for agent_id in sorted(set(by_agent) | set(gone)):
        held = held_days(by_agent[agent_id], date.min, date.max)
        found, unused = _of_agent(agent_id, held, gone[agent_id], began, last_on)
        spells += found
        strangers += unused
    return spells, strangers


def _of_agent(
    agent_id: str, held: Sequence[Held], departures: Sequence[Departure], began: date, last_on: date
) -> tuple[list[Spell], list[Departure]]:
    left = {one.left_on: one.kind for one in sorted(departures, key=lambda one: one.left_on)}
    spells: list[Spell] = []
    used: set[date] = set()
    runs = _runs(_cut(held, left), left)
    for run, following in zip_longest(runs, runs[1:]):
        first_on, run_end = run[0].first_on, run[-1].last_on
        back_on = following[0].first_on if following else date.max
        named = [day for day in left if first_on <= day < back_on and (day - run_end).days <= GAP_DAYS]
        ended_on = max(named) if named else run_end if run_end < last_on else None
        used |= set(named)
        spells.append(
            Spell(
                agent_id=agent_id,
                first_on=first_on,
                hired_on=None if first_on == began else first_on,
                ended_on=ended_on,
                kind=left.get(ended_on) if ended_on else None,
                held=tuple(run),
            )
        )
    return spells, [one for one in departures if one.left_on not in used]


def _cut(held: Sequence[Held], left: Mapping[date, DepartureKind]) -> list[Held]:
    """Cut assignments at the days of departure that lie in them."""
    parts: list[Held] = []
    for one in held:
        begin = one.first_on
        for day in (day for day in left if begin <= day < one.last_on):
            parts.append(Held(assignment=one.assignment, first_on=begin, last_on=day))
            # Who left and whose assignment nobody closed is not back: only a new assignment says that.
            begin = date.max
        if begin <= one.last_on:
            parts.append(Held(assignment=one.assignment, first_on=begin, last_on=one.last_on))
    return [part for part in parts if part.first_on != date.max]


def _runs(held: Sequence[Held], left: Iterable[date]) -> list[list[Held]]:
    runs: list[list[Held]] = [[held[0]]] if held else []
    for before, after in pairwise(held):
        has_left = any(before.last_on <= day < after.first_on for day in left)
        if has_left or (after.first_on - before.last_on).days > GAP_DAYS:
            runs.append([after])
        else:
            runs[-1].append(after)
    return runs
