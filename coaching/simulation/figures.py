"""What a month of work leaves behind in figures: indicators with their counts, overtime, absence, changed shifts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SHIFT_H = 8.0
_SURVEYED, _FOLLOWED = 0.25, 0.55  # shares of contacts that are rated, and whose customers can be followed
_FULL_MONTH_DAYS = 21.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A month of n people: true points, planned shifts, load (0 is usual, SD about 1), frailty, seconds per contact."""

    true_points: Floats
    planned_days: Floats
    load: Floats
    frailty: Floats
    pace_s: Floats
    calls_a_month: float


def draw_figures(work: Work, random: np.random.Generator) -> dict[str, Floats]:
    """Return figures by name, shape (n,) each; the count behind an indicator stands under its name with `` n``.

    Ratios come from counted contacts, so that they vary with their counts as those of a real table do. A ratio without
    any observation is NaN.
    """
    better = work.true_points - 75.0
    n = len(better)
    share = np.clip(work.planned_days / _FULL_MONTH_DAYS, 0.05, 1.15)
    absent = np.minimum(random.poisson(0.6 * np.exp(0.4 * work.frailty + 0.15 * work.load)), work.planned_days)
    calls = np.maximum(random.poisson(work.calls_a_month * share * np.exp(0.1 * work.load)), 1)
    surveyed, followed = random.binomial(calls, _SURVEYED), random.binomial(calls, _FOLLOWED)
    return {
        "calls": calls.astype(np.float64),
        "absence_days": absent.astype(np.float64),
        "overtime_h": np.maximum(share * (8.0 + 5.0 * work.load + 3.0 * random.standard_normal(n)), 0.0).round(1),
        "schedule_changes": random.poisson(1.5 * np.exp(0.3 * work.load)).astype(np.float64),
        "csat": _ratio(random, surveyed, 0.87 + 0.010 * better),
        "csat n": surveyed.astype(np.float64),
        "complaint_rate": _ratio(random, calls, 0.03 - 0.0015 * better),
        "complaint_rate n": calls.astype(np.float64),
        "first_contact_resolution": _ratio(random, followed, 0.82 + 0.006 * better),
        "first_contact_resolution n": followed.astype(np.float64),
        "average_handle_time": np.maximum(work.pace_s + 15.0 * random.standard_normal(n), 60.0).round(),
        "average_handle_time n": calls.astype(np.float64),
        "calls_handled": calls.astype(np.float64),
        "calls_handled n": calls.astype(np.float64),
        "attendance_rate": 1.0 - absent / np.maximum(work.planned_days, 1.0),
        "attendance_rate n": np.maximum(work.planned_days, 1.0),
    }


def _ratio(random: np.random.Generator, counts: npt.NDArray[np.int64], chance: Floats) -> Floats:
    hits = random.binomial(counts, np.clip(chance, 0.002, 0.998))
    return np.where(counts > 0, hits / np.maximum(counts, 1), np.nan)
