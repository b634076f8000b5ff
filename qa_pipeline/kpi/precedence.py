"""Which of several sources counts when they say different things of one agent, month and indicator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.errors import N_

# A figure that is rounded to whole percent is no other figure.
ROUNDING = 0.005


def agree(one: KpiRecord, other: KpiRecord) -> bool:
    """Whether two values are the same but for rounding: within 0.5 % of the larger, or 0.005 for values up to 1."""
    return abs(one.value - other.value) <= ROUNDING * max(1.0, abs(one.value), abs(other.value))


def in_force(sides: Sequence[KpiRecord]) -> KpiRecord:
    """Return the value that counts, with a note for each source that contradicts it.

    The value on more observations counts; one that states its count comes before one that does not; of equals the
    one imported last.

    Parameters
    ----------
    sides : sequence of KpiRecord
        One per source, oldest import first; at least one.
    """
    best = max(enumerate(sides), key=lambda side: (side[1].n or 0, side[0]))[1]
    notes = tuple(_note(best, other) for other in sides if other is not best and not agree(best, other))
    return replace(best, notes=notes) if notes else best


def _note(best: KpiRecord, other: KpiRecord) -> Reason:
    return Reason(
        message=N_(
            "{indicator}: {value} of {source} counts (n {n}), but {other_source} says {other_value} (n {other_n})."
        ),
        params={
            "indicator": best.indicator,
            "value": f"{best.value:.4g}",
            "source": best.source,
            "n": "?" if best.n is None else best.n,
            "other_source": other.source,
            "other_value": f"{other.value:.4g}",
            "other_n": "?" if other.n is None else other.n,
        },
    )
