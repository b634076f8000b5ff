"""Merging ratings by hand, and whether centring managers brings the values closer to the truth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from qa_pipeline.appraisal.ratings import MergedRating, centre, find_uniform, merge_ratings
from qa_pipeline.domain.cycle import Rating
from qa_pipeline.domain.performance import RaterClass

MANAGER, SELF, PEER = RaterClass.MANAGER, RaterClass.SELF, RaterClass.PEER


def rate(agent: str, rater: str, value: float, rater_class: RaterClass = MANAGER) -> Rating:
    return Rating(
        agent_id=agent,
        period="2026-10",
        rater_id=rater,
        rater_class=rater_class,
        indicator="collaboration",
        value=value,
        comment="",
        source="t.csv",
        rated_at=datetime(2026, 11, 2, tzinfo=UTC),
    )


def merge(ratings: list[Rating], weights: Mapping[RaterClass, float]) -> Mapping[str, MergedRating]:
    return merge_ratings("collaboration", ratings, weights)


def messages(found: MergedRating) -> list[str]:
    return [note.message for note in found.notes]


def test_classes_weigh_and_a_missing_one_is_said() -> None:
    ratings = [rate("A1", "m", 3), rate("A1", "A1", 5, SELF), rate("A2", "m", 4)]
    found = merge(ratings, {SELF: 30, MANAGER: 70})
    # .3 x 5 + .7 x 3; one manager alone has nobody to be compared to, so nothing moves.
    assert found["A1"].value == pytest.approx(3.6)
    assert (found["A1"].n, found["A1"].notes) == (2, ())
    assert found["A2"].value == 4
    assert [one.effective_weight for one in found["A2"].classes] == [0, 100]
    assert messages(found["A2"]) == ["{indicator}: there is no self rating; its weight goes to the other raters."]


def test_the_standard_error_by_hand() -> None:
    ratings = [
        rate("A1", "p1", 2, PEER),
        rate("A1", "p2", 3, PEER),
        rate("A1", "p3", 4, PEER),
        rate("A2", "p1", 4, PEER),
        rate("A2", "p2", 4, PEER),
        rate("A2", "p4", 4, PEER),
    ]
    found = merge(ratings, {PEER: 100})
    # Squares within agents 2 and 0 over 6 - 2 degrees of freedom: pooled variance .5.
    # A1: (4 x .5 + 2) / (4 + 2) = 2/3, over 3 raters 2/9. A2: (4 x .5 + 0) / 6 = 1/3, over 3 raters 1/9.
    assert found["A1"].se == pytest.approx((2 / 9) ** 0.5)
    assert found["A2"].se == pytest.approx((1 / 9) ** 0.5)
    # Four are pooled; beside an own freedom of 2 they count as at most 4.
    assert found["A1"].df == 4


def test_that_one_class_is_more_lenient_is_no_disagreement() -> None:
    ratings = [
        one
        for agent, value in (("A1", 2), ("A2", 3))
        for one in (rate(agent, "m", value), rate(agent, agent, value + 1, SELF))
    ]
    found = merge(ratings, {SELF: 50, MANAGER: 50})
    assert found["A1"].se == pytest.approx(0.0, abs=1e-9)


def test_fewer_than_three_peers_do_not_count_and_are_not_shown() -> None:
    weights = {MANAGER: 60, PEER: 40}
    two = [rate("A1", "m", 3), rate("A1", "p1", 1, PEER), rate("A1", "p2", 1, PEER)]
    found = merge(two, weights)["A1"]
    assert (found.value, found.n, found.classes[1].n, found.classes[1].mean) == (3, 1, 2, None)
    assert found.notes[0].params["count"] == 2
    found = merge([*two, rate("A1", "p3", 1, PEER)], weights)["A1"]
    # .6 x 3 + .4 x 1
    assert found.value == pytest.approx(2.2)
    assert found.classes[1].mean == 1


def test_centring_by_hand() -> None:
    # Managers' means 2 and 4, all's 3. Within: squares 2 + 2 over 6 - 2 = 1. Between: (3 + 3 - 1) / (6 - 18 / 6) = 5/3.
    ratings = [rate(f"A{n}", "strict", value) for n, value in enumerate((1, 2, 3))]
    ratings += [rate(f"B{n}", "mild", value) for n, value in enumerate((3, 4, 5))]
    # Each moves by 1 x (5/3) / (5/3 + 1/3) = 5/6.
    assert centre(ratings) == pytest.approx([1 + 5 / 6, 2 + 5 / 6, 3 + 5 / 6, 3 - 5 / 6, 4 - 5 / 6, 5 - 5 / 6])
    assert centre([rate("A1", "A1", 5, SELF), *ratings])[0] == 5


def test_a_manager_who_gives_everybody_a_five_contributes_the_mean_and_it_is_said() -> None:
    ratings = [rate(f"A{n}", "kind", 5) for n in range(3)] + [
        rate(f"B{n}", "fair", value) for n, value in enumerate((1, 2, 3))
    ]
    assert find_uniform(ratings) == {"kind"}
    found = merge(ratings, {MANAGER: 100})
    # (3 x 5 + 1 + 2 + 3) / 6
    assert [found[f"A{n}"].value for n in range(3)] == pytest.approx([3.5] * 3)
    assert found["A0"].classes[0].mean == 5
    assert [note.params["rater"] for note in found["A0"].notes] == ["kind"]
    assert found["B0"].notes == ()
    # Two equal ones may well be two equal agents.
    assert find_uniform(ratings[:2]) == frozenset()


def test_without_managers_who_overlap_in_size_nothing_moves() -> None:
    ratings = [rate("A1", "m1", 2), rate("A2", "m2", 5)]
    assert centre(ratings) == [2, 5]
    assert merge([], {MANAGER: 100}) == {}


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(1, 5)), min_size=1, unique_by=lambda row: row[:2]
    )
)
def test_a_manager_never_changes_the_order_of_the_own_agents(rows: list[tuple[int, int, int]]) -> None:
    ratings = [rate(f"A{agent}", f"m{manager}", value) for agent, manager, value in rows]
    moved = centre(ratings)
    for one, first in zip(ratings, moved, strict=True):
        for other, second in zip(ratings, moved, strict=True):
            if one.rater_id == other.rater_id:
                assert first - second == pytest.approx(one.value - other.value, abs=1e-9)


def test_centring_raises_the_correlation_with_the_truth() -> None:
    """Forty sites of 20 managers with 3 to 17 agents each; strictness differs nearly as much as agents do."""
    rng = np.random.default_rng(20261122)
    raw, centred = [], []
    for _ in range(40):
        ratings, truth = [], []
        for manager, size in enumerate(rng.integers(3, 18, 20)):
            strictness = rng.normal(0, 0.6)
            for agent in range(size):
                ability = rng.normal(3.3, 0.7)
                value = float(np.clip(round(ability + strictness + rng.normal(0, 0.5)), 1, 5))
                truth.append(ability)
                ratings.append(rate(f"A{manager}-{agent}", f"m{manager}", value))
        raw.append(np.corrcoef(truth, [one.value for one in ratings])[0, 1])
        centred.append(np.corrcoef(truth, centre(ratings))[0, 1])
    assert np.mean(centred) - np.mean(raw) > 0.05
    assert np.mean(np.array(centred) > np.array(raw)) > 0.9


def test_the_interval_holds_the_value_that_more_raters_would_give() -> None:
    """Twenty sites of 60 agents, each rated by a lenient self and by 3 to 6 peers who err with SD .6."""
    rng = np.random.default_rng(7)
    held = []
    for _ in range(20):
        ratings, wanted = [], {}
        for agent in range(60):
            ability = rng.normal(3.3, 0.6)
            # .3 of the self rating, which is .5 too high, and .7 of the peers'.
            wanted[f"A{agent}"] = ability + 0.3 * 0.5
            ratings.append(rate(f"A{agent}", f"A{agent}", ability + 0.5 + rng.normal(0, 0.6), SELF))
            for peer in range(rng.integers(3, 7)):
                ratings.append(rate(f"A{agent}", f"p{peer}", ability + rng.normal(0, 0.6), PEER))
        for agent_id, found in merge(ratings, {SELF: 30, PEER: 70}).items():
            assert found.se is not None and found.df is not None
            half = float(stdtrit(found.df, 0.975)) * found.se
            held.append(abs(found.value - wanted[agent_id]) <= half)
    assert 0.93 <= np.mean(held) <= 0.98
