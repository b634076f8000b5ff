"""One value of a longer period from those of its months."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from qa_pipeline.appraisal.observed import INSPECTION, Observed
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import ItemResult, KpiDefinition
from qa_pipeline.errors import N_


def pool(
    definition: KpiDefinition, months: Sequence[ItemResult], *, sufficient: Sequence[bool], estimated: bool
) -> Observed:
    """Return the value of an indicator over several months, each with a value.

    Months weigh by their counts n: the rate of a quarter is that of all its observations, and a month of five does not
    count like one of five hundred. Where a month has no count all weigh alike. What accumulates (proposals, orders) is
    the mean of the months, for targets are those of a month. Errors of months are independent and add up by the
    weights; a month without one is taken to be as unsure as the least sure of the others.

    Parameters
    ----------
    sufficient : sequence of bool
        Whether enough reviews by people stand behind each month; half of the weight must have them.
    estimated : bool
        Whether the mixed model gave the values, which has drawn them towards the average already. What their errors
        have in common is not kept by month and is taken as nothing, which makes places a little wider.
    """
    counts = [item.n for item in months]
    known = [count for count in counts if count is not None]
    counted = len(known) == len(months)
    by_count = counted and not definition.accumulates and sum(known) > 0
    raw = [float(count) for count in known] if by_count else [1.0] * len(months)
    weights = [weight / math.fsum(raw) for weight in raw]
    se, df = _error(months, weights)
    return Observed(
        value=math.fsum(weight * (item.value or 0.0) for weight, item in zip(weights, months, strict=True)),
        n=sum(known) if counted else None,
        se=se,
        df=df,
        source=_source(months),
        contacts=_contacts(months),
        notes=tuple(_notes(definition, months, counted=counted)),
        shared=(0.0,) if estimated else (),
        sufficient=math.fsum(weight for weight, is_so in zip(weights, sufficient, strict=True) if is_so) >= 0.5,
    )


def _error(months: Sequence[ItemResult], weights: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the standard error and its degrees of freedom by Satterthwaite; None for unlimited ones."""
    known = [item.se for item in months if item.se is not None]
    if not known:
        return None, None
    parts = [
        ((weight * (max(known) if item.se is None else item.se)) ** 2, item.df)
        for weight, item in zip(weights, months, strict=True)
    ]
    variance = math.fsum(part for part, _ in parts)
    below = math.fsum(part * part / df for part, df in parts if df is not None)
    return math.sqrt(variance), variance * variance / below if below > 0 else None


def _source(months: Sequence[ItemResult]) -> str:
    sources = list(dict.fromkeys(item.source for item in months if item.source))
    return INSPECTION if INSPECTION in sources else ", ".join(sources)


def _contacts(months: Sequence[ItemResult]) -> tuple[str, ...]:
    """Return the contacts of all months, the worst of each before the next worst of each."""
    rounds = zip_longest(*(item.contacts for item in months))
    return tuple(dict.fromkeys(contact for each in rounds for contact in each if contact is not None))


def _notes(definition: KpiDefinition, months: Sequence[ItemResult], *, counted: bool) -> Iterator[Reason]:
    params: dict[str, str | int | float] = {"indicator": definition.id, "count": len(months)}
    if definition.accumulates:
        yield Reason(
            message=N_("{indicator} is the sum of {count} months, beside the monthly target as many times."),
            params=params,
        )
    elif not counted and len(months) > 1:
        yield Reason(
            message=N_("{indicator} comes without a count in some of its {count} months: all weigh alike."),
            params=params,
        )
