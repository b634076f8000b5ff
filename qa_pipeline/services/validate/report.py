"""What a validation prints: metrics with 95 % intervals, and the bootstrap that gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_pipeline.errors import N_, CallqaError, Message
from qa_pipeline.report.intervals import wilson_share

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One figure with its 95 % interval; the interval is None where resampling makes no sense (a speed)."""

    value: float
    ci95: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    """Result of ``callqa validate TASK FILE``. ``confusion``: label that people gave -> label found -> count."""

    task: str
    n: int
    engine: str
    metrics: Mapping[str, Metric]
    notes: Sequence[Message] = ()
    groups: Mapping[str, Mapping[str, Metric]] = field(default_factory=dict)
    confusion: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def rows_left_out(errors: Sequence[CallqaError]) -> Message:
    """Return the note on rows that could not be used, of which there is at least one."""
    first = errors[0]
    # A row of a table may name another file, in which the problem lies.
    places = (Path(first.file).name if first.file else None, first.row)
    return Message(
        N_("{count} rows left out, the first of them {place}: {problem}"),
        {
            "count": len(errors),
            "place": ":".join(str(place) for place in places if place is not None),
            "problem": Message(first.message, first.params),
        },
    )


def measured(statistic: Callable[[Indices], float], n: int, *, groups: Sequence[object] | None = None) -> Metric:
    """Return a statistic of row indices over all `n` rows, with its interval; see `bootstrap_ci`."""
    everything = np.arange(n, dtype=np.intp)
    return Metric(value=float(statistic(everything)), ci95=bootstrap_ci(statistic, n, groups=groups))


def rate(parts: Sequence[float], wholes: Sequence[float]) -> Metric:
    """Return the sum of the parts over that of the wholes, NaN where the latter is 0, with its interval over both."""
    above, below = np.array(parts, np.float64), np.array(wholes, np.float64)

    def ratio(rows: Indices) -> float:
        whole = below[rows].sum()
        return float(above[rows].sum() / whole) if whole else float("nan")

    return measured(ratio, len(above))


def confusion_of(given: Indices, found: Indices, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return label that people gave -> label found -> count, of labels that number `names`."""
    return {
        name: {other: int(((given == row) & (found == column)).sum()) for column, other in enumerate(names)}
        for row, name in enumerate(names)
    }


def share_of(count: int, total: int) -> Metric:
    """Return a share with Wilson's interval, which a bootstrap of no hit at all would make a point; NaN of nothing."""
    share = wilson_share(count, total)
    if share.ratio is None or share.ci95 is None:
        return Metric(value=float("nan"))
    return Metric(value=share.ratio, ci95=(share.ci95.low, share.ci95.high))


def bootstrap_ci(
    statistic: Callable[[Indices], float],
    n: int,
    *,
    groups: Sequence[object] | None = None,
    repetitions: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the percentile bootstrap 95 % interval of a statistic of row indices.

    Parameters
    ----------
    statistic : callable
        Takes an array of row indices (with repetition) and returns the figure; NaN results are left out.
    n : int
        Number of rows, at least 1.
    groups : sequence, optional
        A label per row; whole groups are drawn, for rows that are not independent (utterances of one dialogue).

    Returns
    -------
    tuple of float
        2.5 % and 97.5 % quantile, (nan, nan) when no repetition gave a figure.
    """
    random = np.random.default_rng(seed)
    if groups is None:
        members = [np.array([index], dtype=np.intp) for index in range(n)]
    else:
        by_label: dict[object, list[int]] = {}
        for index, label in enumerate(groups):
            by_label.setdefault(label, []).append(index)
        members = [np.array(rows, dtype=np.intp) for rows in by_label.values()]
    values = []
    for _ in range(repetitions):
        drawn = random.integers(0, len(members), size=len(members))
        rows = drawn.astype(np.intp) if groups is None else np.concatenate([members[index] for index in drawn])
        values.append(statistic(rows))
    known = np.array([value for value in values if not np.isnan(value)])
    if not known.size:
        return (float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return (float(low), float(high))
