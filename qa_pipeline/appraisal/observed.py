"""One value of one indicator for one agent and period, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from qa_pipeline.appraisal.uncertainty import mean_se, share_se
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import KpiDefinition, KpiRecord

INSPECTION = "inspection"
RATING = "rating"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A value with how sure it is.

    ``n``: observations behind it, None when the source does not say. ``se``: standard error in the indicator's unit,
    None when it is not known. ``df``: degrees of freedom of that error; None is n - 1, or unlimited without n.
    ``source``: "inspection", "rating" or the name of an import. ``contacts``: behind an indicator from inspections,
    worst first. ``notes``: what is doubtful about it. ``shared``: the part of the error that the values of all agents
    have in common, as loadings on independent standard normal variables; their squares are part of ``se`` squared.
    ``sufficient``: False when fewer than two random reviews by people stand behind an estimate.
    """

    value: float
    n: int | None
    se: float | None
    df: float | None
    source: str
    contacts: tuple[str, ...] = ()
    notes: tuple[Reason, ...] = ()
    shared: tuple[float, ...] = ()
    sufficient: bool = True


def observe_record(record: KpiRecord, definition: KpiDefinition) -> Observed:
    """Return an imported value with its standard error, as far as its count and spread give one."""
    is_share = record.sd is None and definition.unit == "ratio"
    return Observed(
        value=record.value,
        n=record.n,
        se=se_of(record.value, record.n, record.sd, is_share=is_share),
        df=None,
        source=record.source,
        notes=record.notes,
    )


def se_of(value: float, n: int | None, sd: float | None, *, is_share: bool) -> float | None:
    """Return the standard error of a share or a mean of `n` observations; None when that cannot be told.

    A count of 0 says nothing, like none at all.
    """
    if not n:
        return None
    if is_share:
        return share_se(value, n)
    return None if sd is None else mean_se(sd, n)
