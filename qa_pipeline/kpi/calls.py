"""Indicators from single calls: means and shares per agent and month, with their counts and spreads."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qa_pipeline.domain.performance import KpiDefinition, KpiRecord

SATISFIED_SHARE = 0.75  # the top two boxes of five: (4 - 1) / (5 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call of an export. ``values``: what the row says, by indicator and in its unit; 1 or 0 for a yes or no.

    ``answered`` None means the export does not tell unanswered calls.
    """

    agent_id: str
    day: dt.date
    answered: bool | None
    values: Mapping[str, float]


def rating_values(rating: float, scale: tuple[float, float]) -> Mapping[str, float]:
    """Return the part of a rating in two indicators: satisfied or not, and the rating carried to 1-5.

    Satisfied are ratings in the upper quarter of the scale: 4 and 5 of 1-5, 8 to 10 of 1-10.
    """
    low, high = scale
    share = (rating - low) / (high - low)
    return {"csat": float(share >= SATISFIED_SHARE), "satisfaction_rating": 1 + 4 * share}


@dataclass(slots=True)
class _Running:
    """Count, sum and squared deviations in one pass (B. P. Welford, Technometrics 4, 1962, p. 419)."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        step = value - self.mean
        self.n += 1
        self.total += value
        self.squares += step * (value - self.mean)

    @property
    def mean(self) -> float:
        # From the sum, so that shares of yes and no come out exact.
        return self.total / self.n if self.n else 0.0

    @property
    def sd(self) -> float | None:
        return math.sqrt(self.squares / (self.n - 1)) if self.n > 1 else None


@dataclass
class CallTotals:
    """Sums over the calls of one file; memory grows with agents and months, not with calls."""

    catalogue: Mapping[str, KpiDefinition]
    _running: dict[tuple[str, str, str], _Running] = field(default_factory=lambda: defaultdict(_Running))
    _days: dict[tuple[str, str], Counter[dt.date]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, call: CallRow) -> None:
        """Count one call. Unanswered ones count for the answer rate alone."""
        period = f"{call.day:%Y-%m}"
        if call.answered is not None:
            self._running[call.agent_id, period, "answer_rate"].add(float(call.answered))
        handled = call.answered is not False
        # A day with offered but no answered call is a day at work.
        self._days[call.agent_id, period][call.day] += int(handled)
        if handled:
            for indicator, value in call.values.items():
                self._running[call.agent_id, period, indicator].add(value)

    def records(self, source: str) -> Iterator[KpiRecord]:
        """Yield one record per agent, month and indicator. Calls handled are per working day, their n is of days."""
        for (agent_id, period, indicator), running in self._running.items():
            is_share = self.catalogue[indicator].unit == "ratio"
            yield _record(agent_id, period, indicator, running, source, is_share=is_share)
        for (agent_id, period), days in self._days.items():
            running = _Running()
            for count in days.values():
                running.add(count)
            yield _record(agent_id, period, "calls_handled", running, source, is_share=False)


def _record(agent_id: str, period: str, indicator: str, running: _Running, source: str, *, is_share: bool) -> KpiRecord:
    return KpiRecord(
        indicator=indicator,
        agent_id=agent_id,
        period=period,
        value=running.mean,
        n=running.n,
        source=source,
        # The spread of a share follows from its value and n.
        sd=None if is_share else running.sd,
    )
