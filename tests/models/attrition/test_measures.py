"""Figures of a risk model, by hand and beside scikit-learn's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from models.attrition import measures

CHANCES = np.array([0.9, 0.8, 0.3, 0.3, 0.1])
LEFT = np.array([True, False, True, False, False])


def test_by_hand() -> None:
    # Pairs of leaver and stayer: (.9 beats .8, .3, .1), (.3 loses to .8, ties with .3, beats .1): 3 + 0 + .5 + 1 of 6.
    assert measures.auc(CHANCES, LEFT) == pytest.approx(4.5 / 6)
    # The first leaver at place 1 (1/1), the second in a tie that ends at place 4 (2/4): the mean.
    assert measures.average_precision(CHANCES, LEFT) == pytest.approx((1 + 0.5) / 2)
    assert measures.brier(CHANCES, LEFT) == pytest.approx((0.01 + 0.64 + 0.49 + 0.09 + 0.01) / 5)
    # Base rate 2/5: the Brier score of the rate alone is .24.
    assert measures.brier_skill(CHANCES, LEFT) == pytest.approx(1 - (1.24 / 5) / 0.24)
    # Five rows make five bins of one: the mean distance.
    assert measures.calibration_error(CHANCES, LEFT) == pytest.approx((0.1 + 0.8 + 0.7 + 0.3 + 0.1) / 5)
    # The highest tenth is one person, who left: 1 / (2/5).
    assert measures.lift(CHANCES, LEFT) == pytest.approx(2.5)


def test_concordance_by_hand() -> None:
    durations, left = np.array([1.0, 2.0, 3.0]), np.array([True, True, False])
    # Pairs: 1 before 2, 1 before 3, 2 before 3. Scores 3, 1, 2 tell the first two and not the last.
    assert measures.concordance(np.array([3.0, 1.0, 2.0]), durations, left) == pytest.approx(2 / 3)


def test_one_class_has_no_order() -> None:
    nobody = np.zeros(5, np.bool_)
    assert math.isnan(measures.auc(CHANCES, nobody))
    assert math.isnan(measures.average_precision(CHANCES, nobody))
    assert math.isnan(measures.lift(CHANCES, nobody))
    assert math.isnan(measures.brier_skill(CHANCES, ~nobody))


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40))
def test_the_same_as_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    chances, left = np.array([chance / 6 for chance, _ in rows]), np.array([gone for _, gone in rows])
    if left.all() or not left.any():
        return
    assert measures.auc(chances, left) == pytest.approx(roc_auc_score(left, chances))
    assert measures.average_precision(chances, left) == pytest.approx(average_precision_score(left, chances))
