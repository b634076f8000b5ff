"""What one file says of an agent and month, kept so that several files of a month add up to the month."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from hashlib import blake2b
from heapq import nsmallest

from qa_pipeline.domain.performance import KpiDefinition, KpiRecord

# How many of the smallest digests of row ids are kept: two files that share rows share some of these.
KEPT_KEYS = 32
PER_DAY = "calls_handled"
_MAX_SOURCE_CHARACTERS = 380
_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Count, sum and sum of squared deviations of observations."""

    n: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        """The mean; from the sum, so that shares of yes and no come out exact."""
        return self.total / self.n

    @property
    def sd(self) -> float | None:
        """The standard deviation of one observation; None with less than two."""
        return math.sqrt(self.squares / (self.n - 1)) if self.n > 1 else None

    def merged(self, other: Moments) -> Moments:
        """Return the moments of both together (T. Chan, G. Golub, R. LeVeque, Am. Stat. 37, 1983, p. 242)."""
        step = other.mean - self.mean
        n = self.n + other.n
        squares = self.squares + other.squares + step * step * self.n * other.n / n
        return Moments(n=n, total=self.total + other.total, squares=squares)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The rows of one file for one agent and month, summed up.

    ``days``: handled rows by day of the month; a day with rows of which none was handled has 0. ``row_count``: rows
    of the file. ``keys``: the smallest digests of the ids of its rows; empty where rows have none.
    """

    form: str
    agent_id: str
    period: str
    source: str
    row_count: int
    days: Mapping[int, int]
    keys: tuple[int, ...]
    moments: Mapping[str, Moments]


class Fit(StrEnum):
    """What becomes of a part beside those that are kept."""

    SAME = "same"
    ADDS = "adds"
    REPLACES = "replaces"
    REFUSED = "refused"


def fit(new: Part, kept: Sequence[Part], *, replace: bool = False) -> tuple[Fit, Sequence[Part]]:
    """Tell whether a part is known, adds up with those kept, replaces some of them, or must be refused.

    Parts of different days add up, and so do parts whose rows have ids of which none is common. Of the same days a
    part replaces others when it has all of their days and at least as many rows: a later export of the same. Anything
    else is refused, unless `replace` asks for it.

    Returns
    -------
    tuple of Fit and the parts that it meets
    """
    if any(_is_same(new, old) for old in kept):
        return Fit.SAME, []
    met = [old for old in kept if _meets(new, old)]
    if not met:
        return Fit.ADDS, []
    covers = all(old.days.keys() <= new.days.keys() for old in met)
    if replace or (covers and new.row_count >= sum(old.row_count for old in met)):
        return Fit.REPLACES, met
    return Fit.REFUSED, met


def key_of(row_id: str) -> int:
    """Return the digest of a row's id, the same on every machine."""
    return int.from_bytes(blake2b(row_id.encode(), digest_size=6).digest(), "big")


def records(parts: Sequence[Part], catalogue: Mapping[str, KpiDefinition]) -> Iterator[KpiRecord]:
    """Yield the values of the parts of one form, agent and month together, by indicator.

    A share or mean has n and (for means) the spread of one observation. What accumulates is the sum, n its terms.
    Calls handled are the mean per day with calls, n counts days.
    """
    ordered = sorted(parts, key=lambda part: (min(part.days, default=0), part.source, part.row_count))
    found: dict[str, list[Moments]] = defaultdict(list)
    days: Counter[int] = Counter()
    for part in ordered:
        days.update(part.days)
        for indicator, moments in part.moments.items():
            found[indicator].append(moments)
    together = {indicator: reduce(Moments.merged, several) for indicator, several in found.items()}
    if ordered[0].form == "calls" and days:
        together[PER_DAY] = _moments(list(days.values()))
    source = _sources(ordered)
    for indicator, moments in sorted(together.items()):
        definition = catalogue[indicator]
        has_spread = definition.unit != "ratio" and not definition.accumulates
        yield KpiRecord(
            indicator=indicator,
            agent_id=ordered[0].agent_id,
            period=ordered[0].period,
            value=moments.total if definition.accumulates else moments.mean,
            n=moments.n,
            # The spread of a share follows from its value and n; a sum is no sample.
            sd=moments.sd if has_spread else None,
            source=source,
            origin=ordered[0].form,
        )


