"""A linear mixed model with two crossed random effects, agents and reviewers, fitted by REML.

y = X b + u[agent] + r[reviewer] + e with u ~ N(0, s_u^2), r ~ N(0, s_r^2), e ~ N(0, s_e^2). Solved by the mixed model
equations (C. R. Henderson, Biometrics 31, 1975) with the agents absorbed: they are many and their block is diagonal, so
a fit costs the number of agents times the square of fixed effects and reviewers, which are few. The restricted
likelihood comes from the same equations (D. A. Harville, JASA 72, 1977) and is maximised over the two variance ratios.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

# Logarithms of the residual variance over that of an effect: at the ends an effect is everything, or nothing.
_GRID = tuple(np.linspace(-5.0, 13.0, 10))
# Of the sum of squares; below it is rounding.
_NOTHING_LEFT = 1e-10
_PRECISION = {"xatol": 1e-5, "fatol": 1e-8}


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedFit:
    """A fitted model.

    Attributes
    ----------
    fixed : array, shape (p,)
    agents : array, shape (a,)
        Predicted effects, shrunk towards 0.
    reviewers : array, shape (r,)
    agent_variance, reviewer_variance, residual_variance : float
    log_likelihood : float
        Restricted, up to a constant of the data.
    """

    fixed: Floats
    agents: Floats
    reviewers: Floats
    agent_variance: float
    reviewer_variance: float
    residual_variance: float
    log_likelihood: float
    _inverse: Floats  # of the equations with the agents absorbed, fixed effects first, then reviewers
    _absorbed: Floats  # shape (a, p + r): what each agent shares with them over its own diagonal
    _diagonal: Floats  # shape (a,)

    def error_factors(self, fixed_rows: Floats) -> tuple[Floats, Floats]:
        """Return the prediction errors of ``fixed_rows @ fixed + agents + mean(reviewers)`` as factors.

        Parameters
        ----------
        fixed_rows : array, shape (a, p)
            What the fixed effects are multiplied with, one row per agent.

        Returns
        -------
        tuple of arrays
            ``shared``, shape (a, p + r), and ``own``, shape (a,): the covariance matrix of the errors is
            ``shared @ shared.T + diag(own ** 2)``.
        """
        count = len(self.reviewers)
        wanted = np.hstack([fixed_rows, np.full((len(fixed_rows), count), 1 / count)]) - self._absorbed
        scale = np.sqrt(self.residual_variance)
        return scale * wanted @ np.linalg.cholesky(self._inverse), scale / np.sqrt(self._diagonal)

    def fixed_covariance(self) -> Floats:
        """Return the covariance matrix of the fixed effects, shape (p, p)."""
        p = len(self.fixed)
        return np.asarray(self.residual_variance * self._inverse[:p, :p])

    def severity_errors(self) -> Floats:
        """Return the prediction error of each reviewer's effect above the mean of the panel's, shape (r,)."""
        p, r = len(self.fixed), len(self.reviewers)
        centring = np.eye(r) - 1 / r
        covariance = centring @ self._inverse[p:, p:] @ centring
        return np.asarray(np.sqrt(self.residual_variance * np.maximum(np.diag(covariance), 0.0)))


def fit_mixed(
    outcome: Floats, fixed: Floats, agent: Indices, reviewer: Indices, agent_count: int | None = None
) -> MixedFit:
    """Fit the model by REML.

    Parameters
    ----------
    outcome : array, shape (n,)
    fixed : array, shape (n, p)
        Columns of full rank, an intercept among them; n > p.
    agent, reviewer : arrays of int, shape (n,)
        Numbered from 0.
    agent_count : int, optional
        Number of agents, when the last of them have no row; their effects are predicted as 0.

    Raises
    ------
    numpy.linalg.LinAlgError
        The columns of `fixed` depend on one another.
    """
    from scipy.optimize import minimize

    equations = _Equations(outcome, fixed, agent, reviewer, agent_count or int(agent.max()) + 1)

    def deviance(logs: Floats) -> float:
        return equations.solve(*np.exp(logs)).deviance

    # A coarse grid first: from a bad start a descent may run off to an effect of nothing.
    start = min((np.array(pair) for pair in product(_GRID, _GRID)), key=deviance)
    bounds = [(_GRID[0], _GRID[-1])] * 2
    best = minimize(deviance, start, method="Nelder-Mead", bounds=bounds, options=_PRECISION)
    agent_ratio, reviewer_ratio = np.exp(best.x)
    solved = equations.solve(agent_ratio, reviewer_ratio)
    variance = solved.quadratic / (len(outcome) - equations.fixed_count)
    p = equations.fixed_count
    return MixedFit(
        fixed=solved.together[:p],
        agents=solved.agents,
        reviewers=solved.together[p:],
        agent_variance=float(variance / agent_ratio),
        reviewer_variance=float(variance / reviewer_ratio),
        residual_variance=float(variance),
        log_likelihood=-solved.deviance / 2,
        _inverse=cho_solve(solved.factor, np.eye(p + equations.reviewer_count)),
        _absorbed=solved.absorbed,
        _diagonal=solved.diagonal,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Solved:
    together: Floats
    agents: Floats
    quadratic: float
    deviance: float
    factor: tuple[Floats, bool]
    absorbed: Floats
    diagonal: Floats


class _Equations:
    """The mixed model equations; everything but the variance ratios is added up once."""

    def __init__(self, outcome: Floats, fixed: Floats, agent: Indices, reviewer: Indices, agent_count: int) -> None:
        self.fixed_count = fixed.shape[1]
        self.agent_count, self.reviewer_count = agent_count, int(reviewer.max()) + 1
        self._rows = len(outcome)
        p, r = self.fixed_count, self.reviewer_count
        self._counts = np.bincount(agent, minlength=self.agent_count).astype(np.float64)
        per_reviewer = np.bincount(reviewer, minlength=r)
        self._border = np.zeros((self.agent_count, p + r))
        for column in range(p):
            self._border[:, column] = np.bincount(agent, fixed[:, column], minlength=self.agent_count)
        pairs = np.bincount(agent * r + reviewer, minlength=self.agent_count * r)
        self._border[:, p:] = pairs.reshape(self.agent_count, r)
        self._core = np.zeros((p + r, p + r))
        self._core[:p, :p] = fixed.T @ fixed
        for column in range(p):
            self._core[column, p:] = self._core[p:, column] = np.bincount(reviewer, fixed[:, column], minlength=r)
        self._core[p:, p:] = np.diag(per_reviewer)
        self._right = np.concatenate([fixed.T @ outcome, np.bincount(reviewer, outcome, minlength=r)])
        self._right_agents = np.bincount(agent, outcome, minlength=self.agent_count)
        self._squares = float(outcome @ outcome)

    def solve(self, agent_ratio: float, reviewer_ratio: float) -> _Solved:
        """Solve for the given ratios of the residual variance to those of the effects."""
        p = self.fixed_count
        diagonal = self._counts + agent_ratio
        absorbed = self._border / diagonal[:, None]
        core = self._core - self._border.T @ absorbed
        core[p:, p:] += reviewer_ratio * np.eye(self.reviewer_count)
        factor = cho_factor(core, lower=True)
        right = self._right - absorbed.T @ self._right_agents
        together = cho_solve(factor, right)
        agents = (self._right_agents - self._border @ together) / diagonal
        quadratic = self._squares - float(together @ self._right) - float(agents @ self._right_agents)
        # Where people agree with the machine to the last point nothing is left over but rounding, of either sign.
        quadratic = max(quadratic, _NOTHING_LEFT * self._squares)
        logs = 2 * np.log(np.diag(factor[0])).sum() + np.log(diagonal).sum()
        logs -= self.agent_count * np.log(agent_ratio) + self.reviewer_count * np.log(reviewer_ratio)
        deviance = (self._rows - p) * np.log(quadratic) + logs
        return _Solved(
            together=together,
            agents=agents,
            quadratic=quadratic,
            deviance=float(deviance),
            factor=factor,
            absorbed=absorbed,
            diagonal=diagonal,
        )
