"""Attrition risk 流失风险: what personnel knows, what allows it, and what a model says of whom. For support alone.

Kept in tables of its own, and read by nothing that rates, pays, rosters or disciplines people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class DepartureKind(StrEnum):
    """Why somebody is not on the staff any more; only the first is learned from, the others end the record."""

    VOLUNTARY = "voluntary"
    INVOLUNTARY = "involuntary"
    TRANSFER = "transfer"
    LEAVE = "leave"  # long leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """The last day of somebody's work, and why it was; ``source`` names the import."""

    agent_id: str
    left_on: date
    kind: DepartureKind
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffFigure:
    """One figure of personnel about an agent and a month (YYYY-MM), and from which day it could be known."""

    agent_id: str
    month: str
    name: str
    value: float
    available_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFile:
    """A document that somebody handed in: its name and SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskChecklist:
    """What must be there before any risk is computed or shown; the module is off until all three are.

    ``owner``: the named person who answers for the use. ``completed_by`` and ``completed_at``: of the last change.
    """

    impact_assessment: ProofFile | None = None
    staff_notice: ProofFile | None = None
    owner: str = ""
    completed_by: str = ""
    completed_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all three are there."""
        return self.impact_assessment is not None and self.staff_notice is not None and bool(self.owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModel:
    """One fitted model. ``months``: the first and the last that were learned from; ``as_of``: YYYY-MM."""

    version: str
    as_of: str
    fitted_at: datetime
    fitted_by: str
    people: int
    exits: int
    months: tuple[str, str]
    schema_hash: str
    boosted: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTerms:
    """On what a list rests, said by a person: see :class:`models.attrition.support.Assumptions`."""

    capacity: int
    cost: float
    effect_ratio: float
    replacement_cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRun:
    """One scoring of everybody at work at the end of a month.

    ``model_version``: None where there were too few exits for a model, so that only signals are told.
    ``gate``: "open", "hidden" or "too_few_months". ``late_count``: figures that came after the snapshot and were left
    out. ``shifted``: inputs whose people differ from those that were learned from, with their PSI.
    """

    id: str
    as_of: str
    model_version: str | None
    scored_at: datetime
    scored_by: str
    terms: RiskTerms
    gate: str
    count: int
    late_count: int
    shifted: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskReason:
    """A group of inputs that raises the log odds by ``weight`` beside the average person."""

    group: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskPrediction:
    """What one run says of one agent.

    ``probabilities``: of leaving within 1, 2 and 3 months, by horizon; empty without a model. ``band``: "now", "watch"
    or "none". ``signals``: what stands out by itself. ``inputs``: by name, None where unknown.
    """

    run_id: str
    agent_id: str
    team: str | None
    probabilities: Mapping[int, float]
    band: str
    reasons: tuple[RiskReason, ...]
    signals: tuple[str, ...]
    inputs: Mapping[str, float | None]
