"""Comparisons of a choice with what its design gives."""

from __future__ import annotations

import numpy as np
import pytest

from qa_pipeline.appraisal.sample_audit import compare_groups
from qa_pipeline.appraisal.sampling import PerGroup, Proportional, random_numbers

IDS = [f"C-{place}" for place in range(200)]
ONE_GROUP = np.zeros(200, dtype=np.intp)


def test_leaving_out_long_calls_stands_out_and_an_honest_draw_does_not() -> None:
    lengths = ["long" if place < 40 else "short" for place in range(200)]
    teams = ["A" if place % 2 else "B" for place in range(200)]
    design = PerGroup(ONE_GROUP, 60)
    honest = compare_groups({"length": lengths, "team": teams}, design.draw(random_numbers(5, IDS)), design)
    assert [one.stands_out for one in honest] == [False, False]
    only_short = np.zeros(200, dtype=np.bool_)
    only_short[40:100] = True
    length, team = compare_groups({"length": lengths, "team": teams}, only_short, design)
    # No draw of 399 is as far off: p = 1 / 400.
    assert (length.p_value, length.stands_out, team.stands_out) == (0.0025, True, False)
    long_calls = length.groups[0]
    # 60 of 200 drawn, so 12 of the 40 long calls.
    assert (long_calls.group, long_calls.available_count, long_calls.chosen_count) == ("long", 40, 0)
    assert long_calls.expected_count == pytest.approx(12.0)
    assert 5 <= long_calls.low < 12 < long_calls.high <= 19


def test_what_the_design_fixes_cannot_differ() -> None:
    agents = np.arange(200) // 20
    design = PerGroup(agents, 3)
    (found,) = compare_groups({"agent": [str(agent) for agent in agents]}, design.draw(random_numbers(1, IDS)), design)
    assert found.p_value == 1.0
    assert {(group.chosen_count, group.low, group.high) for group in found.groups} == {(3, 3.0, 3.0)}


def test_a_group_with_greater_chances_is_expected_more_often() -> None:
    flagged = ["yes" if place < 20 else "no" for place in range(200)]
    design = Proportional(np.where(np.arange(200) < 20, 9.0, 1.0), 36)
    (found,) = compare_groups({"flagged": flagged}, design.draw(random_numbers(2, IDS)), design)
    # 36 * 180 / 360 and 36 * 180 / 360.
    assert [group.expected_count for group in found.groups] == [pytest.approx(18.0), pytest.approx(18.0)]
    assert not found.stands_out


def test_false_alarms_are_rare() -> None:
    groups = [str(place % 8) for place in range(200)]
    design = PerGroup(ONE_GROUP, 30)
    alarms = sum(
        compare_groups({"queue": groups}, design.draw(random_numbers(seed, IDS)), design, repetitions=199)[0].stands_out
        for seed in range(200)
    )
    # 5 % of 200 is 10; four standard errors of sqrt(200 * .05 * .95) = 3.1 above.
    assert alarms <= 22
