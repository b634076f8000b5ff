"""Who among the reviewers is strict, mild, gives everybody much the same, or has changed.

The mixed model that estimates agents also estimates the reviewers: review = b0 + b1 machine + targeted + agent +
reviewer + error. A reviewer's effect is what remains when the machine's score and the agent are accounted for, shrunk
towards the panel where reviews are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, chdtri, ndtri, stdtr, stdtrit

from qa_pipeline.appraisal.mixed_model import Floats, Indices, fit_mixed

REVIEWS_MIN = 20
# Of two, only the difference is known, not who is strict; intervals held 87 of 100 times in simulations, from three on
# 93 to 95 times.
REVIEWERS_MIN = 3
# Of fewer reviews a spread says nothing, and a month no level.
SPREAD_MIN = 5
MONTH_MIN = 5
LEVEL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """Points that people gave, one row per review.

    Attributes
    ----------
    contact, agent, reviewer, month : arrays of int, shape (n,)
        Numbered from 0 without gaps; months in their order.
    machine, points : arrays, shape (n,)
        The machine's score and the person's, 0-100.
    targeted : array of bool, shape (n,)
        Chosen for something about the contact.
    """

    contact: Indices
    agent: Indices
    reviewer: Indices
    month: Indices
    machine: Floats
    points: Floats
    targeted: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlySeverity:
    """Points of one reviewer above the panel in one month, from ``n`` reviews; None below five."""

    month: int
    n: int
    points: float | None
    se: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Points by which a reviewer's level in the last month differs from the months before.

    ``p``: Welch's t test, corrected for the number of reviewers by Holm's method.
    """

    points: float
    ci95: tuple[float, float]
    p: float

    @property
    def is_certain(self) -> bool:
        """Whether chance alone is no good explanation."""
        return self.p < LEVEL


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerSeverity:
    """One reviewer beside the panel.

    ``points``: above the panel's average, negative for strict ones. ``shared_count``: contacts that others reviewed
    too; without any, the level rests on the machine's scores alone. ``spread_ratio``: standard deviation of the points
    given over the one that the model predicts for these contacts, None below five reviews; an interval below 1 means
    that good and bad contacts get much the same. ``gives_all_the_same``: five reviews or more within one point.
    """

    reviewer: int
    points: float
    ci95: tuple[float, float]
    n: int
    shared_count: int
    spread_ratio: float | None
    spread_ci95: tuple[float, float] | None
    gives_all_the_same: bool
    months: tuple[MonthlySeverity, ...]
    change: Change | None

    @property
    def is_strict(self) -> bool:
        """Whether the level surely lies below the panel's. Fewer than five reviews name nobody."""
        return self.n >= SPREAD_MIN and self.ci95[1] < 0

    @property
    def is_mild(self) -> bool:
        """Whether the level surely lies above the panel's. Fewer than five reviews name nobody."""
        return self.n >= SPREAD_MIN and self.ci95[0] > 0

    @property
    def is_narrow(self) -> bool:
        """Whether the points given spread less than the contacts do."""
        return self.spread_ci95 is not None and self.spread_ci95[1] < 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSeverity:
    """All reviewers, and whether anybody has changed (``change_p``: all changes together, None when none is known).

    ``reviewer_sd``, ``residual_sd``: of the reviewers' levels, and of what is left, in points.
    """

    reviewers: tuple[ReviewerSeverity, ...]
    reviewer_sd: float
    residual_sd: float
    change_p: float | None


def measure_severity(reviews: Reviews) -> PanelSeverity:
    """Return every reviewer's level, spread and change.

    Raises
    ------
    ValueError
        Fewer than 20 reviews or three reviewers.
    """
    count = len(reviews.points)
    reviewer_count = int(reviews.reviewer.max()) + 1 if count else 0
    if count < REVIEWS_MIN or reviewer_count < REVIEWERS_MIN:
        raise ValueError(f"{count} reviews by {reviewer_count} people are too few")
    columns = _columns(reviews)
    fit = fit_mixed(reviews.points, columns, reviews.agent, reviews.reviewer)
    predicted = columns @ fit.fixed + fit.agents[reviews.agent]
    half = 1.96 * fit.severity_errors()
    severity = fit.reviewers - fit.reviewers.mean()
    rest = reviews.points - predicted
    levels = [_months(reviews, rest, one) for one in range(reviewer_count)]
    changes, change_p = _changes(reviews, rest, reviewer_count)
    shared = _shared_counts(reviews, reviewer_count)
    found = []
    for one in range(reviewer_count):
        own = reviews.reviewer == one
        ratio, interval = _spread(reviews.points[own], predicted[own], fit.residual_variance)
        found.append(
            ReviewerSeverity(
                reviewer=one,
                points=float(severity[one]),
                ci95=(float(severity[one] - half[one]), float(severity[one] + half[one])),
                n=int(own.sum()),
                shared_count=shared[one],
                spread_ratio=ratio,
                spread_ci95=interval,
                gives_all_the_same=bool(own.sum() >= SPREAD_MIN and np.ptp(reviews.points[own]) < 1.0),
                months=levels[one],
                change=changes[one],
            )
        )
    return PanelSeverity(
        reviewers=tuple(found),
        reviewer_sd=float(np.sqrt(fit.reviewer_variance)),
        residual_sd=float(np.sqrt(fit.residual_variance)),
        change_p=change_p,
    )


