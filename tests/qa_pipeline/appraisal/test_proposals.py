"""Targets out of history: percentiles by hand, who would reach them, and when there is too little."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qa_pipeline.appraisal.proposals import Proposal, propose_levels
from qa_pipeline.domain.performance import DimensionResult, Evaluation, TemplateItem
from qa_pipeline.kpi.catalogue import get_indicator
from tests.factories import evaluation, item

MONTHS = ("2026-07", "2026-08", "2026-09", "2026-10")


def month(agent_id: str, period: str, indicator: str, value: float | None, n: int | None = 100) -> Evaluation:
    found = item(indicator, value, None if value is None else 50.0, 100.0, n=n)
    dimension = DimensionResult(id="performance", points=None, weight=100.0, effective_weight=100.0, items=(found,))
    return evaluation(agent_id, dimensions=(dimension,), period=period)


def history(indicator: str, values: Sequence[float]) -> list[Evaluation]:
    """Four months for each agent in turn."""
    return [month(f"A{k // 4}", MONTHS[k % 4], indicator, value) for k, value in enumerate(values)]


def propose(indicator: str, evaluations: Sequence[Evaluation]) -> Proposal:
    return propose_levels(TemplateItem(indicator=indicator, weight=100), get_indicator(indicator), evaluations)


def test_where_more_is_better() -> None:
    # .49, .51, ... .87. Percentile p of 20 values lies p x 19 steps from the first: 1.9, 14.25 and 17.1 steps of .02.
    found = propose("csat", history("csat", [0.49 + 0.02 * k for k in range(20)]))
    assert found.proposed is not None
    assert (found.proposed.floor, found.proposed.target, found.proposed.stretch) == (0.528, 0.775, 0.832)
    assert (found.agent_count, found.period_count, found.value_count) == (5, 4, 20)
    # The agents' means are .52, .60, .68, .76 and .84.
    assert found.reached == {"floor": 4, "target": 1, "stretch": 1}
    assert found.reached_now == 0  # 85 %
    assert [(one.levels.target, one.reached_count) for one in found.stated] == [(0.85, 0)]
    assert found.refusal is None


def test_where_less_is_better() -> None:
    # .40 down to .02: the poor end is the high one, so percentiles 90, 25 and 10 of .02 + .02 k: 17.1, 4.75, 1.9 steps.
    found = propose("repeat_contact_rate", history("repeat_contact_rate", [0.40 - 0.02 * k for k in range(20)]))
    assert found.proposed is not None
    assert (found.proposed.floor, found.proposed.target, found.proposed.stretch) == (0.362, 0.115, 0.058)
    # Means: .37, .29, .21, .13, .05; at most .10 now.
    assert found.reached == {"floor": 4, "target": 1, "stretch": 1}
    assert found.reached_now == 1


def test_a_range_keeps_to_what_is_usual() -> None:
    # 300, 310, ... 490: 1.9 and 17.1 steps of 10; the floors lie 471 - 319 = 152 further out.
    found = propose("average_handle_time", history("average_handle_time", [300 + 10 * k for k in range(20)]))
    assert found.proposed is not None
    assert (found.proposed.target_low, found.proposed.target) == (319, 471)
    assert (found.proposed.floor_low, found.proposed.floor, found.proposed.stretch) == (167, 623, None)
    # Means: 315, 355, 395, 435, 475.
    assert found.reached == {"floor": 5, "target": 3}
    assert found.reached_now == 5  # 180 to 600
    assert [(one.levels.target_low, one.levels.target, one.reached_count) for one in found.stated] == [(180, 600, 5)]


def test_the_floor_of_a_range_stays_plausible() -> None:
    # 20 + 1.9 x 3.2 = 26.08 and 20 + 17.1 x 3.2 = 74.72, rounded 26 and 75: 49 below 26 is no time at all, and the
    # catalogue's least plausible handle time is 1 s.
    found = propose("average_handle_time", history("average_handle_time", [20 + 3.2 * k for k in range(20)]))
    assert found.proposed is not None
    assert found.proposed.floor_low == 1


def test_months_weigh_by_their_counts_in_the_mean_of_an_agent() -> None:
    several = history("csat", [0.49 + 0.02 * k for k in range(20)])
    heavy = [month("B", "2026-09", "csat", 0.90, n=300), month("B", "2026-10", "csat", 0.70, n=100)]
    # (300 x .90 + 100 x .70) / 400 = .85, against a plain mean of .80.
    assert propose("csat", [*several, *heavy]).stated[0].reached_count == 1
    uncounted = [heavy[0], month("B", "2026-10", "csat", 0.70, n=None)]
    assert propose("csat", [*several, *uncounted]).stated[0].reached_count == 0


@pytest.mark.parametrize(
    ("evaluations", "agents", "values"),
    [
        ([], 0, 0),
        (history("csat", [0.6 + 0.01 * k for k in range(19)]), 5, 19),
        ([month(f"A{k % 4}", f"20{10 + k}-10", "csat", 0.6 + 0.01 * k) for k in range(24)], 4, 24),
        ([month(f"A{k}", "2026-10", "csat", None) for k in range(30)], 0, 0),
    ],
)
def test_too_little_history_is_said_and_nothing_proposed(
    evaluations: list[Evaluation], agents: int, values: int
) -> None:
    found = propose("csat", evaluations)
    assert (found.proposed, found.agent_count, found.value_count, found.reached) == (None, agents, values, {})
    assert found.refusal is not None and found.refusal.message.startswith("Too little history")


def test_values_that_hardly_differ_give_no_levels() -> None:
    found = propose("attendance_rate", history("attendance_rate", [1.0] * 20))
    assert found.proposed is None
    assert found.refusal is not None and "too close together" in found.refusal.message


def test_what_the_template_sets_counts_now_and_what_sources_state_stands_beside_it() -> None:
    own = TemplateItem(indicator="answer_rate", weight=100, target=0.80)
    found = propose_levels(
        own, get_indicator("answer_rate"), history("answer_rate", [0.75 + 0.01 * k for k in range(20)])
    )
    # Means: .765, .805, .845, .885, .925; the sources state 90 % and 92 %.
    assert found.reached_now == 4
    assert [(one.levels.target, one.reached_count) for one in found.stated] == [(0.90, 1), (0.92, 1)]
