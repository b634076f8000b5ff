"""Whether stored evaluations are those that today's inputs give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.domain.period import months_of
from qa_pipeline.services.evaluate import EvaluationRules, compute_period
from qa_pipeline.services.rollup import compute_rollup
from qa_pipeline.store import Transaction

Compute = Callable[[Transaction, str], Sequence[Evaluation]]
"""Evaluates a period inside a transaction and stores nothing."""


def evaluations_by(rules: EvaluationRules) -> Compute:
    """Return what evaluates a month, or rolls the months of a quarter or year up, by each agent's own template."""

    def compute(tx: Transaction, period: str) -> Sequence[Evaluation]:
        is_month = len(months_of(period)) == 1
        return (compute_period if is_month else compute_rollup)(tx, period, rules).evaluations

    return compute


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """Agents without a stored evaluation, those whose inputs differ since, and those who have no inputs any more."""

    missing: tuple[str, ...]
    stale: tuple[str, ...]
    surplus: tuple[str, ...]

    @property
    def agents(self) -> tuple[str, ...]:
        """Everybody concerned."""
        return self.missing + self.stale + self.surplus


def find_outdated(stored: Iterable[Evaluation], computed: Iterable[Evaluation]) -> Outdated:
    """Compare evaluations in force with those of today's inputs, by their fingerprints."""
    kept = {one.agent_id: one.fingerprint for one in stored}
    wanted = {one.agent_id: one.fingerprint for one in computed}
    return Outdated(
        missing=tuple(sorted(wanted.keys() - kept.keys())),
        stale=tuple(sorted(agent for agent in wanted.keys() & kept.keys() if wanted[agent] != kept[agent])),
        surplus=tuple(sorted(kept.keys() - wanted.keys())),
    )


def digest_of(evaluations: Iterable[Evaluation]) -> str:
    """Return the identity of the evaluations of a period together."""
    lines = sorted(f"{one.agent_id}\n{one.fingerprint}" for one in evaluations)
    return sha256("\n".join(lines).encode()).hexdigest()
