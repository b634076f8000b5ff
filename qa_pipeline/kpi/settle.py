"""Values of one file that meet: the same twice is one, different ones contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.errors import N_, RowError


@dataclass(frozen=True, slots=True)
class Claim:
    """A record as one row and column of a file states it."""

    record: KpiRecord
    file: str
    row: int
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What is left: one claim per agent, period and indicator; repeated ones counted; contradictions refused."""

    claims: Sequence[Claim]
    repeated_count: int
    rejected: Sequence[RowError]


def settle(claims: Iterable[Claim]) -> Settled:
    """Bring the claims of one file together. All claims of a contradiction are refused: nobody knows which is right."""
    by_subject: dict[tuple[str, str, str], list[Claim]] = {}
    for claim in claims:
        record = claim.record
        by_subject.setdefault((record.agent_id, record.period, record.indicator), []).append(claim)
    kept: list[Claim] = []
    repeated = 0
    rejected: list[RowError] = []
    for meeting in by_subject.values():
        first = meeting[0]
        others = [claim for claim in meeting if claim.record != first.record]
        if others:
            rejected += [_contradiction(claim, _other(claim, meeting)) for claim in meeting]
        else:
            kept.append(first)
            repeated += len(meeting) - 1
    return Settled(claims=kept, repeated_count=repeated, rejected=sorted(rejected, key=lambda error: error.row or 0))


def _other(claim: Claim, meeting: Sequence[Claim]) -> Claim:
    return next(other for other in meeting if other.record != claim.record)


def _contradiction(claim: Claim, other: Claim) -> RowError:
    record = claim.record
    return RowError(
        N_("{indicator} of {agent} in {period} is {value} here, but {other_value} in row {other_row}."),
        hint=N_("Keep one row per agent, month and indicator; daily figures are averaged per month first."),
        file=claim.file,
        row=claim.row,
        field=claim.field,
        indicator=record.indicator,
        agent=record.agent_id,
        period=record.period,
        value=f"{record.value:g}",
        other_value=f"{other.record.value:g}",
        other_row=other.row,
    )
