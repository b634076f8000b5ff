"""Gaps by group on simulated audits: rarely found where there are none, found where they are."""

from __future__ import annotations

import numpy as np
import pytest

from qa_pipeline.appraisal.gaps import GapAudit, GapVerdict, measure_gaps, pass_ratios

AGENTS, PER_AGENT, REVIEWERS, GROUPS = 60, 5, 8, 3
REPETITIONS = 60


def _audit(random: np.random.Generator, effect: float, *, by_agent: bool, agents: int = AGENTS) -> GapAudit:
    """Errors of the machine: by agent 3 points, by contact 8; reviewers 4. Group 0 is scored `effect` higher."""
    agent = np.repeat(np.arange(agents), PER_AGENT)
    group = (np.arange(agents) % GROUPS)[agent] if by_agent else np.arange(len(agent)) % GROUPS
    reviewer = random.integers(0, REVIEWERS, len(agent))
    gap = -4 + 3 * random.standard_normal(agents)[agent] + 4 * random.standard_normal(REVIEWERS)[reviewer]
    gap = gap + 8 * random.standard_normal(len(agent)) + effect * (group == 0)
    return measure_gaps(gap, agent, reviewer, group, relevant_points=3.0)


@pytest.mark.parametrize("by_agent", [True, False])
def test_no_gap_is_rarely_taken_for_one(by_agent: bool) -> None:
    random = np.random.default_rng(11)
    found = [_audit(random, 0.0, by_agent=by_agent) for _ in range(REPETITIONS)]
    # At a level of .05 eight or more of 60 come up once in 100 times.
    assert sum(each.p < 0.05 for each in found) <= 7
    assert sum(any(one.verdict is GapVerdict.GAP for one in each.groups) for each in found) <= 7


def test_a_gap_of_six_points_is_found_with_its_size() -> None:
    random = np.random.default_rng(12)
    found = [_audit(random, -6.0, by_agent=True).groups[0] for _ in range(20)]
    assert sum(each.verdict is GapVerdict.GAP for each in found) >= 18
    assert np.mean([each.difference for each in found]) == pytest.approx(-6.0, abs=0.8)
    assert sum(each.ci95[0] < -6 < each.ci95[1] for each in found) >= 17
    # What could have been detected is about what the simulations above detect in 4 of 5 cases.
    assert 3.0 < np.mean([each.detectable for each in found]) < 4.5


def test_with_few_agents_it_cannot_tell_and_says_from_what_size_it_could() -> None:
    found = _audit(np.random.default_rng(13), 0.0, by_agent=True, agents=9).groups[0]
    assert found.verdict is GapVerdict.CANNOT_TELL
    assert found.detectable > 6


def test_many_reviews_without_a_gap_say_that_none_matters() -> None:
    random = np.random.default_rng(14)
    count = 3000
    found = measure_gaps(
        random.standard_normal(count),
        np.arange(count) % 100,
        np.arange(count) % 7,
        np.arange(count) % 2,
        relevant_points=3.0,
    )
    assert [each.verdict for each in found.groups] == [GapVerdict.NONE, GapVerdict.NONE]


def test_one_group_or_too_few_reviews_are_refused() -> None:
    few = np.arange(19)
    with pytest.raises(ValueError, match="too few"):
        measure_gaps(few * 1.0, few, few % 3, few % 2, relevant_points=3.0)
    many = np.arange(60)
    with pytest.raises(ValueError, match="too few"):
        measure_gaps(many * 1.0, many % 20, many % 3, many * 0, relevant_points=3.0)


def test_ratios_carry_a_mark_where_chance_rules() -> None:
    # 90 of 100 and 30 of 40: .75 / .9 = .833; the third has four failures only.
    found = pass_ratios([("a", 100, 90), ("b", 40, 30), ("c", 20, 16), ("d", 0, 0)])
    assert [(each.group, each.ratio, each.is_small) for each in found] == [
        ("a", 1.0, False),
        ("b", pytest.approx(0.8333, abs=1e-4), False),
        ("c", pytest.approx(0.8889, abs=1e-4), True),
    ]
    assert pass_ratios([("a", 10, 0)]) == ()