@dataclass(slots=True)
class _Open:
    row_count: int = 0
    days: dict[int, int] = field(default_factory=dict)
    keys: list[int] = field(default_factory=list)
    # By indicator: count, sum and squared deviations (B. P. Welford, Technometrics 4, 1962, p. 419).
    running: dict[str, list[float]] = field(default_factory=dict)


@dataclass
class PartTotals:
    """Sums over the rows of one file; memory grows with agents and months, not with rows."""

    form: str
    _open: dict[tuple[str, str], _Open] = field(default_factory=lambda: defaultdict(_Open))

    def add_row(
        self,
        agent_id: str,
        day: dt.date,
        values: Mapping[str, float],
        *,
        handled: bool = True,
        row_id: str | None = None,
    ) -> None:
        """Count one row; one that was not handled is no work of its day."""
        period = f"{day:%Y-%m}"
        totals = self._open[agent_id, period]
        totals.row_count += 1
        totals.days[day.day] = totals.days.get(day.day, 0) + int(handled)
        if row_id is not None:
            totals.keys.append(key_of(row_id))
            if len(totals.keys) > 8 * KEPT_KEYS:
                totals.keys = nsmallest(KEPT_KEYS, totals.keys)
        for indicator, value in values.items():
            self.add_value(agent_id, period, indicator, value)

    def add_value(self, agent_id: str, period: str, indicator: str, value: float) -> None:
        """Count one observation."""
        running = self._open[agent_id, period].running.setdefault(indicator, [0, 0.0, 0.0])
        before = running[1] / running[0] if running[0] else 0.0
        running[0] += 1
        running[1] += value
        running[2] += (value - before) * (value - running[1] / running[0])

    def parts(self, source: str) -> Iterator[Part]:
        """Yield one part per agent and month."""
        for (agent_id, period), totals in self._open.items():
            yield Part(
                form=self.form,
                agent_id=agent_id,
                period=period,
                source=source,
                row_count=totals.row_count,
                days=dict(sorted(totals.days.items())),
                keys=tuple(nsmallest(KEPT_KEYS, totals.keys)),
                moments={
                    indicator: Moments(n=int(n), total=total, squares=max(squares, 0.0))
                    for indicator, (n, total, squares) in totals.running.items()
                },
            )


def _is_same(new: Part, old: Part) -> bool:
    return (
        (new.row_count, new.days, new.keys) == (old.row_count, old.days, old.keys)
        and new.moments.keys() == old.moments.keys()
        and all(_is_close(moments, old.moments[indicator]) for indicator, moments in new.moments.items())
    )


def _is_close(one: Moments, other: Moments) -> bool:
    return one.n == other.n and all(
        math.isclose(left, right, rel_tol=_SAME, abs_tol=_SAME)
        for left, right in ((one.total, other.total), (one.squares, other.squares))
    )


def _meets(new: Part, old: Part) -> bool:
    if not new.days.keys() & old.days.keys():
        return False
    # Rows with ids of which none is common are other rows of the same days, such as another queue's.
    return not (new.keys and old.keys and set(new.keys).isdisjoint(old.keys))


def _moments(values: Sequence[float]) -> Moments:
    mean = math.fsum(values) / len(values)
    return Moments(n=len(values), total=math.fsum(values), squares=math.fsum((value - mean) ** 2 for value in values))


def _sources(parts: Sequence[Part]) -> str:
    names = list(dict.fromkeys(part.source for part in parts))
    text = " + ".join(names)
    return text if len(text) <= _MAX_SOURCE_CHARACTERS else f"{names[0][:_MAX_SOURCE_CHARACTERS]} + {len(names) - 1}"
