"""People of a site as the risk module meets them: assignments, runs and predictions."""

from __future__ import annotations

from datetime import UTC, date, datetime

from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.domain.risk import ProofFile, RiskPrediction, RiskReason, RiskRun, RiskTerms
from qa_pipeline.store import Store

TERMS = RiskTerms(capacity=5, cost=500.0, effect_ratio=0.3, replacement_cost=20_000.0)
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def an_assignment(agent_id: str, first_on: date, last_on: date | None = None, team: str = "North") -> Assignment:
    """An assignment as an agent."""
    return Assignment(
        agent_id=agent_id,
        role="agent",
        team=team,
        template_id=None,
        valid_from=first_on,
        valid_to=last_on,
        source="people.csv",
    )


def assigned(store: Store, agent_id: str, first_on: date, last_on: date | None = None, team: str = "North") -> None:
    """Keep an assignment."""
    with store.transaction() as tx:
        tx.assignments.put(an_assignment(agent_id, first_on, last_on, team))


def a_run(run_id: str, as_of: str = "2026-10", scored_at: datetime = NOW) -> RiskRun:
    """A run with an open gate."""
    return RiskRun(
        id=run_id,
        as_of=as_of,
        model_version="0123456789ab",
        scored_at=scored_at,
        scored_by="hr-zhao",
        terms=TERMS,
        gate="open",
        count=1,
        late_count=0,
    )


def a_prediction(run_id: str, agent_id: str) -> RiskPrediction:
    """A prediction whose probabilities are found again in any text."""
    return RiskPrediction(
        run_id=run_id,
        agent_id=agent_id,
        team="North",
        probabilities={1: 0.07731, 2: 0.14462, 3: 0.20193},
        band="now",
        reasons=(RiskReason(group="workload", weight=0.81314),),
        signals=("overtime",),
        inputs={"overtime_above_team": 21.5, "csat_place_3m": None},
    )


def complete(store: Store) -> None:
    """Complete the checklist."""
    from coaching.risk.checklist import complete_checklist

    proof = ProofFile(name="it.pdf", sha256="0" * 64)
    with store.transaction() as tx:
        complete_checklist(tx, impact_assessment=proof, staff_notice=proof, owner="Zhao Lin", by="hr-zhao", now=NOW)
