"""Contacts after which the same customer comes again with the same problem."""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

WINDOW = dt.timedelta(days=7)


Subject = tuple[str, str]  # agent and month


@dataclass(slots=True)
class Repeats:
    """Contacts in any order, a few bytes each."""

    _problems: array[int] = field(default_factory=lambda: array("q"))
    _moments: array[float] = field(default_factory=lambda: array("d"))
    _owners: array[int] = field(default_factory=lambda: array("q"))
    _marks: array[int] = field(default_factory=lambda: array("b"))
    _numbers: dict[Subject, int] = field(default_factory=dict)

    def add(self, problem: tuple[str, ...], at: dt.datetime, subject: Subject, mark: int = 0) -> None:
        """Add a contact by customer and kind of problem; `mark` is the caller's, a small number given back."""
        self._problems.append(hash(problem))
        self._moments.append(at.timestamp())
        self._owners.append(self._numbers.setdefault(subject, len(self._numbers)))
        self._marks.append(mark)

    def found(self, end: dt.datetime) -> Iterator[tuple[Subject, int, bool]]:
        """Yield subject, mark and whether the same problem came again within the window, for each contact.

        Contacts for which the window reaches past `end`, where the data stop, are left out: nobody knows yet.
        """
        if not self._moments:
            return
        repeated = self._followed() <= WINDOW.total_seconds()
        subjects = list(self._numbers)
        for index in np.flatnonzero(self._known(end)):
            yield subjects[self._owners[index]], self._marks[index], bool(repeated[index])

    def open_count(self, end: dt.datetime) -> int:
        """Return how many contacts are left out."""
        return len(self._moments) - int(self._known(end).sum())

    def _known(self, end: dt.datetime) -> npt.NDArray[np.bool_]:
        return np.array(self._moments) + WINDOW.total_seconds() <= end.timestamp()

    def _followed(self) -> npt.NDArray[np.float64]:
        """Return after how many seconds the next contact about the same problem came; infinite without one."""
        moments, problems = np.array(self._moments), np.array(self._problems)
        order = np.lexsort((moments, problems))
        following = np.full(moments.size, np.inf)
        same = problems[order][1:] == problems[order][:-1]
        following[order[:-1][same]] = moments[order[1:][same]]
        waits: npt.NDArray[np.float64] = following - moments
        return waits
