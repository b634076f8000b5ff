"""Who joined and who left, from assignments: counts by month, and rates by team and by time in the job."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scipy.special import chdtri

from qa_pipeline.appraisal.assignments import Held, held_days
from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.report.data import Interval, Share
from qa_pipeline.report.intervals import wilson_share

# Smaller cells are not shown: they tell of single people, and nothing of groups.
CELL_MIN = 10
MONTHS_SHOWN = 12
DAYS_OF_MONTH = 30.4375
# Upper ends of the time in the job, in months; the last is open.
TENURE_MONTHS = (3, 6, 12, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """The time from somebody's first assignment to the end of the last.

    ``first_on`` is None for who was there when the records begin. ``left_on``: the last day, None while it goes on.
    """

    agent_id: str
    first_on: date | None
    left_on: date | None
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTurnover:
    """One month. ``left``: of all who were there in it, with Wilson's interval; None for fewer than ten."""

    month: str
    at_start_count: int
    joined_count: int
    left_count: int
    left: Share | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeavingRate:
    """Leavers of a group. ``rate``: per 100 months that people spent in it, with the exact interval of a Poisson rate.

    ``group``: a team (None where no team is named), or the tenure band as its two ends in months, "3-6" or "24+".
    """

    group: str | None
    people_count: int
    person_months: float
    left_count: int
    rate: float
    ci95: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """All figures of a window of months.

    ``suppressed_teams`` and ``suppressed_tenures``: how many groups of fewer than ten people are left out.
    ``unknown_tenure_count``: people who were there when the records begin, so that their time in the job is unknown.
    """

    first_on: date
    last_on: date
    people_count: int
    joined_count: int
    left_count: int
    months: tuple[MonthTurnover, ...]
    site: LeavingRate | None
    teams: tuple[LeavingRate, ...]
    tenures: tuple[LeavingRate, ...]
    suppressed_teams: int
    suppressed_tenures: int
    unknown_tenure_count: int


def find_turnover(assignments: Iterable[Assignment], today: date, *, months: int = MONTHS_SHOWN) -> Turnover:
    """Return joiners and leavers of the last months, the running one included.

    Who comes back after a gap counts as staying: only the end of the last assignment is a leaving. Why somebody left is
    not recorded in assignments, so voluntary and other leavings are counted together.

    Parameters
    ----------
    assignments : iterable of Assignment
        All that are in force, of any time.
    today : date
        Later days have not happened.
    months : int, optional
        How many months the window has.
    """
    stays = _stays(assignments, today)
    window = _months_before(today, months)
    first_on = window[0]
    rows = tuple(_month(stays, start, today) for start in window)
    within = [one for one in stays if one.held[-1].last_on >= first_on]
    teams, few_teams = _rates(_by_team(within, first_on, today))
    tenures, few_tenures = _rates(_by_tenure(within, first_on, today))
    site, _ = _rates(_exposed(within, first_on, today, lambda _: ""))
    return Turnover(
        first_on=first_on,
        last_on=today,
        people_count=len(within),
        joined_count=sum(one.joined_count for one in rows),
        left_count=sum(one.left_count for one in rows),
        months=rows,
        site=site[0] if site else None,
        teams=tuple(sorted(teams, key=lambda one: one.group or "")),
        tenures=tuple(sorted(tenures, key=lambda one: _low_of(one.group))),
        suppressed_teams=few_teams,
        suppressed_tenures=few_tenures,
        unknown_tenure_count=sum(one.first_on is None for one in within),
    )


def _stays(assignments: Iterable[Assignment], today: date) -> list[Stay]:
    by_agent: dict[str, list[Assignment]] = defaultdict(list)
    for one in assignments:
        if one.valid_from <= today:
            by_agent[one.agent_id].append(one)
    began = min((one.valid_from for listed in by_agent.values() for one in listed), default=today)
    found = []
    for agent_id, listed in sorted(by_agent.items()):
        held = held_days(listed, date.min, today)
        last = max(listed, key=lambda one: one.valid_from)
        first_on = held[0].first_on
        gone = last.valid_to is not None and last.valid_to < today
        found.append(
            Stay(
                agent_id=agent_id,
                first_on=None if first_on == began else first_on,
                left_on=last.valid_to if gone else None,
                held=tuple(held),
            )
        )
    return found


