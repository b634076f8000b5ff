"""Single answers of customers in the indicators of satisfaction."""

from __future__ import annotations

import pytest

from qa_pipeline.kpi.columns import find_rating, find_state, is_fault
from qa_pipeline.kpi.ratings import promoter_value, rating_values, satisfaction_index


@pytest.mark.parametrize(
    ("rating", "scale", "satisfied", "on_five"),
    [
        (4, (1, 5), 1, 4),
        (3, (1, 5), 0, 3),
        (8, (1, 10), 1, 1 + 4 * 7 / 9),
        (7, (1, 10), 0, 1 + 4 * 6 / 9),
        (6, (1, 7), 1, 1 + 4 * 5 / 6),
    ],
)
def test_ratings(rating: float, scale: tuple[float, float], satisfied: float, on_five: float) -> None:
    assert rating_values(rating, scale) == {"csat": satisfied, "satisfaction_rating": pytest.approx(on_five)}


def test_promoters_passives_and_detractors() -> None:
    assert [promoter_value(answer) for answer in range(11)] == [-100.0] * 7 + [0.0] * 2 + [100.0] * 2


@pytest.mark.parametrize(
    ("weights", "index"),
    [
        # ((9 - 1) + (8 - 1) + (6 - 1)) / 27 x 100
        ((1, 1, 1), 2000 / 27),
        # (8 x .3885 + 7 x .3190 + 5 x .2925) / 9 x 100 = 75.594; weights of any sum
        ((0.3885, 0.3190, 0.2925), 75.594444),
        ((38.85, 31.90, 29.25), 75.594444),
    ],
)
def test_the_index_of_three_answers(weights: tuple[float, float, float], index: float) -> None:
    names = ("overall", "expectations", "ideal")
    answers = dict(zip(names, (9.0, 8.0, 6.0), strict=True))
    scales = dict.fromkeys(names, (1.0, 10.0))
    assert satisfaction_index(answers, scales, dict(zip(names, weights, strict=True))) == pytest.approx(index)
    for same, end in ((1.0, 0.0), (10.0, 100.0)):
        found = satisfaction_index(dict.fromkeys(names, same), scales, dict(zip(names, weights, strict=True)))
        assert found == pytest.approx(end)


def test_words_for_ratings_states_and_faults() -> None:
    assert [find_rating(word) for word in ("非常满意", "满意", "一般", "不满意", "Very dissatisfied", "5")] == [
        1.0,
        0.75,
        0.5,
        0.25,
        0.0,
        None,
    ]
    assert find_state(" 已解决 ", "ticket") == "ticket_resolved"
    assert find_state("In Progress", "ticket") == "ticket_open"
    assert find_state("已取消", "order") == "order_cancelled"
    assert find_state("年假", "shift") == "shift_leave"
    assert find_state("已解决", "order") is None
    assert (is_fault("宽带故障申告"), is_fault("Network outage"), is_fault("账单")) == (True, True, False)
