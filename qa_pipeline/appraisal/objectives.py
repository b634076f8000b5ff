"""How far objectives have come: progress of key results, pace against the time elapsed, and silence. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean
from zoneinfo import ZoneInfo

from qa_pipeline.domain.cycle import KeyResult, Objective, Progress
from qa_pipeline.domain.period import period_days

STALE_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResultStatus:
    """Where a key result stands.

    ``latest``: its latest check-in, None without any. ``ratio``: the part of the way from start to target, also for a
    target below the start; below 0 when it went backwards, above 1 beyond the target. ``stale``: no check-in for more
    than 30 days.
    """

    key_result: KeyResult
    latest: Progress | None
    ratio: float
    stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveStatus:
    """Where an objective stands on a day.

    ``ratio``: mean of its key results, each between 0 and 1, so that one that is far ahead hides none that is behind.
    ``elapsed``: the part of the period that has passed, 0 to 1. ``pace``: ratio less elapsed; below 0 is behind.
    """

    objective: Objective
    key_results: tuple[KeyResultStatus, ...]
    ratio: float
    elapsed: float

    @property
    def pace(self) -> float:
        """Progress ahead of (positive) or behind an even pace."""
        return self.ratio - self.elapsed

    @property
    def stale(self) -> bool:
        """Whether a key result that is not reached has had no check-in for more than 30 days."""
        return any(one.stale for one in self.key_results)


def progress_ratio(key_result: KeyResult, value: float) -> float:
    """Return the part of the way from start to target; falling targets work alike."""
    return (value - key_result.start) / (key_result.target - key_result.start)


def track(objective: Objective, progress: Sequence[Progress], today: date, zone: ZoneInfo) -> ObjectiveStatus:
    """Return where an objective stands on a day.

    Parameters
    ----------
    progress : sequence of Progress
        The objective's check-ins, oldest first; later ones than `today` are not looked at.
    zone : ZoneInfo
        The site's clock, which tells the day of a check-in.
    """
    first, last = period_days(objective.period)
    days = (last - first).days + 1
    elapsed = min(1.0, max(0.0, ((today - first).days + 1) / days))
    known = [one for one in progress if one.reported_at.astimezone(zone).date() <= today]
    statuses = tuple(_status(each, known, first, min(today, last), zone) for each in objective.key_results)
    return ObjectiveStatus(
        objective=objective,
        key_results=statuses,
        ratio=fmean(min(1.0, max(0.0, one.ratio)) for one in statuses),
        elapsed=elapsed,
    )


def _status(
    key_result: KeyResult, progress: Sequence[Progress], first: date, until: date, zone: ZoneInfo
) -> KeyResultStatus:
    own = [one for one in progress if one.key_result_id == key_result.id]
    latest = own[-1] if own else None
    ratio = progress_ratio(key_result, latest.value) if latest else 0.0
    # Before anybody has reported, the silence begins with the period.
    since = latest.reported_at.astimezone(zone).date() if latest else first
    return KeyResultStatus(
        key_result=key_result, latest=latest, ratio=ratio, stale=ratio < 1 and until - since > STALE_AFTER
    )
