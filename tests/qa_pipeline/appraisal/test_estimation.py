"""Agents' scores from all machine scores and a few reviews."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qa_pipeline.appraisal.estimation import Reviewed, Scored, estimate_agents
from qa_pipeline.appraisal.prediction_powered import estimate_mean
from qa_pipeline.appraisal.ranks import rank


def _site(seed: int = 0, agents: int = 40, calls: int = 30, reviews: int = 4) -> tuple[Scored, Reviewed]:
    random = np.random.default_rng(seed)
    truth = 70 + 6 * random.standard_normal(agents)
    agent = np.repeat(np.arange(agents), calls)
    said = truth[agent] + 8 * random.standard_normal(len(agent))
    chosen = np.concatenate([place * calls + random.choice(calls, reviews, replace=False) for place in range(agents)])
    reviewer = random.integers(0, 4, len(chosen))
    score = said[chosen] + np.array([6.0, 0.0, 0.0, -6.0])[reviewer] + random.standard_normal(len(chosen))
    return (
        Scored(agent=agent, score=0.5 * said + 20 + random.standard_normal(len(agent)), case=np.zeros_like(agent)),
        Reviewed(contact=chosen, reviewer=reviewer, score=score, targeted=np.zeros(len(chosen), dtype=bool)),
    )


def _panel(seed: int, spread: float = 6.0, calls: int = 60, reviews: int = 5) -> tuple[np.ndarray, Scored, Reviewed]:
    """Truth with SD `spread`, contacts around it with SD 8, a machine that tells nothing and ten reviewers."""
    random = np.random.default_rng(seed)
    truth = 70 + spread * random.standard_normal(200)
    agent = np.repeat(np.arange(200), calls)
    said = truth[agent] + 8 * random.standard_normal(len(agent))
    chosen = np.concatenate([place * calls + random.choice(calls, reviews, replace=False) for place in range(200)])
    reviewer = random.integers(0, 10, len(chosen))
    score = said[chosen] + 4 * random.standard_normal(10)[reviewer]
    scored = Scored(agent=agent, score=np.full(len(agent), 70.0), case=np.zeros_like(agent))
    return (
        truth,
        scored,
        Reviewed(contact=chosen, reviewer=reviewer, score=score, targeted=np.zeros(len(chosen), dtype=bool)),
    )


def test_reliability_is_the_squared_correlation_with_the_truth() -> None:
    # 6^2 / (6^2 + 8^2 / 5) = .74, less what severities cost.
    told, squared = [], []
    for seed in range(6):
        truth, scored, reviewed = _panel(seed)
        found = estimate_agents(scored, reviewed)
        told.append(found.reliability.mean())
        squared.append(np.corrcoef(found.value, truth)[0, 1] ** 2)
    assert np.mean(told) == pytest.approx(0.73, abs=0.03)
    assert np.mean(told) == pytest.approx(np.mean(squared), abs=0.02)


def test_the_minimum_of_reviews_is_what_a_reliability_of_7_tenths_takes() -> None:
    # m / (m + 8^2 / 6^2) = .7 at m = 4.1; with a spread of 3 at 16.6, more than the 15 contacts that there are.
    needed = [estimate_agents(*_panel(seed)[1:]).minimum_reviews for seed in range(5)]
    assert sorted(needed)[2] == 5
    assert estimate_agents(*_panel(0, spread=2.0, calls=15)[1:]).minimum_reviews is None


def test_severity_of_reviewers_is_found_and_taken_away() -> None:
    found = estimate_agents(*_site())
    assert found.severity == pytest.approx([6, 0, 0, -6], abs=1.0)
    assert found.severity.sum() == pytest.approx(0, abs=1e-9)


def test_a_shift_of_the_machine_changes_nothing_and_one_of_the_reviews_shifts_all() -> None:
    scored, reviewed = _site()
    plain = estimate_agents(scored, reviewed)
    shifted = estimate_agents(replace(scored, score=scored.score - 10), reviewed)
    np.testing.assert_allclose(shifted.value, plain.value, atol=1e-4)
    raised = estimate_agents(scored, replace(reviewed, score=reviewed.score + 7))
    np.testing.assert_allclose(raised.value, plain.value + 7, atol=1e-4)


def test_an_agent_whom_the_machine_wrongs_is_righted_by_reviews() -> None:
    scored, reviewed = _site()
    wronged = replace(scored, score=scored.score - 8 * (scored.agent == 0))
    machine_drop = 8.0
    estimate_drop = estimate_agents(scored, reviewed).value[0] - estimate_agents(wronged, reviewed).value[0]
    assert estimate_drop < machine_drop / 2


def test_fewer_than_two_random_reviews_are_no_sufficient_evidence() -> None:
    scored, reviewed = _site()
    kept = np.ones(len(reviewed.score), dtype=bool)
    kept[1:4] = False  # the first agent keeps one review of four
    targeted = np.zeros(len(reviewed.score), dtype=bool)
    targeted[4:7] = True  # the second has three that a complaint chose, and one at random
    fewer = Reviewed(
        contact=reviewed.contact[kept],
        reviewer=reviewed.reviewer[kept],
        score=reviewed.score[kept],
        targeted=targeted[kept],
    )
    found = estimate_agents(scored, fewer)
    assert found.random_review_count[:3].tolist() == [1, 1, 4]
    assert found.sufficient[:3].tolist() == [False, False, True]
    assert found.se[0] > found.se[2]


def test_reviews_that_complaints_chose_do_not_lower_the_agent_they_are_marked_for() -> None:
    scored, reviewed = _site(reviews=6)
    harsh = reviewed.score.copy()
    targeted = np.zeros(len(harsh), dtype=bool)
    targeted[::6] = True
    harsh[::6] -= 20  # what complaints choose is bad, for everybody alike
    plain = estimate_agents(scored, reviewed).value
    marked = estimate_agents(scored, replace(reviewed, score=harsh, targeted=targeted)).value
    unmarked = estimate_agents(scored, replace(reviewed, score=harsh)).value
    assert abs((marked - plain).mean()) < 1.0
    assert (unmarked - plain).mean() == pytest.approx(-20 / 6, abs=1.0)


def test_draws_have_the_standard_errors_of_the_estimates() -> None:
    found = estimate_agents(*_site())
    draws = found.draws(20_000, seed=1)
    np.testing.assert_allclose(draws.mean(axis=0), found.value, atol=0.1)
    np.testing.assert_allclose(draws.std(axis=0), found.se, rtol=0.05)


def test_too_few_reviews_are_refused() -> None:
    scored, reviewed = _site(agents=4)
    few = Reviewed(**{name: getattr(reviewed, name)[:10] for name in ("contact", "reviewer", "score", "targeted")})
    with pytest.raises(ValueError, match="too few"):
        estimate_agents(scored, few)


def test_a_machine_without_difference_leaves_the_reviews_alone() -> None:
    scored, reviewed = _site()
    found = estimate_agents(replace(scored, score=np.full_like(scored.score, 70.0)), reviewed)
    agent = scored.agent[reviewed.contact]
    means = np.bincount(agent, reviewed.score) / np.bincount(agent)
    assert np.corrcoef(found.value, means)[0, 1] > 0.9
    # Four reviews each: drawn towards the mean of all, as far as they cannot be believed.
    assert found.value.std() < means.std()
    assert found.se.min() > 1.0


def test_reviewers_who_agree_to_the_last_point_leave_the_machine_its_word() -> None:
    scored, reviewed = _site()
    found = estimate_agents(scored, replace(reviewed, score=scored.score[reviewed.contact]))
    means = np.bincount(scored.agent, scored.score) / np.bincount(scored.agent)
    np.testing.assert_allclose(found.value, means, atol=0.01)
    np.testing.assert_allclose(found.severity, 0, atol=0.01)
    # What is left is that 30 contacts are a sample: the standard deviation within agents, near 4.1, over sqrt(30).
    np.testing.assert_allclose(found.se, 0.5 * 8 / 30**0.5, rtol=0.15)


def test_one_reviewer_has_nobody_to_be_stricter_than() -> None:
    scored, reviewed = _site()
    found = estimate_agents(scored, replace(reviewed, reviewer=np.zeros_like(reviewed.reviewer)))
    assert found.severity.tolist() == [0.0]
    assert np.isfinite(found.se).all()


def test_a_reviewer_who_always_gives_the_same_is_taken_for_mild_and_stops_nothing() -> None:
    scored, reviewed = _site()
    score = np.where(reviewed.reviewer == 0, 95.0, reviewed.score)
    found = estimate_agents(scored, replace(reviewed, score=score))
    assert found.severity.argmax() == 0
    assert np.isfinite(found.se).all() and (found.se > 0).all()


def test_kinds_of_case_with_few_reviews_have_no_effect_of_their_own() -> None:
    # 160 reviews over 400 kinds of case: no kind has five.
    scored, reviewed = _site()
    many = np.arange(len(scored.agent)) % 400
    found = estimate_agents(replace(scored, case=many), reviewed)
    # Intercept, the machine's score and the agent's mean of it.
    assert len(found.fit.fixed) == 3
    assert np.isfinite(found.value).all()


def test_ranks_come_as_intervals_and_probabilities() -> None:
    # Three agents: two whose draws overlap fully and one clearly last.
    draws = np.array([[80.0, 81.0, 50.0], [81.0, 80.0, 51.0]] * 50)
    found = rank(draws)
    assert list(zip(found.low, found.high, strict=True)) == [(1, 2), (1, 2), (3, 3)]
    assert found.above_average.tolist() == [1.0, 1.0, 0.0]
    tied = rank(np.random.default_rng(0).normal(70, 1, (1000, 3)))
    assert tied.above_average == pytest.approx([0.5] * 3, abs=0.06)


def test_a_mean_is_corrected_by_what_people_found() -> None:
    # Machine scores 0, 0, 10, 10 and reviews of all four: 1, 1, 5, 5. By hand:
    # covariance of (0, 0, 10, 10) and (1, 1, 5, 5) is 10, variance 25: slope .4, over 1 + 4 / 4 gives .2.
    # Rest: 1, 1, 3, 3, mean 2; the machine's mean is 5: 2 + .2 * 5 = 3, which is the mean of the reviews.
    machine, review = np.array([0.0, 0.0, 10.0, 10.0]), np.array([1.0, 1.0, 5.0, 5.0])
    found = estimate_mean(machine, machine, review)
    assert (found.weight, found.value) == pytest.approx((0.2, 3.0))
    # 4,000 contacts with a mean of 7.5: slope .4 / 1.001; rest 1 and 5 - 10 * slope, mean 3 - 5 * slope.
    many = np.concatenate([np.zeros(1_000), np.full(3_000, 10.0)])
    assert estimate_mean(many, machine, review).value == pytest.approx(3 + 2.5 * 0.4 / 1.001)


def test_contacts_that_were_likely_chosen_weigh_less() -> None:
    # Half the reviews come from contacts chosen five times as often: weights 1 and 5, mean (1 * 0 + 5 * 6) / 6 = 5.
    machine = np.zeros(10)
    found = estimate_mean(machine, np.zeros(2), np.array([0.0, 6.0]), np.array([0.5, 0.1]))
    assert found.value == pytest.approx(5.0)
    with pytest.raises(ValueError, match="probability"):
        estimate_mean(machine, np.zeros(2), np.array([0.0, 6.0]), np.array([0.5, 0.0]))