def _months_before(today: date, months: int) -> Sequence[date]:
    place = today.year * 12 + today.month - 1
    return [date(each // 12, each % 12 + 1, 1) for each in range(place - months + 1, place + 1)]


def _month(stays: Sequence[Stay], start: date, today: date) -> MonthTurnover:
    end = min((start + timedelta(days=31)).replace(day=1) - timedelta(days=1), today)
    there = [one for one in stays if one.held[0].first_on <= end and one.held[-1].last_on >= start]
    joined = sum(one.first_on is not None and start <= one.first_on <= end for one in there)
    left = sum(one.left_on is not None and start <= one.left_on <= end for one in there)
    return MonthTurnover(
        month=f"{start:%Y-%m}",
        at_start_count=sum(one.held[0].first_on < start for one in there),
        joined_count=joined,
        left_count=left,
        left=wilson_share(left, len(there)) if len(there) >= CELL_MIN else None,
    )


@dataclass(frozen=True, slots=True)
class _Spell:
    """Days that one person spent in a group, and whether they ended with leaving."""

    agent_id: str
    group: str | None
    days: int
    has_left: bool


def _exposed(
    stays: Iterable[Stay], first_on: date, today: date, group_of: Callable[[Held], str | None]
) -> Iterator[_Spell]:
    for stay in stays:
        for held in stay.held:
            start = max(held.first_on, first_on)
            days = (min(held.last_on, today) - start).days + 1
            if days > 0:
                yield _Spell(stay.agent_id, group_of(held), days, stay.left_on == held.last_on)


def _by_team(stays: Iterable[Stay], first_on: date, today: date) -> Iterator[_Spell]:
    return _exposed(stays, first_on, today, lambda held: held.assignment.team)


def _by_tenure(stays: Iterable[Stay], first_on: date, today: date) -> Iterator[_Spell]:
    """Yield the days of each person in each band of time in the job."""
    ends = [0, *(round(each * DAYS_OF_MONTH) for each in TENURE_MONTHS)]
    for stay in stays:
        if stay.first_on is None:
            continue
        last_on = stay.left_on or today
        for place, low in enumerate(ends):
            start = max(stay.first_on + timedelta(days=low), first_on)
            end = last_on
            if place + 1 < len(ends):
                end = min(last_on, stay.first_on + timedelta(days=ends[place + 1] - 1))
            if start <= end:
                left = stay.left_on is not None and end == stay.left_on
                yield _Spell(stay.agent_id, _band(place), (end - start).days + 1, left)


def _band(place: int) -> str:
    low = (0, *TENURE_MONTHS)[place]
    return f"{low}-{TENURE_MONTHS[place]}" if place < len(TENURE_MONTHS) else f"{low}+"


def _low_of(band: str | None) -> int:
    return int((band or "0").rstrip("+").partition("-")[0])


def _rates(spells: Iterable[_Spell]) -> tuple[list[LeavingRate], int]:
    """Return the rates of groups of ten people or more, and how many groups are smaller."""
    by_group: dict[str | None, list[_Spell]] = defaultdict(list)
    for one in spells:
        by_group[one.group].append(one)
    shown = []
    for group, listed in by_group.items():
        people = {one.agent_id for one in listed}
        if len(people) < CELL_MIN:
            continue
        person_months = sum(one.days for one in listed) / DAYS_OF_MONTH
        left = sum(one.has_left for one in listed)
        # Exact interval of a Poisson count (Garwood, Biometrika 28, 1936, p. 437).
        low = float(chdtri(2 * left, 0.975)) / 2 if left else 0.0
        high = float(chdtri(2 * left + 2, 0.025)) / 2
        shown.append(
            LeavingRate(
                group=group,
                people_count=len(people),
                person_months=person_months,
                left_count=left,
                rate=100 * left / person_months,
                ci95=Interval(low=100 * low / person_months, high=100 * high / person_months),
            )
        )
    return shown, len(by_group) - len(shown)
