"""Whether coaching helped, from one's own results and plans; and waiting lists that anybody can draw again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from coaching.effect.cohorts import Draw, draw_list, read_effect, read_lists, read_outcomes, read_power
from coaching.effect.verdict import Verdict
from coaching.effect.waiting_list import draw_waves
from qa_pipeline.domain.performance import Agent, KpiRecord
from qa_pipeline.errors import CallqaError, Conflict, InputError
from qa_pipeline.store import Store, Transaction
from tests.coaching.effect.site import BEGAN_ON, COACHED, MONTHS, OUTCOME, SELECTED, a_plan, fill, step

NOW = datetime(2026, 12, 31, tzinfo=UTC)
DRAW = Draw(
    name="Names", selected_period=SELECTED, first_from=COACHED, second_from="2026-11", agent_ids="ABCDEF", seed=7
)


def test_an_effect_by_hand_from_the_store(store: Store) -> None:
    fill(store)
    with store.reading() as tx:
        found = read_effect(tx, OUTCOME)
    # As in test_difference: changes of 5, 6, 7 beside 1, 2, 3.
    assert found.effect is not None
    assert found.effect.points == pytest.approx(4)
    assert (found.effect.low, found.effect.high) == (pytest.approx(1.733, abs=0.001), pytest.approx(6.267, abs=0.001))
    assert [(one.selected_period, one.coached_from, one.count) for one in found.cohorts] == [(SELECTED, COACHED, 3)]
    assert found.verdict is Verdict.HELPED
    with store.reading() as tx:  # the interval reaches 2.27 to either side: too wide for an effect of 2
        assert read_effect(tx, OUTCOME, 2.0).verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize(
    ("indicator", "values", "points", "relevant"),
    [
        ("inspection_score", (80.0, 90.0), (80.0, 90.0), 3.0),
        ("csat", (0.8, 0.9), (80.0, 90.0), 3.0),  # a share, in percentage points
        ("satisfaction_rating", (3.0, 5.0), (3.0, 5.0), 0.25),  # on 1-5: a quarter of the standard deviation of 1
        ("satisfaction_rating", (4.0, 4.0), (4.0, 4.0), 1.0),  # without any spread: a whole step
    ],
)
def test_what_matters_by_itself_goes_by_the_unit(
    store: Store, indicator: str, values: tuple[float, float], points: tuple[float, float], relevant: float
) -> None:
    with store.transaction() as tx:
        for agent_id, value in zip("AB", values, strict=True):
            tx.agents.put(Agent(id=agent_id))
            record = KpiRecord(indicator=indicator, agent_id=agent_id, period="2026-10", value=value, n=1, source="x")
            tx.kpis.put(record)
        found = read_outcomes(tx, indicator)
        assert read_effect(tx, indicator).relevant_points == relevant
    assert found.points.ravel() == pytest.approx(points)
    assert found.usual_relevant == relevant


def test_plans_that_did_not_begin_or_were_cancelled_count_for_nothing(store: Store) -> None:
    fill(store)
    with store.transaction() as tx:
        tx.coaching_plans.add(a_plan("D", SELECTED, None))
        tx.transitions.add(step("A", "running", "cancel", "cancelled"))
        assert sum(one.count for one in read_effect(tx, OUTCOME).cohorts) == 2
        assert read_effect(tx, OUTCOME).effect is None  # two coached people have no spread to speak of


@pytest.mark.parametrize(
    ("period", "began_on", "cohort"),
    [
        ("2026-06", date(2026, 7, 1), ("2026-06", "2026-07")),  # the first day: the whole month
        ("2026-06", date(2026, 12, 2), ("2026-06", "2027-01")),
        ("2026-Q2", date(2026, 7, 9), ("2026-04", "2026-08")),  # all months of the quarter led to it
    ],
)
def test_coached_from_the_first_whole_month(store: Store, period: str, began_on: date, cohort: tuple[str, str]) -> None:
    with store.transaction() as tx:
        tx.coaching_plans.add(a_plan("A", period, began_on))
        (found,) = read_effect(tx, OUTCOME).cohorts
    assert (found.selected_period, found.coached_from) == cohort


def test_without_results_nothing_can_be_told(store: Store) -> None:
    with store.transaction() as tx:
        tx.coaching_plans.add(a_plan("A", SELECTED, BEGAN_ON))
        found = read_effect(tx)
        assert (found.effect, found.verdict, found.course) == (None, Verdict.CANNOT_TELL, ())
        assert read_outcomes(tx).months == ()
        with pytest.raises(InputError, match="too few months"):
            read_power(tx, 10, 10)
        with pytest.raises(InputError, match="cannot be 0"):
            read_effect(tx, relevant_points=0)


def test_the_power_rests_on_how_people_change_by_themselves(store: Store) -> None:
    fill(store)
    with store.reading() as tx:
        found = read_power(tx, 30, 30, outcome=OUTCOME, effect_points=3.0)
    assert found.spread.change_count > 0
    assert 0 < found.power.power <= 1


def test_a_draw_is_kept_and_can_be_drawn_again(store: Store) -> None:
    fill(store)
    with store.transaction() as tx:
        for agent_id in "ABC":  # whoever is coached cannot wait
            tx.transitions.add(step(agent_id, "running", "cancel", "cancelled"))
        drawn = draw_list(tx, DRAW, "chen", NOW)
    assert (drawn.first, drawn.second) == draw_waves(tuple("ABCDEF"), 7)
    assert len(drawn.first) == len(drawn.second) == 3
    with store.reading() as tx:
        assert list(tx.waiting_lists.list()) == [drawn]
        (found,) = read_lists(tx, [drawn], OUTCOME)
    # July to October of the first wave beside the second; each has results in all months.
    assert found.effect is not None
    assert (found.effect.coached_count, found.effect.others_count) == (3, 3)
    with store.transaction() as tx, pytest.raises(Conflict, match="waiting list or coached already"):
        draw_list(tx, replace(DRAW, selected_period="2026-10", first_from="2026-12", second_from="2027-03"), "x", NOW)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"name": " "}, InputError, "no name"),
        ({"first_from": SELECTED}, InputError, "in no order"),
        ({"second_from": "2026-08"}, InputError, "in no order"),
        ({"selected_period": "2026-6"}, CallqaError, "is not a month"),
        ({"agent_ids": "DEF"}, InputError, "it takes 6"),
        ({"agent_ids": [*"DEF", "X", "Y", "Z"]}, InputError, "Nothing is known of X, Y, Z"),
        ({}, Conflict, "A, B, C are on a waiting list or coached already"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    store: Store, change: dict[str, object], error: type[CallqaError], said: str
) -> None:
    fill(store)
    with store.transaction() as tx, pytest.raises(error) as refused:
        draw_list(tx, replace(DRAW, **change), "chen", NOW)  # type: ignore[arg-type]
    assert said in refused.value.render(str)
    with store.reading() as tx:
        assert list(tx.waiting_lists.list()) == []


def test_months_between_stand_in_the_table_without_values(store: Store) -> None:
    fill(store)
    with store.reading() as tx:
        found = read_outcomes(tx, OUTCOME)
    assert (found.months, found.agent_ids) == (MONTHS, tuple("ABCDEF"))
    assert found.place("2027-02") == 13


def test_whoever_gave_up_belongs_to_neither_side(store: Store) -> None:
    fill(store)
    with store.transaction() as tx:
        tx.agents.put(Agent(id="G", name="Name G", team="North"))
        tx.kpis.put_all(
            [
                KpiRecord(indicator=OUTCOME, agent_id="G", period=month, value=50.0, n=10, source="g.csv")
                for month in MONTHS
            ]
        )
        assert _counts(tx) == (3, 4)  # not coached
        tx.coaching_plans.add(a_plan("G", SELECTED, BEGAN_ON))
        tx.transitions.add(step("G", "running", "cancel", "cancelled"))
        assert _counts(tx) == (3, 3)


def _counts(tx: Transaction) -> tuple[int, int]:
    found = read_effect(tx, OUTCOME).effect
    assert found is not None
    return found.coached_count, found.others_count


@pytest.mark.parametrize("outcome", ["average_handle_time", "nothing"])
def test_an_outcome_that_tells_nothing_is_refused(store: Store, outcome: str) -> None:
    with store.reading() as tx, pytest.raises(CallqaError, match=outcome):
        read_effect(tx, outcome)
