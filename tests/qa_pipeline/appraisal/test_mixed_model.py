"""The mixed model against the same likelihood written out in full, and against hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from qa_pipeline.appraisal.mixed_model import Floats, fit_mixed


def _dense_deviance(outcome: Floats, fixed: Floats, agents: Floats, reviewers: Floats, variances: Floats) -> float:
    """Return -2 times the restricted log-likelihood by its definition: V = s_u^2 ZZ' + s_r^2 WW' + s_e^2 I."""
    covariance = variances[0] * agents @ agents.T + variances[1] * reviewers @ reviewers.T
    covariance = covariance + variances[2] * np.eye(len(outcome))
    inverse = np.linalg.inv(covariance)
    information = fixed.T @ inverse @ fixed
    residual = outcome - fixed @ np.linalg.solve(information, fixed.T @ inverse @ outcome)
    logs = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1]
    return float(logs + residual @ inverse @ residual)


def _data(seed: int = 0) -> tuple[Floats, Floats, Floats, Floats]:
    random = np.random.default_rng(seed)
    agent, reviewer = np.repeat(np.arange(20), 4), random.integers(0, 5, 80)
    fixed = np.column_stack([np.ones(80), random.normal(70, 9, 80)])
    outcome = fixed @ [20.0, 0.7] + 4 * random.normal(size=20)[agent] + 3 * random.normal(size=5)[reviewer]
    return outcome + 5 * random.normal(size=80), fixed, agent, reviewer


def test_the_variances_maximise_the_restricted_likelihood_written_out_in_full() -> None:
    outcome, fixed, agent, reviewer = _data(3)
    fit = fit_mixed(outcome, fixed, agent, reviewer)
    found = np.array([fit.agent_variance, fit.reviewer_variance, fit.residual_variance])
    dense = minimize(
        lambda logs: _dense_deviance(outcome, fixed, np.eye(20)[agent], np.eye(5)[reviewer], np.exp(logs)),
        np.log([10.0, 10.0, 10.0]),
        method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 5000},
    )
    np.testing.assert_allclose(found, np.exp(dense.x), rtol=1e-3, atol=1e-3)


def test_effects_and_errors_are_those_of_the_full_equations() -> None:
    outcome, fixed, agent, reviewer = _data(1)
    fit = fit_mixed(outcome, fixed, agent, reviewer)
    design = np.hstack([fixed, np.eye(5)[reviewer], np.eye(20)[agent]])
    equations = design.T @ design
    equations[2:7, 2:7] += np.eye(5) * fit.residual_variance / fit.reviewer_variance
    equations[7:, 7:] += np.eye(20) * fit.residual_variance / fit.agent_variance
    inverse = np.linalg.inv(equations)
    solution = inverse @ design.T @ outcome
    np.testing.assert_allclose(np.concatenate([fit.fixed, fit.reviewers, fit.agents]), solution, atol=1e-8)

    rows = np.column_stack([np.ones(20), np.linspace(60, 80, 20)])
    wanted = np.hstack([rows, np.full((20, 5), 0.2), np.eye(20)])
    shared, own = fit.error_factors(rows)
    errors = shared @ shared.T + np.diag(own**2)
    np.testing.assert_allclose(errors, fit.residual_variance * wanted @ inverse @ wanted.T, atol=1e-8)


def test_balanced_data_give_the_variances_of_the_analysis_of_variance() -> None:
    # Two agents by two reviewers, each pair twice. Sums of squares by hand: grand mean 5.
    # Agents' means 7 and 3: SS = 4 (2^2 + 2^2) = 32, MS_a = 32 with 1 degree of freedom.
    # Reviewers' means 6 and 4: SS = 4 (1 + 1) = 8, MS_r = 8. Cells: 8.5, 5.5 / 3.5, 2.5, interaction
    # 8.5 - (5 + 2 + 1) = .5: SS = 2 * 4 * .25 = 2; within cells +-.5 each: SS = 8 * .25 = 2. The model has no
    # interaction, so MS_e = (2 + 2) / 5 = .8. E(MS_a) = e + 4 a: a = (32 - .8) / 4 = 7.8; r = (8 - .8) / 4 = 1.8.
    outcome = np.array([9.0, 8.0, 6.0, 5.0, 4.0, 3.0, 3.0, 2.0])
    agent, reviewer = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 1, 1, 0, 0, 1, 1])
    fit = fit_mixed(outcome, np.ones((8, 1)), agent, reviewer)
    assert fit.fixed[0] == pytest.approx(5.0)
    assert (fit.agent_variance, fit.reviewer_variance, fit.residual_variance) == pytest.approx(
        (7.8, 1.8, 0.8), rel=1e-3
    )


def test_an_agent_without_a_row_gets_no_effect_and_the_full_variance() -> None:
    outcome, fixed, agent, reviewer = _data(2)
    fit = fit_mixed(outcome, fixed, agent, reviewer, agent_count=21)
    rows = np.tile([1.0, 70.0], (21, 1))
    _, own = fit.error_factors(rows)
    assert fit.agents[20] == 0
    assert own[20] ** 2 == pytest.approx(fit.agent_variance)
