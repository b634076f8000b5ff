"""Suggestions 服务改进建议: what agents propose to do better, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SuggestionState(StrEnum):
    """How far a suggestion is; only an accepted one can be done."""

    FILED = "filed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    DONE = "done"


# What may follow: state -> answers that somebody may give.
ANSWERS: dict[SuggestionState, tuple[SuggestionState, ...]] = {
    SuggestionState.FILED: (SuggestionState.ACCEPTED, SuggestionState.DECLINED),
    SuggestionState.ACCEPTED: (SuggestionState.DONE, SuggestionState.DECLINED),
    SuggestionState.DECLINED: (),
    SuggestionState.DONE: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One suggestion. ``answer``: why it was accepted or declined, or what was done, with who said so and when."""

    id: str
    agent_id: str
    title: str
    text: str
    filed_at: datetime
    state: SuggestionState = SuggestionState.FILED
    answer: str = ""
    answered_by: str | None = None
    answered_at: datetime | None = None
