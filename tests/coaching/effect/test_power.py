"""Power by published tables, and the spread of changes by hand."""

from __future__ import annotations

import numpy as np
import pytest

from coaching.effect.power import find_change_spread, find_power
from qa_pipeline.errors import InputError


def test_power_is_that_of_the_tables() -> None:
    # Cohen (1988), table 2.3.5: d = .8 with 26 in each group has a power of .81; d = .5 needs 64 in each for .80.
    assert find_power(26, 26, 0.8, 1.0).power == pytest.approx(0.807, abs=0.005)
    assert find_power(10, 10, 0.5, 1.0).needed_count == 64
    assert find_power(26, 26, 0.8, 1.0).needed_count == 26


def test_no_effect_is_found_in_one_of_twenty() -> None:
    found = find_power(12, 100, 0.0, 3.0)
    assert found.power == pytest.approx(0.05, abs=1e-6)
    assert found.needed_count is None


def test_an_interval_reaches_as_far_as_its_people_allow() -> None:
    # Equal groups of 10 and an SD of 2: t(18, .975) = 2.101 times 2 x sqrt(2/10).
    assert find_power(10, 10, 3.0, 2.0).half_width_points == pytest.approx(2.101 * 2 * np.sqrt(0.2), abs=0.001)


def test_two_people_have_no_power() -> None:
    with pytest.raises(InputError, match="three people"):
        find_power(2, 40, 3.0, 2.0)


def test_the_spread_of_changes_by_hand() -> None:
    # Selection can be in month 5 alone (before 0-3, after 6-9): changes 1, 2, 3 have an SD of 1.
    table = np.zeros((3, 10))
    table[:, 6:] = np.array([1.0, 2.0, 3.0])[:, None]
    found = find_change_spread(table)
    assert found.sd_points == pytest.approx(1.0)
    assert found.change_count == 3


def test_a_short_history_has_no_spread() -> None:
    with pytest.raises(InputError, match="too few months"):
        find_change_spread(np.zeros((20, 8)))
