"""Agreement coefficients against published examples and figures derived by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.appraisal.agreement import measure_agreement, quadratic_weights

# K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, example C: four observers, twelve units.
_OBSERVERS = {
    "a": [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    "b": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    "c": [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    "d": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
}
_UNITS = [{name: row[unit] - 1 for name, row in _OBSERVERS.items() if row[unit]} for unit in range(12)]


def test_the_published_example_with_missing_ratings() -> None:
    nominal = measure_agreement(_UNITS, np.eye(5))
    interval = measure_agreement(_UNITS, quadratic_weights([1, 2, 3, 4, 5]))
    assert nominal.units == 11  # the twelfth has one rating only
    assert nominal.alpha.value == pytest.approx(0.743, abs=5e-4)
    assert interval.alpha.value == pytest.approx(0.849, abs=5e-4)
    assert nominal.ac.value == pytest.approx(0.77544, abs=5e-6)  # Gwet's AC1 of the same ratings


def test_two_raters_on_an_item_that_nearly_all_pass() -> None:
    # 100 contacts: both pass 94, both fail 2, each fails 2 alone. Raw .96; both pass 96 of 100.
    # Kappa: chance .96^2 + .04^2 = .9232; (.96 - .9232) / .0768 = .479.
    # AC1: shares .96 and .04, chance 2 * .96 * .04 = .0768; (.96 - .0768) / .9232 = .957.
    units = [{"a": 1, "b": 1}] * 94 + [{"a": 0, "b": 0}] * 2 + [{"a": 1, "b": 0}] * 2 + [{"a": 0, "b": 1}] * 2
    found = measure_agreement(units, np.eye(2))
    assert found.raw.value == pytest.approx(0.96)
    assert found.kappa.value == pytest.approx(0.0368 / 0.0768)
    assert found.ac.value == pytest.approx(0.8832 / 0.9232)
    assert found.kappa.ci95[1] - found.kappa.ci95[0] > 4 * (found.ac.ci95[1] - found.ac.ci95[0])


def test_near_misses_count_less_with_ordered_categories() -> None:
    # Weights 1, .75, 0 for distances 0, 1, 2 on three steps. Ten equal pairs of each end, ten one step apart:
    # agreed = (20 + 10 * .75) / 30.
    units = [{"a": 0, "b": 0}] * 10 + [{"a": 2, "b": 2}] * 10 + [{"a": 1, "b": 2}] * 10
    weights = quadratic_weights([0.0, 0.5, 1.0])
    assert weights.tolist() == [[1, 0.75, 0], [0.75, 1, 0.75], [0, 0.75, 1]]
    # One side: 1/3 each of 0, 1, 2 among (0: 10, 1: 10, 2: 10); the other: 0 in 10, 2 in 20 of 30.
    # Chance: sum of w p q = 1/3 (1 * 1/3 + 0 * 2/3) + 1/3 (.75 * 1/3 + .75 * 2/3) + 1/3 (0 + 2/3) = .5833.
    found = measure_agreement(units, weights)
    assert found.kappa.value == pytest.approx((27.5 / 30 - 7 / 12) / (1 - 7 / 12))


def test_nothing_is_defined_where_everybody_says_the_same() -> None:
    found = measure_agreement([{"a": 1, "b": 1}] * 10, np.eye(2))
    assert found.raw.value == 1.0
    assert np.isnan(found.kappa.value)
    assert found.ac.value == 1.0  # chance is 0 there, and AC keeps its meaning


def test_a_table_without_double_ratings_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        measure_agreement([{"a": 1}, {"b": 0}], np.eye(2))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.fixed_dictionaries({"a": st.integers(0, 2), "b": st.integers(0, 2)}), min_size=3, max_size=30))
def test_names_of_unordered_categories_do_not_matter(units: list[dict[str, int]]) -> None:
    turned = [{rater: 2 - category for rater, category in unit.items()} for unit in units]
    first, second = (measure_agreement(each, np.eye(3), repetitions=2) for each in (units, turned))
    for name in ("raw", "alpha", "kappa", "ac"):
        assert getattr(first, name).value == pytest.approx(getattr(second, name).value, nan_ok=True)
