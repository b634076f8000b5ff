"""Reviewers' levels, spreads and changes on simulated panels whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.appraisal.mixed_model import Floats
from qa_pipeline.appraisal.severity import ReviewerSeverity, Reviews, holm, measure_severity

AGENTS, REVIEWERS, COUNT, MONTHS = 40, 8, 400, 4


def _panel(seed: int, severity: Floats) -> Reviews:
    """400 contacts of 40 agents by 8 reviewers over four months, 40 of them by a second one."""
    random = np.random.default_rng(seed)
    agent, reviewer = random.integers(0, AGENTS, COUNT), random.integers(0, REVIEWERS, COUNT)
    month = random.integers(0, MONTHS, COUNT)
    found = (70 + 5 * random.standard_normal(AGENTS))[agent] + 10 * random.standard_normal(COUNT)
    machine = 66 + 0.7 * (found - 70) + 4.5 * random.standard_normal(COUNT)
    twice = np.arange(40)
    who = np.concatenate([reviewer, (reviewer[twice] + 1) % REVIEWERS])
    rows = np.concatenate([np.arange(COUNT), twice])
    return Reviews(
        contact=rows,
        agent=agent[rows],
        reviewer=who,
        month=month[rows],
        machine=machine[rows],
        points=found[rows] + severity[who] + 5.6 * random.standard_normal(len(rows)),
        targeted=np.zeros(len(rows), dtype=np.bool_),
    )


@pytest.mark.parametrize(
    ("n", "ci95", "told"),
    [
        (5, (1.2, 12.1), (False, True)),
        (5, (-9.0, -0.1), (True, False)),
        (5, (-1.0, 2.0), (False, False)),
        (4, (1.2, 12.1), (False, False)),
    ],
)
def test_a_few_reviews_name_nobody(n: int, ci95: tuple[float, float], told: tuple[bool, bool]) -> None:
    found = ReviewerSeverity(
        reviewer=0,
        points=sum(ci95) / 2,
        ci95=ci95,
        n=n,
        shared_count=1,
        spread_ratio=None,
        spread_ci95=None,
        gives_all_the_same=False,
        months=(),
        change=None,
    )
    assert (found.is_strict, found.is_mild) == told


def test_intervals_hold_and_changes_are_rarely_seen_where_there_are_none() -> None:
    held, alarms, together = [], [], []
    for seed in range(20):
        severity = 4 * np.random.default_rng(1000 + seed).standard_normal(REVIEWERS)
        found = measure_severity(_panel(seed, severity))
        truth = severity - severity.mean()
        held += [each.ci95[0] <= truth[each.reviewer] <= each.ci95[1] for each in found.reviewers]
        alarms.append(any(each.change is not None and each.change.is_certain for each in found.reviewers))
        together.append(found.change_p is not None and found.change_p < 0.05)
    # 160 intervals at .95: two standard errors are .034. 20 panels at .05: four or more in 2 of 100 cases.
    assert 0.90 <= np.mean(held) <= 0.995
    assert sum(alarms) <= 4
    assert sum(together) <= 4


def test_a_reviewer_who_becomes_strict_is_told_from_the_rest() -> None:
    panel = _panel(3, np.zeros(REVIEWERS))
    changed = (panel.reviewer == 2) & (panel.month == MONTHS - 1)
    panel.points[changed] -= 12
    found = measure_severity(panel)
    certain = [each.reviewer for each in found.reviewers if each.change is not None and each.change.is_certain]
    assert certain == [2]
    assert found.reviewers[2].change is not None
    assert found.reviewers[2].change.ci95[0] < -12 < found.reviewers[2].change.ci95[1]
    assert found.change_p is not None
    assert found.change_p < 0.05


def test_who_gives_everybody_the_same_is_seen_by_the_spread() -> None:
    panel = _panel(5, np.zeros(REVIEWERS))
    panel.points[panel.reviewer == 0] = 80.0
    narrow = panel.reviewer == 1
    panel.points[narrow] = 75 + 0.3 * (panel.points[narrow] - 75)
    found = measure_severity(panel).reviewers
    assert [each.gives_all_the_same for each in found] == [True] + [False] * 7
    assert [each.is_narrow for each in found[:2]] == [True, True]
    assert sum(each.is_narrow for each in found[2:]) <= 1


def test_too_few_reviews_say_nothing() -> None:
    panel = _panel(1, np.zeros(REVIEWERS))
    few = Reviews(**{name: getattr(panel, name)[:19] for name in Reviews.__slots__})
    with pytest.raises(ValueError, match="too few"):
        measure_severity(few)


def test_a_corrected_p_by_hand() -> None:
    # Ascending .01, .02, .04 times 3, 2, 1: .03, .04, .04.
    assert holm([0.02, 0.04, 0.01]) == pytest.approx([0.04, 0.04, 0.03])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_correction_lowers_nothing_and_keeps_the_order(values: list[float]) -> None:
    corrected = holm(values)
    assert all(value <= other <= 1 for value, other in zip(values, corrected, strict=True))
    pairs = sorted(zip(values, corrected, strict=True))
    assert [other for _, other in pairs] == sorted(corrected)
