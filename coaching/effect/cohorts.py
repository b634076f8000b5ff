"""Did coaching help here? Outcomes and plans of one's own store, and the comparison that they allow.

Somebody counts as coached from the first whole month after the plan began. The months of selection and in between
count for neither side; see :mod:`coaching.effect.difference`.
"""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from coaching.effect.course import CoursePoint, find_course
from coaching.effect.difference import MONTHS_MIN, PEOPLE_MIN, Start, find_difference
from coaching.effect.power import ChangeSpread, Power, find_change_spread, find_power
from coaching.effect.verdict import RELEVANT_POINTS, Effect, Verdict
from coaching.effect.waiting_list import draw_waves, find_waiting_list_effect
from coaching.plans import CANCELLED, PlanState, list_plans
from qa_pipeline.domain.performance import IndicatorDirection
from qa_pipeline.domain.period import check_month, months_of
from qa_pipeline.domain.waiting_list import WaitingList
from qa_pipeline.errors import N_, Conflict, InputError
from qa_pipeline.kpi.catalogue import get_indicator
from qa_pipeline.services.accounts.secrets import new_id
from qa_pipeline.store import Transaction

TOTAL = "total"
# What coaching works on is how people talk: the inspection score shows it first, the total of a month much diluted.
DEFAULT_OUTCOME = "inspection_score"
_OF_A_HUNDRED = ("points", "ratio", "nps")
_SEEDS = 1 << 53  # JSON of any reader holds it
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """One figure by person and month, NaN where there is none; ``points`` has the shape (people, months).

    Shares are in percentage points, all else in its own unit. ``usual_relevant``: what matters where nobody says it.
    """

    name: str
    agent_ids: tuple[str, ...]
    months: tuple[str, ...]
    points: Floats
    usual_relevant: float

    def place(self, month: str) -> int:
        """Return how many months a month lies after the first; of an empty table 0."""
        return _number(month) - _number(self.months[0]) if self.months else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRow:
    """How many people were selected for one month's results and coached from another on.

    ``selected_period``: of a longer period its first month.
    """

    selected_period: str
    coached_from: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectReport:
    """What can be said of all plans that have begun. ``effect`` is None while too few have months on both sides."""

    outcomes: Outcomes
    relevant_points: float
    cohorts: tuple[CohortRow, ...]
    effect: Effect | None
    course: tuple[CoursePoint, ...]

    @property
    def verdict(self) -> Verdict:
        """Helped, did not, or cannot tell."""
        return self.effect.verdict(self.relevant_points) if self.effect else Verdict.CANNOT_TELL


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReport:
    """A waiting list and what it tells so far."""

    waiting_list: WaitingList
    relevant_points: float
    effect: Effect | None

    @property
    def verdict(self) -> Verdict:
        """Helped, did not, or cannot tell."""
        return self.effect.verdict(self.relevant_points) if self.effect else Verdict.CANNOT_TELL


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerReport:
    """What a comparison will be able to tell, by how much people's results change by themselves."""

    spread: ChangeSpread
    power: Power


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What is to be drawn: see :class:`~qa_pipeline.domain.waiting_list.WaitingList`. ``seed``: None for any."""

    name: str
    selected_period: str
    first_from: str
    second_from: str
    agent_ids: Sequence[str]
    seed: int | None = None


def read_outcomes(tx: Transaction, name: str = DEFAULT_OUTCOME) -> Outcomes:
    """Return the totals of the monthly evaluations, or the values of an indicator.

    Months between the first and the last are all there, with or without values.

    Raises
    ------
    NotFound
        There is no such indicator.
    InputError
        More of it is not better.
    """
    _check_outcome(name)
    if name == TOTAL:
        values = {
            (one.agent_id, month): one.total
            for month in tx.evaluations.months()
            for one in tx.evaluations.list(month)
            if one.total is not None
        }
    else:
        values = {(one.agent_id, one.period): one.value for one in tx.kpis.list(indicator=name)}
    agents = sorted({agent_id for agent_id, _ in values})
    numbers = sorted({_number(month) for _, month in values})
    months = tuple(_name(number) for number in range(numbers[0], numbers[-1] + 1)) if numbers else ()
    points = np.full((len(agents), len(months)), np.nan)
    rows = {agent_id: row for row, agent_id in enumerate(agents)}
    for (agent_id, month), value in values.items():
        points[rows[agent_id], _number(month) - numbers[0]] = value
    unit = "points" if name == TOTAL else get_indicator(name).unit
    if unit == "ratio":
        points *= 100.0
    return Outcomes(
        name=name,
        agent_ids=tuple(agents),
        months=months,
        points=points,
        usual_relevant=RELEVANT_POINTS if unit in _OF_A_HUNDRED else _quarter_spread(points),
    )


def read_effect(tx: Transaction, outcome: str = DEFAULT_OUTCOME, relevant_points: float | None = None) -> EffectReport:
    """Return what coaching did to an outcome, by all plans that have begun and were not cancelled.

    Whoever began and gave up belongs to neither side. Of a plan on the results of a quarter or a year, all its months
    led to the selection: the level from before ends two months ahead of the first of them.

    Parameters
    ----------
    outcome : str
        "total", or the id of an indicator of which more is better.
    relevant_points : float
        The smallest effect that matters; None for what is usual of this outcome.
    """
    outcomes = read_outcomes(tx, outcome)
    relevant = _relevant(outcomes, relevant_points)
    plans = [one for one in list_plans(tx) if one.plan.started_on is not None]
    begun = _begun([one for one in plans if one.state != CANCELLED])
    gave_up = {one.plan.agent_id for one in plans} - begun.keys()
    rows = {agent_id: row for row, agent_id in enumerate(outcomes.agent_ids)}
    points = outcomes.points.copy()
    points[[row for agent_id, row in rows.items() if agent_id in gave_up]] = np.nan
    starts = [
        Start(person=rows[agent_id], selected_month=outcomes.place(selected), coached_from=outcomes.place(start))
        for agent_id, (selected, start) in begun.items()
        if agent_id in rows and outcomes.place(selected) >= 0
    ]
    counts = Counter(begun.values())
    return EffectReport(
        outcomes=outcomes,
        relevant_points=relevant,
        cohorts=tuple(
            CohortRow(selected_period=selected, coached_from=start, count=count)
            for (selected, start), count in sorted(counts.items(), reverse=True)
        ),
        effect=find_difference(points, starts) if starts else None,
        course=tuple(find_course(points, starts)) if starts else (),
    )


def read_lists(
    tx: Transaction, lists: Iterable[WaitingList], outcome: str = DEFAULT_OUTCOME, relevant_points: float | None = None
) -> list[ListReport]:
    """Return waiting lists with the effect that the first wave of each shows."""
    outcomes = read_outcomes(tx, outcome)
    relevant = _relevant(outcomes, relevant_points)
    return [ListReport(waiting_list=one, relevant_points=relevant, effect=_list_effect(one, outcomes)) for one in lists]


def _list_effect(one: WaitingList, outcomes: Outcomes) -> Effect | None:
    rows = {agent_id: row for row, agent_id in enumerate(outcomes.agent_ids)}
    selected, first, second = (
        outcomes.place(month) for month in (one.selected_period, one.first_from, one.second_from)
    )
    if selected < 0 or first + MONTHS_MIN > len(outcomes.months):
        return None
    return find_waiting_list_effect(
        outcomes.points,
        [rows[agent_id] for agent_id in one.first if agent_id in rows],
        [rows[agent_id] for agent_id in one.second if agent_id in rows],
        selected_month=selected,
        first_from=first,
        second_from=second,
    )


def read_power(
    tx: Transaction,
    coached_count: int,
    others_count: int,
    *,
    outcome: str = DEFAULT_OUTCOME,
    effect_points: float | None = None,
) -> PowerReport:
    """Return what a comparison of so many people will tell; raises InputError with fewer than ten months.

    ``effect_points``: what is expected of coaching; None for what is usual of this outcome.
    """
    outcomes = read_outcomes(tx, outcome)
    expected = effect_points if effect_points is not None else outcomes.usual_relevant
    spread = find_change_spread(outcomes.points)
    return PowerReport(spread=spread, power=find_power(coached_count, others_count, expected, spread.sd_points))


def draw_list(tx: Transaction, wanted: Draw, by: str, now: datetime) -> WaitingList:
    """Draw who begins first, and keep it.

    Raises
    ------
    ConfigurationError
        A month is none.
    InputError
        The months are in no order, too close, or there are too few people.
    Conflict
        Somebody is on a waiting list already whose second wave has not begun, or is coached by a plan.
    """
    for month in (wanted.selected_period, wanted.first_from, wanted.second_from):
        check_month(month)
    agents = sorted({agent_id.strip() for agent_id in wanted.agent_ids} - {""})
    _check_draw(tx, wanted, agents)
    seed = wanted.seed if wanted.seed is not None else secrets.randbelow(_SEEDS)
    first, second = draw_waves(agents, seed)
    drawn = WaitingList(
        id=new_id("wait"),
        name=wanted.name.strip(),
        selected_period=wanted.selected_period,
        first_from=wanted.first_from,
        second_from=wanted.second_from,
        seed=seed,
        drawn_by=by,
        drawn_at=now,
        first=first,
        second=second,
    )
    tx.waiting_lists.add(drawn)
    return drawn


def _check_draw(tx: Transaction, wanted: Draw, agents: Sequence[str]) -> None:
    if not wanted.name.strip():
        raise InputError(N_("The list has no name."), hint=N_("Give it one, such as the behaviour."), field="name")
    gap = _number(wanted.second_from) - _number(wanted.first_from)
    if _number(wanted.first_from) <= _number(wanted.selected_period) or gap < MONTHS_MIN:
        raise InputError(
            N_("The months are in no order: selected {selected}, first wave {first}, second wave {second}."),
            hint=N_("The first wave begins after the month of selection, the second two months later or more."),
            field="second_from",
            selected=wanted.selected_period,
            first=wanted.first_from,
            second=wanted.second_from,
        )
    if len(agents) < 2 * PEOPLE_MIN:
        raise InputError(
            N_("There are {count} people on the list; it takes {least} to tell anything."),
            hint=N_("Select more people, or coach all of them without a list."),
            field="agent_ids",
            count=len(agents),
            least=2 * PEOPLE_MIN,
        )
    known = {agent.id for agent in tx.agents.list()}
    unknown = [agent_id for agent_id in agents if agent_id not in known]
    if unknown:
        raise InputError(
            N_("Nothing is known of {agents}."),
            hint=N_("Correct the ids."),
            field="agent_ids",
            agents=", ".join(unknown[:5]),
        )
    taken = _coached_now(tx) | {
        agent_id
        for one in tx.waiting_lists.list()
        if _number(one.second_from) >= _number(wanted.selected_period)
        for agent_id in (*one.first, *one.second)
    }
    busy = [agent_id for agent_id in agents if agent_id in taken]
    if busy:
        raise Conflict(
            N_("{agents} are on a waiting list or coached already."),
            hint=N_("Take them off: whoever is coached cannot be drawn to wait."),
            field="agent_ids",
            agents=", ".join(busy[:5]),
        )


def _coached_now(tx: Transaction) -> frozenset[str]:
    plans = list_plans(tx)
    return frozenset(one.plan.agent_id for one in plans if one.plan.started_on is not None and not one.is_over)


def _begun(plans: Sequence[PlanState]) -> Mapping[str, tuple[str, str]]:
    """Return by agent the first month of the selection and the first whole month of the first plan that began."""
    found: dict[str, tuple[str, str]] = {}
    for one in sorted(plans, key=lambda each: str(each.plan.started_on)):
        started_on = one.plan.started_on
        assert started_on is not None
        month = started_on.year * 12 + started_on.month - 1 + (started_on.day > 1)
        found.setdefault(one.plan.agent_id, (months_of(one.plan.selected_period)[0], _name(month)))
    return found


def _check_outcome(name: str) -> None:
    if name != TOTAL and get_indicator(name).direction is not IndicatorDirection.UP:
        raise InputError(
            N_("More of {id} is not better, so its change does not tell whether coaching helped."),
            hint=N_("Take total, or an indicator of which more is better."),
            field="outcome",
            id=name,
        )


def _relevant(outcomes: Outcomes, points: float | None) -> float:
    if points is None:
        return outcomes.usual_relevant
    if not 0 < points < math.inf:
        raise InputError(
            N_("The smallest effect that matters cannot be {value}."),
            hint=N_("Give a number above 0, in the unit of the outcome."),
            field="relevant",
            value=points,
        )
    return points


def _quarter_spread(points: Floats) -> float:
    """Return a quarter of the standard deviation between people and months, rounded to two figures; 1 without any."""
    spread = float(np.nanstd(points)) if np.isfinite(points).any() else 0.0
    return float(f"{spread / 4:.2g}") if spread > 0 else 1.0


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _name(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
