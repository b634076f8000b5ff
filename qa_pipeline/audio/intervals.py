"""Algebra of time intervals. Pure.

An interval is (start, end) in seconds with start < end. Every function takes intervals in any order and returns them
normal: sorted, disjoint, not touching.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Interval = tuple[float, float]
Intervals = tuple[Interval, ...]


def union(intervals: Iterable[Interval], join_gap_s: float = 0.0) -> Intervals:
    """Return the normal form; gaps of at most `join_gap_s` are closed."""
    found: list[Interval] = []
    for start, end in sorted(interval for interval in intervals if interval[1] > interval[0]):
        if found and start - found[-1][1] <= join_gap_s:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def intersection(left: Iterable[Interval], right: Iterable[Interval]) -> Intervals:
    """Return the time that lies in both."""
    ours, theirs = union(left), union(right)
    found: list[Interval] = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        start, end = max(ours[i][0], theirs[j][0]), min(ours[i][1], theirs[j][1])
        if end > start:
            found.append((start, end))
        if ours[i][1] < theirs[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def complement(intervals: Iterable[Interval], start_s: float, end_s: float) -> Intervals:
    """Return the time within `start_s`..`end_s` that lies in none."""
    edges = [start_s]
    for start, end in intersection(intervals, ((start_s, end_s),)):
        edges += [start, end]
    edges.append(end_s)
    return tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a)


def difference(left: Iterable[Interval], right: Iterable[Interval]) -> Intervals:
    """Return the time that lies in `left` and not in `right`."""
    ours = union(left)
    return intersection(ours, complement(right, ours[0][0], ours[-1][1])) if ours else ()


def total_s(intervals: Iterable[Interval]) -> float:
    """Return the seconds covered."""
    return sum(end - start for start, end in union(intervals))


def longest(intervals: Sequence[Interval]) -> Interval | None:
    """Return the longest interval, the first of equals; None when there is none."""
    return max(intervals, key=lambda interval: interval[1] - interval[0], default=None)
