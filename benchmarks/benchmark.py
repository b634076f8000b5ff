"""What a benchmark is: something measured in several ways beside each other, one of them the named alternative."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Clock = Literal["processor", "wall"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What one repetition gave.

    ``answer``: what came out, as JSON; the ways of a benchmark that give one must agree. ``seconds``: where the work
    takes its own time, as it prepares something first; else the clock of the benchmark counts. ``peak_mib``: memory of
    another process that did the work.
    """

    answer: Any = None
    seconds: float | None = None
    peak_mib: float | None = None


Work = Callable[[], Done]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to do the work, in a process of its own.

    ``start``: given the folder that ``prepare`` filled and the size, returns what one repetition does; its time does
    not count. ``size`` and ``repetitions``: where they differ from those of the benchmark. ``speed_at_least`` and
    ``memory_at_most``: bars, as ratios to the alternative.
    """

    title: str
    start: Callable[[Path, int], Work]
    size: int | None = None
    repetitions: int | None = None
    speed_at_least: float | None = None
    memory_at_most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One row group of the table.

    ``about``: one sentence on what is measured and how the alternative differs. ``unit``: what one of ``size`` is; the
    figures are seconds for one. ``alternative``: title of the way to which ratios are. ``clock``: processor seconds of
    the way's process, which other work on the machine hardly changes, or those of the wall where the work waits or
    others do it. ``warm``: whether a first repetition does not count. ``prepare``: makes what all ways read. ``agree``:
    whether two answers are the same.
    """

    name: str
    about: str
    unit: str
    ways: tuple[Way, ...]
    alternative: str
    size: int
    repetitions: int
    clock: Clock = "processor"
    warm: bool = True
    prepare: Callable[[Path, int], None] | None = None
    agree: Callable[[Any, Any], bool] = operator.eq

    def size_of(self, way: Way) -> int:
        """Return how many units a repetition of a way does."""
        return self.size if way.size is None else way.size

    def repetitions_of(self, way: Way) -> int:
        """Return how often a way is measured."""
        return self.repetitions if way.repetitions is None else way.repetitions


def about_equal(one: list[float], other: list[float]) -> bool:
    """Whether two lists of numbers agree to 1e-6."""
    return len(one) == len(other) and all(abs(a - b) <= 1e-6 for a, b in zip(one, other, strict=True))
