"""Samples keep the chances that they state."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.appraisal.sampling import (
    Design,
    PerGroup,
    Proportional,
    frame_digest,
    random_numbers,
    risk_weight,
)
from qa_pipeline.domain.inspection import Flag
from tests.factories import inspection, score

WEIGHTS = st.lists(st.floats(min_value=0.01, max_value=1000.0), min_size=1, max_size=40)


def test_numbers_depend_on_seed_and_id_alone() -> None:
    ids = [f"C-{place}" for place in range(2000)]
    numbers = random_numbers(7, ids)
    assert numbers.shape == (2001,)
    assert random_numbers(7, ids[1000:])[:-1].tolist() == numbers[1000:-1].tolist()
    assert random_numbers(8, ids).tolist() != numbers.tolist()
    # Uniform: mean 1/2 with standard error 1 / sqrt(12 * 2000) = .0065, four of which are .026.
    assert numbers.mean() == pytest.approx(0.5, abs=0.026)
    assert (numbers.min() >= 0.0, numbers.max() < 1.0) == (True, True)
    # A sample of last year must be found again by every later version: sha256 of 7:id:C-0 begins with these 16 digits.
    assert random_numbers(7, ["C-0"])[0] == pytest.approx(int("50491405c3f89104", 16) / 2**64)


@given(st.lists(st.integers(min_value=0, max_value=5), min_size=1, max_size=60), st.integers(min_value=1, max_value=8))
def test_per_group_draws_the_stated_number_of_each(labels: list[int], size: int) -> None:
    groups = np.unique(labels, return_inverse=True)[1]
    design = PerGroup(groups, size)
    drawn = design.draw(random_numbers(1, [str(place) for place in range(len(labels))]))
    for group in range(groups.max() + 1):
        members = groups == group
        expected = min(size, int(members.sum()))
        assert drawn[members].sum() == expected
        assert design.probability[members].sum() == pytest.approx(expected)


@given(WEIGHTS, st.integers(min_value=1, max_value=45), st.integers(min_value=0, max_value=2**32))
def test_proportional_draws_exactly_its_size_with_chances_that_sum_to_it(
    weights: list[float], size: int, seed: int
) -> None:
    design = Proportional(np.array(weights), size)
    expected = min(size, len(weights))
    chances = design.probability
    assert chances.sum() == pytest.approx(expected)
    assert ((chances > 0) & (chances <= 1)).all()
    drawn = design.draw(random_numbers(seed, [str(place) for place in range(len(weights))]))
    assert drawn.sum() == expected
    assert drawn[chances >= 1].all()


@given(WEIGHTS)
@settings(max_examples=30)
def test_a_heavier_contact_is_never_less_likely(weights: list[float]) -> None:
    chances = Proportional(np.array(weights), 3).probability
    order = np.argsort(weights)
    assert (np.diff(chances[order]) >= -1e-12).all()


@pytest.mark.parametrize(
    "design",
    [
        PerGroup(np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2]), 2),
        Proportional(np.array([1.0, 1.0, 1.0, 9.0, 3.0, 1.5, 1.0, 0.5, 30.0, 2.0, 2.0, 1.0]), 4),
    ],
)
def test_contacts_are_drawn_as_often_as_stated(design: Design) -> None:
    ids = [f"C-{place}" for place in range(12)]
    repetitions = 2000
    often = sum(design.draw(random_numbers(seed, ids)).astype(float) for seed in range(repetitions)) / repetitions
    # Standard error at most sqrt(.25 / 2000) = .0112; four of them.
    assert np.abs(often - design.probability).max() < 0.045


def test_certain_contacts_leave_the_rest_to_the_others() -> None:
    # 8 of 12 would be 2 * 8 / 12 > 1: certain; the others share the one that is left, 1/4 each.
    assert Proportional(np.array([8.0, 1.0, 1.0, 1.0, 1.0]), 2).probability.tolist() == [1.0, 0.25, 0.25, 0.25, 0.25]


def test_weighted_totals_are_unbiased() -> None:
    points = np.array([20.0, 95.0, 90.0, 40.0, 85.0, 88.0, 60.0, 92.0])
    design = Proportional(100.0 - points, 3)
    ids = [str(place) for place in range(8)]
    totals = [(points / design.probability)[design.draw(random_numbers(seed, ids))].sum() for seed in range(4000)]
    assert np.mean(totals) == pytest.approx(points.sum(), abs=4 * np.std(totals) / np.sqrt(4000))


def test_a_frame_is_known_by_its_contacts_groups_and_weights() -> None:
    digest = frame_digest(["a", "b"], ["A1", "A2"], [1.0, 2.0])
    assert frame_digest(["b", "a"], ["A2", "A1"], [2.0, 1.0]) == digest
    assert frame_digest(["a", "b"], ["A1", "A1"], [1.0, 2.0]) != digest
    assert frame_digest(["a", "b"], ["A1", "A2"], [1.0, 2.5]) != digest


def test_signs_of_risk_add_up() -> None:
    assert risk_weight(inspection(score=score(100.0))) == 1.0
    # Red line 8, low score 2, all points lost 2.
    assert risk_weight(inspection(score=score(0.0), flags=(Flag.RED_LINE, Flag.LOW_SCORE))) == 13.0
    # Nothing known: the whole range is open; the abstention adds 2 more.
    assert risk_weight(inspection(score=score(None), flags=(Flag.ABSTAINED,))) == 5.0
    assert risk_weight(inspection(score=score(100.0), flags=(Flag.RECOVERED,))) == 1.0
