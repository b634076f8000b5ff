"""What the review queue and its claims answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.documents import TranscriptDocument
from api.listing import Document, ListDocument, Name
from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.domain.review import Selection
from qa_pipeline.domain.review_queue import ClaimPurpose


class QueueEntryDocument(Document):
    """A contact that waits for a review, with why, the weightiest reason first.

    ``selection`` and ``inclusion_probability`` say how it was chosen. Where it is to be reviewed ``blind``, the agent,
    the team and whatever the machine found are left out.
    """

    contact_id: str
    purpose: ClaimPurpose
    selection: Selection
    inclusion_probability: float | None
    sample_id: str | None
    session_id: str | None
    blind: bool
    agent_id: str | None
    team: str | None
    started_at: datetime | None
    points: float
    reasons: tuple[str, ...]


class QueueDocument(ListDocument):
    """Some of ``total`` contacts that wait, in the order in which they should be reviewed.

    What only the machine's findings ask for is counted up to 10,000.
    """

    contacts: tuple[QueueEntryDocument, ...]


class NewClaim(Document):
    """Which contact is taken; without a ``contact_id`` the next one of the queue, of a month or a team if named."""

    contact_id: Name | None = None
    period: Annotated[str, Field(max_length=7, examples=["2026-10"])] | None = None
    team: Name | None = None


class ClaimDocument(Document):
    """A contact that the caller has taken until ``expires_at``.

    ``blind``: it is read on the sheet of the claim, and nowhere else before the review is in.
    """

    id: str
    contact_id: str
    purpose: ClaimPurpose
    selection: Selection
    inclusion_probability: float | None
    sample_id: str | None
    session_id: str | None
    blind: bool
    claimed_at: datetime
    expires_at: datetime


class ClaimListDocument(Document):
    """The caller's claims that are in force, oldest first."""

    claims: tuple[ClaimDocument, ...]


class SheetCriterionDocument(Document):
    """One criterion to judge; a fatal one that is not met caps the total."""

    criterion_id: str
    criterion: str
    section: str
    fatal: bool


class ReviewSheetDocument(Document):
    """What a contact is judged by: words and criteria, without agent, findings and what others said.

    The answer's ETag goes into the If-Match of the review.
    """

    claim: ClaimDocument
    contact_id: str
    kind: ContactKind
    queue: str | None
    started_at: datetime | None
    duration_s: float | None
    language: str
    scorecard_id: str
    scorecard_version: int
    criteria: tuple[SheetCriterionDocument, ...]
    transcript: TranscriptDocument | None
