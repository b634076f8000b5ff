"""The hazard model: what it learns, that it is calibrated, and that a saved one is the same."""

import numpy as np
import pytest

from models.attrition.features import Features
from models.attrition.hazard import (
    calibrated_slope,
    choose_strength,
    fit_hazard,
    updated,
)
from qa_pipeline.errors import InputError


def people(n: int = 4000, seed: int = 0) -> tuple[Features, np.ndarray]:
    """Return people whose log odds of leaving are -2 + load, +1 more on the night shift; one in ten has no load."""
    random = np.random.default_rng(seed)
    load, night = random.normal(size=n), random.random(n) < 0.3
    left = random.random(n) < 1 / (1 + np.exp(2 - load - night))
    load[random.random(n) < 0.1] = np.nan
    shift = np.where(night, "night", "day").astype(object)
    return Features(
        numbers={"load": load}, categories={"shift": shift}, groups={"load": "work", "shift": "roster"}
    ), left


def test_it_finds_the_weights_and_is_calibrated() -> None:
    features, left = people(40_000)
    model = fit_hazard(features, left, strength=1.0, horizon_months=1)
    weights = {
        (column.feature, column.level, column.is_missing): weight / column.sd
        for column, weight in zip(model.encoder.columns, model.weights, strict=True)
    }
    assert weights["load", None, False] == pytest.approx(1.0, abs=0.06)
    # Two levels share the difference of 1 between them.
    assert weights["shift", "night", False] - weights["shift", "day", False] == pytest.approx(1.0, abs=0.1)
    unseen, went = people(40_000, seed=1)
    chances = model.probabilities(unseen)
    assert chances.sum() / went.sum() == pytest.approx(1.0, abs=0.03)
    assert calibrated_slope(chances, went) == pytest.approx(1.0, abs=0.05)


def test_a_refit_is_the_same() -> None:
    features, left = people()
    model = fit_hazard(features, left, strength=0.1, horizon_months=2)
    again = fit_hazard(features, left, strength=0.1, horizon_months=2)
    assert np.abs(model.probabilities(features) - again.probabilities(features)).max() < 1e-9


def test_a_new_category_is_none_of_the_known_ones() -> None:
    features, left = people()
    model = fit_hazard(features, left, strength=0.1, horizon_months=1)
    strange = Features(
        numbers={"load": np.zeros(1)}, categories={"shift": np.array(["split"], object)}, groups=features.groups
    )
    assert model.encoder.unknown_levels(strange) == {"shift": ("split",)}
    assert 0 < model.probabilities(strange)[0] < 1


def test_constant_columns_are_left_out_and_one_class_is_refused() -> None:
    features, left = people(200)
    constant = Features(numbers={**features.numbers, "same": np.ones(200)}, categories={}, groups=features.groups)
    model = fit_hazard(constant, left, strength=0.1, horizon_months=1)
    assert "same" not in {column.feature for column in model.encoder.columns}
    with pytest.raises(InputError, match="nothing to learn from"):
        fit_hazard(features, np.zeros(200, np.bool_), strength=0.1, horizon_months=1)
    alone = Features(numbers={"same": np.ones(200)}, categories={}, groups={"same": "a"})
    with pytest.raises(InputError, match="No feature differs"):
        fit_hazard(alone, left, strength=0.1, horizon_months=1)


def test_contributions_are_grouped_and_add_up() -> None:
    features, left = people()
    model = fit_hazard(features, left, strength=0.1, horizon_months=1)
    groups, parts = model.contributions(features)
    assert groups == ("work", "roster")
    assert np.allclose(parts.sum(axis=1) + model.intercept, model.scores(features))


def test_the_intercept_follows_recent_months_cautiously() -> None:
    features, left = people()
    model = fit_hazard(features, left, strength=0.1, horizon_months=1)
    expected = float(model.probabilities(features).sum())
    moved = updated(model, features, np.zeros(len(left), np.bool_))
    # Nobody left: (0 + 10) / (expected + 10) of what was expected, not zero.
    assert moved.probabilities(features).sum() == pytest.approx(expected * 10 / (expected + 10), rel=1e-6)
    assert moved.weights == model.weights


def test_few_exits_take_a_strong_penalty_without_asking_the_data() -> None:
    features, left = people()
    assert choose_strength([(features, left, features, left)], exits=99) == 0.02
    assert choose_strength([], exits=1000) == 0.02
