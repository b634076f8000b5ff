"""Waiting lists 候补名单: who of those selected for coaching begins first, drawn so that its effect can be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingList:
    """A drawn order of two waves.

    ``selected_period``: the month (YYYY-MM) whose results led to the selection. ``first_from`` and ``second_from``:
    the months in which the waves begin; between them the second is what the first is compared with. ``seed``: with it
    and the ids anybody draws the same waves again.
    """

    id: str
    name: str
    selected_period: str
    first_from: str
    second_from: str
    seed: int
    drawn_by: str
    drawn_at: datetime
    first: tuple[str, ...]
    second: tuple[str, ...]