def _columns(reviews: Reviews) -> Floats:
    """Return intercept, machine and targeted, without columns that are the same in all rows."""
    told = [reviews.machine, reviews.targeted.astype(np.float64)]
    return np.column_stack([np.ones(len(reviews.points)), *(each for each in told if np.ptp(each) > 0)])


def _spread(
    points: Floats, predicted: Floats, residual_variance: float
) -> tuple[float | None, tuple[float, float] | None]:
    """Return the ratio of the spreads and its interval, by the chi-square distribution of a variance."""
    freedom = len(points) - 1
    if freedom < SPREAD_MIN - 1:
        return None, None
    expected = float(predicted.var(ddof=1)) + residual_variance
    if expected <= 0:
        return None, None
    ratio = float(points.var(ddof=1)) / expected
    # chdtri takes the probability above.
    low, high = (float(freedom * ratio / chdtri(freedom, tail)) for tail in (0.025, 0.975))
    return float(np.sqrt(ratio)), (float(np.sqrt(low)), float(np.sqrt(high)))


def _shared_counts(reviews: Reviews, reviewer_count: int) -> list[int]:
    """Return for each reviewer how many contacts somebody else reviewed too."""
    pairs = np.unique(np.column_stack([reviews.contact, reviews.reviewer]), axis=0)
    people = np.bincount(pairs[:, 0])
    return [int((people[pairs[pairs[:, 1] == one, 0]] > 1).sum()) for one in range(reviewer_count)]


def _months(reviews: Reviews, rest: Floats, reviewer: int) -> tuple[MonthlySeverity, ...]:
    """Return a reviewer's level by month against the mean of all reviewers' levels of that month."""
    found = []
    for month in range(int(reviews.month.max()) + 1):
        within = reviews.month == month
        own = rest[within & (reviews.reviewer == reviewer)]
        if not len(own):
            continue
        known = len(own) >= MONTH_MIN
        centre = _panel_mean(rest[within], reviews.reviewer[within])
        found.append(
            MonthlySeverity(
                month=month,
                n=len(own),
                points=float(own.mean() - centre) if known else None,
                se=float(own.std(ddof=1) / np.sqrt(len(own))) if known else None,
            )
        )
    return tuple(found)


def _panel_mean(rest: Floats, reviewer: Indices) -> float:
    """Return the mean of the reviewers' means, so that a diligent one is not the panel."""
    counts = np.bincount(reviewer)
    return float(np.mean(np.bincount(reviewer, rest)[counts > 0] / counts[counts > 0]))


def _changes(reviews: Reviews, rest: Floats, reviewer_count: int) -> tuple[list[Change | None], float | None]:
    """Test each reviewer's last month against the months before, and all of them together.

    What the whole panel does alike in a month is no change of one reviewer: it is taken out first.
    """
    last = int(reviews.month.max())
    centred = rest.copy()
    for month in range(last + 1):
        within = reviews.month == month
        if within.any():
            centred[within] -= _panel_mean(rest[within], reviews.reviewer[within])
    raw: dict[int, tuple[float, float, float, float]] = {}
    for one in range(reviewer_count):
        own = reviews.reviewer == one
        now, before = centred[own & (reviews.month == last)], centred[own & (reviews.month < last)]
        if min(len(now), len(before)) >= MONTH_MIN:
            tested = _welch(now, before)
            if tested is not None:
                raw[one] = tested
    adjusted = dict(zip(raw, holm([p for *_, p in raw.values()]), strict=True))
    changes = [
        Change(points=raw[one][0], ci95=(raw[one][1], raw[one][2]), p=adjusted[one]) if one in raw else None
        for one in range(reviewer_count)
    ]
    if not raw:
        return changes, None
    # Levels are taken above the panel, so of k changes k - 1 are free, unless some reviewers could not be tested.
    freedom = len(raw) - (len(raw) == reviewer_count)
    return changes, float(chdtrc(freedom, sum(float(ndtri(p / 2)) ** 2 for *_, p in raw.values())))


def _welch(now: Floats, before: Floats) -> tuple[float, float, float, float] | None:
    """Return the difference of two means with its 95 % interval and p; None where nothing varies."""
    parts = [float(each.var(ddof=1)) / len(each) for each in (now, before)]
    variance = sum(parts)
    if variance <= 0:
        return None
    freedom = variance**2 / sum(part**2 / (len(each) - 1) for part, each in zip(parts, (now, before), strict=True))
    difference, se = float(now.mean() - before.mean()), float(np.sqrt(variance))
    half = float(stdtrit(freedom, 0.975)) * se
    return difference, difference - half, difference + half, 2 * float(stdtr(freedom, -abs(difference) / se))


def holm(values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number (S. Holm, Scand. J. Statist. 6, 1979), in the order given."""
    order = sorted(range(len(values)), key=lambda place: values[place])
    corrected = [0.0] * len(values)
    running = 0.0
    for rank, place in enumerate(order):
        running = max(running, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = running
    return corrected
