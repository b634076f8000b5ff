"""What people decide about inspected contacts, and which contacts were put before them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from qa_pipeline.domain.inspection import Outcome


class Selection(StrEnum):
    """Why a contact was put before a person."""

    RANDOM = "random"
    DOUBLE = "double"  # a second, blind review of a contact drawn at random
    CALIBRATION = "calibration"  # drawn at random, seen by all reviewers
    RISK = "risk"
    COMPLAINT = "complaint"
    APPEAL = "appeal"
    PANEL = "panel"  # what a calibration session agreed on
    UNKNOWN = "unknown"  # nobody says how it was chosen

    @property
    def is_targeted(self) -> bool:
        """Whether something about the contact may have had it chosen, so that it is worse (or better) than most.

        True for what nobody knows too: only a draw that somebody vouches for is random.
        """
        return self not in (Selection.RANDOM, Selection.DOUBLE, Selection.CALIBRATION)

    @property
    def is_decision(self) -> bool:
        """Whether it is no look at a contact but a decision on it, which no later look of its maker takes back."""
        return self in (Selection.APPEAL, Selection.PANEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A person's outcome on one criterion; ``comment`` says why, in the person's own words."""

    criterion_id: str
    outcome: Outcome
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One person's review of one contact by one scorecard; appended, never edited.

    A reviewer judges criteria (``verdicts``), or gives the whole contact ``points`` (0-100) and ``attitude_value``
    (1-5), with ``comment`` on the whole. Criteria without a verdict stay as the machine has them, unless the review is
    ``blind``: the reviewer has not seen the machine's, and what was not judged is unknown. ``inclusion_probability``:
    chance in (0, 1] with which the contact was drawn, None when it is not known. ``sample_id``: the sample it was drawn
    in. ``source`` names the import or the page. ``replaces``: the fingerprint of the reviewer's earlier review of the
    contact by this card, which no longer counts and stays in the history. ``fingerprint`` identifies content and what
    is replaced.
    """

    contact_id: str
    scorecard_id: str
    scorecard_version: int
    reviewer: str
    verdicts: tuple[Verdict, ...] = ()
    points: float | None = None
    attitude_value: float | None = None
    comment: str = ""
    selection: Selection = Selection.UNKNOWN
    inclusion_probability: float | None = None
    blind: bool = False
    sample_id: str | None = None
    reviewed_at: datetime
    source: str
    replaces: str | None = None
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledContact:
    """One drawn contact with the chance (0, 1] that it had."""

    contact_id: str
    agent_id: str
    inclusion_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One draw of contacts for review: whom it was drawn from, how, and with which seed, so that it can be repeated.

    ``selection``: random, double, calibration or risk. ``frame_count``: contacts that could have been drawn.
    ``filters``: what kept contacts out of the frame, with the number that each kept out. ``plan``: the parameters.
    """

    id: str
    period: str
    selection: Selection
    seed: int
    plan: tuple[tuple[str, str], ...]
    filters: tuple[tuple[str, int], ...]
    frame_count: int
    frame_digest: str
    contacts: tuple[SampledContact, ...]
    drawn_by: str
    drawn_at: datetime
