"""Signals of strain: at the limit, beyond it, and where figures are missing."""

from __future__ import annotations

from math import log1p, nan

import numpy as np

from models.attrition.features import Features
from models.attrition.signals import GROUPS, SIGNALS, find_signals
from models.attrition.table_mapping import get_table_mapping


def features(**numbers: list[float]) -> Features:
    return Features(
        numbers={name: np.array(values, np.float64) for name, values in numbers.items()}, categories={}, groups={}
    )


def test_each_limit_holds_from_its_own_value_on() -> None:
    found = find_signals(
        features(
            quality_change=[-1.9, -2.0, nan, 5.0],
            low_csat_months=[2, 3, 4, 0],
            absence_days=[log1p(2), log1p(3), nan, 0],
            new_hire=[0, 0, 1, 0],
        )
    )
    assert found == [
        (),
        ("falling_quality", "low_satisfaction", "unplanned_absence"),
        ("low_satisfaction", "new_hire"),  # what is not known is no signal
        (),
    ]


def test_inputs_that_are_not_there_give_none() -> None:
    assert find_signals(features(workload=[99.0, 1.0])) == [(), ()]
    assert find_signals(features()) == []


def test_every_signal_can_fire_on_what_the_site_itself_gives() -> None:
    own = get_table_mapping("own")
    extremes = [find_signals(features(**{name: [value] for name in own.features}))[0] for value in (-100.0, 100.0)]
    assert {signal for each in extremes for signal in each} == set(SIGNALS)
    assert {rule.group for rule in own.features.values()} == set(GROUPS)
