"""Whether the machine has begun to disagree with people more than it did.

A threshold that was safe when it was set dies silently when callers, products or recordings change; only contacts that
are drawn at random and judged by people show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from qa_pipeline.appraisal.severity import LEVEL, holm

# A month with fewer contacts is no month to compare.
MONTH_MIN = 10
_Z95 = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyGap:
    """One month of one criterion: ``n`` contacts judged by machine and people, ``wrong_count`` of them differently.

    ``gap``: machine minus people, -1 to 1 with 1 for met and 0 for not met, with its 95 % interval from two contacts
    on.
    """

    month: str
    n: int
    wrong_count: int
    gap: float
    gap_ci95: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionDrift:
    """One criterion over months. ``p``: that the last month disagrees no more often than those before.

    By Fisher's exact test, corrected for the number of criteria by Holm's method; None where the last month or those
    before have fewer than ten contacts.
    """

    months: tuple[MonthlyGap, ...]
    p: float | None

    @property
    def has_drifted(self) -> bool:
        """Whether the machine disagrees more often than before, beyond chance."""
        return self.p is not None and self.p < LEVEL


def measure_drift(
    gaps: Mapping[tuple[str, str], Mapping[str, Sequence[float]]], last: str
) -> Mapping[tuple[str, str], CriterionDrift]:
    """Return the drift of every criterion.

    Parameters
    ----------
    gaps : mapping
        Scorecard and criterion -> month -> machine minus people per contact, 0 where they agree.
    last : str
        The month that is set against all before it.
    """
    tested: dict[tuple[str, str], float] = {}
    for key, months in gaps.items():
        now = list(months.get(last, ()))
        before = [gap for month, each in months.items() if month < last for gap in each]
        if min(len(now), len(before)) >= MONTH_MIN:
            tested[key] = _more_often(_wrong_count(now), len(now), _wrong_count(before), len(before))
    corrected = dict(zip(tested, holm(list(tested.values())), strict=True))
    return {
        key: CriterionDrift(
            months=tuple(_monthly(month, months[month]) for month in sorted(months)), p=corrected.get(key)
        )
        for key, months in gaps.items()
    }


def _wrong_count(gaps: Sequence[float]) -> int:
    return sum(gap != 0 for gap in gaps)


def _monthly(month: str, gaps: Sequence[float]) -> MonthlyGap:
    values = np.asarray(gaps, dtype=np.float64)
    mean = float(values.mean())
    half = _Z95 * float(values.std(ddof=1)) / np.sqrt(len(values)) if len(values) > 1 else None
    return MonthlyGap(
        month=month,
        n=len(values),
        wrong_count=_wrong_count(gaps),
        gap=mean,
        gap_ci95=None if half is None else (float(mean - half), float(mean + half)),
    )


def _more_often(wrong: int, n: int, wrong_before: int, n_before: int) -> float:
    """Return Fisher's one-sided p: the chance of as many wrong ones among the n, all wrong ones being given."""
    total, all_wrong = n + n_before, wrong + wrong_before
    counts = np.arange(wrong, min(n, all_wrong) + 1)
    logs = _log_choose(all_wrong, counts) + _log_choose(total - all_wrong, n - counts) - _log_choose(total, n)
    possible = n - counts <= total - all_wrong
    return float(min(1.0, np.exp(logs[possible]).sum()))


def _log_choose(n: int, k: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    chosen = np.asarray(k, dtype=np.float64)
    return np.asarray(gammaln(n + 1) - gammaln(chosen + 1) - gammaln(np.maximum(n - chosen, 0) + 1))
