"""One value of one indicator for one agent and period, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from qa_pipeline.domain.inspection import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A value with how sure it is.

    ``n``: observations behind it, None when the source does not say. ``se``: standard error in the indicator's unit,
    None when it is not known. ``df``: degrees of freedom of that error. ``source``: "inspection", "rating" or the name
    of an import. ``contacts``: behind an indicator from inspections, worst first. ``notes``: what is doubtful about it.
    """

    value: float
    n: int | None
    se: float | None
    df: float | None
    source: str
    contacts: tuple[str, ...] = ()
    notes: tuple[Reason, ...] = ()
