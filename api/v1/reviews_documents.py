"""What reviews are sent as and answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.listing import Document, ListDocument, Name, PlainText
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review import Review, Selection, Verdict

Judged = Literal[Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_MET, Outcome.NOT_APPLICABLE]


class NewVerdict(Document):
    """A person's outcome on one criterion; ``comment`` says why, where it differs from the machine's."""

    criterion_id: Name
    outcome: Judged
    comment: PlainText = ""

    def as_verdict(self) -> Verdict:
        """Return the domain value."""
        return Verdict(criterion_id=self.criterion_id, outcome=self.outcome, comment=self.comment)


class NewReview(Document):
    """What somebody says of a contact: verdicts, or the whole contact's points (0-100) or attitude (1-5)."""

    scorecard_id: Name
    scorecard_version: Annotated[int, Field(ge=1, le=1_000_000)]
    verdicts: Annotated[tuple[NewVerdict, ...], Field(max_length=200)] = ()
    points: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] | None = None
    attitude_value: Annotated[float, Field(ge=1, le=5, allow_inf_nan=False)] | None = None
    comment: PlainText = ""


class VerdictDocument(Document):
    """A verdict as it was given."""

    criterion_id: str
    outcome: Outcome
    comment: str


class ReviewDocument(Document):
    """A review as it was given. ``in_force`` False: a later one of the same reviewer has replaced it."""

    id: str
    contact_id: str
    reviewer: str
    scorecard_id: str
    scorecard_version: int
    selection: Selection
    targeted: bool
    inclusion_probability: float | None
    sample_id: str | None
    blind: bool
    verdicts: tuple[VerdictDocument, ...]
    points: float | None
    attitude_value: float | None
    comment: str
    reviewed_at: datetime
    source: str
    replaces: str | None
    in_force: bool


class ReviewListDocument(ListDocument):
    """Some of ``total`` reviews, the latest first."""

    reviews: tuple[ReviewDocument, ...]


class ScoreDocument(Document):
    """Points (0-100), pass or fail, and attitude (1-5), as far as they are known."""

    points: float | None
    passed: bool | None
    attitude_value: float | None


class EffectiveScoreDocument(ScoreDocument):
    """What counts for a contact, with who has a part in it and the outcomes by criterion."""

    reviewers: tuple[str, ...]
    outcomes: dict[str, Outcome]


class ContactReviewsDocument(Document):
    """All reviews of a contact with their history, the machine's score, and what counts of both.

    Of what the caller may be asked to judge blind only the own reviews are shown, and not what counts.
    The answer's ETag goes into the If-Match of a review.
    """

    contact_id: str
    scorecard_id: str
    scorecard_version: int
    machine: ScoreDocument
    effective: EffectiveScoreDocument | None
    reviews: tuple[ReviewDocument, ...]


class GivenReviewDocument(Document):
    """A review that was kept, and what counts since; without the latter while the reviewer may not see it.

    ``is_new`` False: the reviewer had said the same before. ``holds``: criteria that do not score by themselves since.
    """

    review: ReviewDocument
    is_new: bool
    effective: EffectiveScoreDocument | None
    holds: tuple[str, ...]


def review_document(review: Review, *, in_force: bool) -> ReviewDocument:
    """Return a review as a document."""
    return ReviewDocument(
        id=review.fingerprint,
        contact_id=review.contact_id,
        reviewer=review.reviewer,
        scorecard_id=review.scorecard_id,
        scorecard_version=review.scorecard_version,
        selection=review.selection,
        targeted=review.selection.is_targeted,
        inclusion_probability=review.inclusion_probability,
        sample_id=review.sample_id,
        blind=review.blind,
        verdicts=tuple(
            VerdictDocument(criterion_id=each.criterion_id, outcome=each.outcome, comment=each.comment)
            for each in review.verdicts
        ),
        points=review.points,
        attitude_value=review.attitude_value,
        comment=review.comment,
        reviewed_at=review.reviewed_at,
        source=review.source,
        replaces=review.replaces,
        in_force=in_force,
    )
