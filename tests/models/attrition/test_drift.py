"""Drift: inputs that moved, and the gate over closed months."""

from __future__ import annotations

import numpy as np
import pytest

from models.attrition.drift import ClosedMonth, GateState, gate, learn_reference, observed_minus_expected, psi
from models.attrition.features import Features

GROUPS = {"load": "work", "shift": "roster"}


def features(load: list[float], shift: list[str]) -> Features:
    return Features(numbers={"load": np.array(load)}, categories={"shift": np.array(shift, object)}, groups=GROUPS)


def test_psi_by_hand() -> None:
    then = features([0.0] * 5 + [1.0] * 5, ["day"] * 8 + ["night"] * 2)
    reference = learn_reference(then)
    assert psi(reference, then) == pytest.approx({"load": 0.0, "shift": 0.0})
    now = features([0.0] * 5 + [1.0] * 5, ["day"] * 5 + ["night"] * 5)
    # (.5 - .8) ln(.5/.8) + (.5 - .2) ln(.5/.2) = .141 + .275
    assert psi(reference, now)["shift"] == pytest.approx(0.4159, abs=1e-4)
    # A level that was never seen is a bin of its own, held at .0001 then: (.5 - .8) ln(.5/.8) + .2 ln 1 ... + .5 - …
    new = features([float("nan")] * 10, ["split"] * 10)
    assert psi(reference, new)["shift"] > 5
    assert psi(reference, new)["load"] > 5


def months(predicted: float, observed: int, count: int = 6) -> list[ClosedMonth]:
    return [
        ClosedMonth(month=24_000 + place, predicted=predicted, variance=predicted, observed=observed)
        for place in range(count)
    ]


@pytest.mark.parametrize(
    ("predicted", "observed", "state"),
    [
        (10.0, 10, GateState.OPEN),
        (12.5, 10, GateState.OPEN),
        (12.6, 10, GateState.HIDDEN),
        (7.9, 10, GateState.HIDDEN),
        (2.0, 0, GateState.HIDDEN),
    ],
)
def test_the_gate_looks_at_six_months_together(predicted: float, observed: int, state: GateState) -> None:
    # An older month that was far off does not count.
    old = [ClosedMonth(month=23_999, predicted=500.0, variance=1.0, observed=1)]
    assert gate([*old, *months(predicted, observed)]).state is state
    assert gate(months(predicted, observed, 5)).state is GateState.TOO_FEW_MONTHS


def test_one_month_that_swings_closes_nothing() -> None:
    swing = [*months(10.0, 10, 4), ClosedMonth(month=24_004, predicted=10.0, variance=9.0, observed=18)]
    swing.append(ClosedMonth(month=24_005, predicted=10.0, variance=9.0, observed=3))
    found = gate(swing)
    assert found.state is GateState.OPEN
    assert found.ratio == pytest.approx(60 / 61)
    assert found.ci95 is not None
    # Garwood's 95 % limits of a count of 61 are 46.66 and 78.36.
    assert found.ci95 == pytest.approx((60 / 78.36, 60 / 46.66), rel=1e-3)


def test_the_sum_of_surprises_has_limits() -> None:
    rows = observed_minus_expected(
        [
            ClosedMonth(month=24_001, predicted=3.0, variance=2.0, observed=1),
            ClosedMonth(month=24_000, predicted=4.0, variance=2.0, observed=7),
        ]
    )
    assert [row.month for row in rows] == [24_000, 24_001]
    assert [row.cumulative for row in rows] == pytest.approx([3.0, 1.0])
    # 1.96 x sqrt(2) and 1.96 x sqrt(4)
    assert [row.high for row in rows] == pytest.approx([2.772, 3.92], abs=1e-3)
    assert [row.low for row in rows] == pytest.approx([-2.772, -3.92], abs=1e-3)
