"""What calibration answers: sessions, and how far machine and reviewers can be trusted."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from api.listing import Document, ListDocument, Name, PlainText
from api.steps import StateDocument, StepDocument
from api.v1.reviews_documents import NewVerdict, ReviewDocument
from qa_pipeline.appraisal.agreement import Agreement, Coefficient
from qa_pipeline.appraisal.criterion_agreement import Gate
from qa_pipeline.domain.cycle import CriterionHold
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.i18n import translator
from qa_pipeline.report.labels import reason_text
from qa_pipeline.scoring.proportions import Share
from qa_pipeline.services.calibration.agreement import CardAgreement
from qa_pipeline.services.calibration.severity import CalibrationContact

Reason = Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"^[^\x00]*\S[^\x00]*$")]


class NewSession(Document):
    """A session to open. ``members``: agent ids, or logins of who has none. After ``ends_at`` it can be closed."""

    sample_id: Name
    title: Name
    members: Annotated[tuple[Name, ...], Field(min_length=1, max_length=200)]
    ends_at: AwareDatetime


class CalibrationSessionDocument(Document):
    """A session. ``missing``: contacts that each member has yet to review; empty once it has ended."""

    id: str
    sample_id: str
    title: str
    members: tuple[str, ...]
    leader: str
    opened_at: datetime
    ends_at: datetime
    state: StateDocument
    contact_count: int
    missing: dict[str, int]
    steps: tuple[StepDocument, ...]


class CalibrationSessionListDocument(ListDocument):
    """Some of ``total`` sessions, the latest first."""

    sessions: tuple[CalibrationSessionDocument, ...]


class CoefficientDocument(Document):
    """One figure with its 95 % interval; null where it is not defined, as where all gave one outcome."""

    value: float | None
    ci95: tuple[float, float] | None


class AgreementDocument(Document):
    """Agreement over ``n`` contacts that two or more rated."""

    n: int
    raw: CoefficientDocument
    alpha: CoefficientDocument
    kappa: CoefficientDocument
    ac: CoefficientDocument


class CriterionAgreementDocument(Document):
    """Agreement on a criterion among people, and of the machine with them.

    ``machine_shown``: with people who had seen what it found. ``gate``: whether the machine may score it alone;
    ``missing``: contacts that two people have still to rate before that is known.
    """

    scorecard_id: str
    criterion_id: str
    contact_count: int
    abstained_count: int
    people: AgreementDocument | None
    machine: AgreementDocument | None
    machine_shown: AgreementDocument | None
    gate: Gate
    missing: int


class AgreementOfPeriodDocument(Document):
    """All criteria that were reviewed; reviews that were not drawn at random are left out, and counted."""

    period: str
    blind_count: int
    shown_count: int
    targeted_count: int
    left_out_count: int
    criteria: tuple[CriterionAgreementDocument, ...]


class SplitDocument(Document):
    """A criterion on which the reviewers of a contact differ."""

    criterion_id: str
    outcomes: dict[str, Outcome]


class SharedContactDocument(Document):
    """How far the points of a contact's reviewers differ; ``furthest`` from the mean of the others, by points."""

    contact_id: str
    points: dict[str, float]
    sd: float
    furthest: str
    furthest_points: float
    splits: tuple[SplitDocument, ...]


class DistanceDocument(Document):
    """How far a member is from the others: points above their mean, and verdicts that nobody shares."""

    member: str
    contact_count: int
    points_above: float | None
    verdict_count: int
    alone_count: int


class SessionResultDocument(Document):
    """What a closed session found, and what it agreed on so far."""

    id: str
    criteria: tuple[CriterionAgreementDocument, ...]
    distances: tuple[DistanceDocument, ...]
    contacts: tuple[SharedContactDocument, ...]
    reviews: tuple[ReviewDocument, ...]
    agreed: tuple[ReviewDocument, ...]


class AgreedVerdicts(Document):
    """What a session agrees on for a contact; each verdict with its reason."""

    verdicts: Annotated[tuple[NewVerdict, ...], Field(min_length=1, max_length=200)]


class MonthlySeverityDocument(Document):
    """A reviewer's points above the panel in one month, with the standard error; null below five reviews."""

    month: str
    n: int
    points: float | None
    se: float | None


class HoldChangeDocument(Document):
    """Points by which a reviewer's last month differs from those before."""

    points: float
    ci95: tuple[float, float]
    p: float
    certain: bool


class ReviewerSeverityDocument(Document):
    """A reviewer beside the panel: points above its average, and whether good and bad contacts get much the same."""

    reviewer: str
    points: float
    ci95: tuple[float, float]
    n: int
    shared_count: int
    spread_ratio: float | None
    spread_ci95: tuple[float, float] | None
    is_narrow: bool
    gives_all_the_same: bool
    months: tuple[MonthlySeverityDocument, ...]
    change: HoldChangeDocument | None


class SeverityDocument(Document):
    """The panel over the months. Without ``reviewers`` the reviews are too few."""

    months: tuple[str, ...]
    review_count: int
    reviewer_sd: float | None
    residual_sd: float | None
    change_p: float | None
    reviewers: tuple[ReviewerSeverityDocument, ...]
    mean_sd: float | None
    contacts: tuple[SharedContactDocument, ...]


class MonthlyGapDocument(Document):
    """Contacts judged by machine and people in a month; ``gap``: machine above people, -1 to 1."""

    month: str
    n: int
    wrong_count: int
    gap: float
    gap_ci95: tuple[float, float] | None


class DriftDocument(Document):
    """One criterion over the months. ``should_be_held``: a person is asked to put it on hold."""

    scorecard_id: str
    criterion_id: str
    months: tuple[MonthlyGapDocument, ...]
    p: float | None
    has_drifted: bool
    on_hold: bool
    should_be_held: bool


class DriftOfPeriodDocument(Document):
    """All criteria with blind random reviews in the months."""

    months: tuple[str, ...]
    criteria: tuple[DriftDocument, ...]


class OverridesDocument(Document):
    """A reviewer's reviews that were not blind: how many changed something, and how many of these without a word."""

    reviewer: str
    review_count: int
    changed_count: int
    unexplained_count: int
    is_alarm: bool


class OverridesOfPeriodDocument(Document):
    """All reviewers by name. An alarm: nothing changed in twenty reviews or more."""

    period: str
    reviewers: tuple[OverridesDocument, ...]


class ShareDocument(Document):
    """``count`` of ``n``, with the exact 95 % interval; null without any."""

    count: int
    n: int
    ratio: float | None
    ci95: tuple[float, float]


class ErrorRateDocument(Document):
    """What is known of the machine's errors on a criterion, and what is allowed."""

    scorecard_id: str
    criterion_id: str
    reviewed: ShareDocument
    appealed: ShareDocument
    people: ShareDocument
    allowed_ratio: float


class HoldDocument(Document):
    """A criterion that does not score by itself, or did not until it was released."""

    scorecard_id: str
    criterion_id: str
    reason: str
    held_by: str
    held_at: datetime
    released_by: str | None
    release_reason: str | None
    released_at: datetime | None


class HoldsDocument(Document):
    """Holds in the order in which they came, and the error rates behind them."""

    error_limit: float
    holds: tuple[HoldDocument, ...]
    error_rates: tuple[ErrorRateDocument, ...]


class NewHold(Document):
    """A criterion to put on hold, and why."""

    scorecard_id: Name
    criterion_id: Name
    reason: Reason


class Release(Document):
    """Why a criterion may score by itself again."""

    reason: Reason


class Ending(Document):
    """Why a session ends; cancelling needs it."""

    reason: PlainText = ""


def agreement_of(each: CardAgreement) -> CriterionAgreementDocument:
    """Return the agreement on one criterion."""
    return CriterionAgreementDocument(
        scorecard_id=each.scorecard_id,
        criterion_id=each.criterion_id,
        contact_count=each.blind.contacts,
        abstained_count=each.blind.abstained,
        people=_agreement(each.blind.people),
        machine=_agreement(each.blind.machine),
        machine_shown=_agreement(each.shown),
        gate=each.blind.gate,
        missing=each.blind.missing,
    )


def shared_contact(each: CalibrationContact) -> SharedContactDocument:
    """Return how far the reviewers of a contact differ."""
    return SharedContactDocument(
        contact_id=each.contact_id,
        points=dict(each.points),
        sd=each.sd,
        furthest=each.furthest,
        furthest_points=each.furthest_points,
        splits=tuple(
            SplitDocument(criterion_id=split.criterion_id, outcomes=dict(split.outcomes)) for split in each.splits
        ),
    )


def hold_document(hold: CriterionHold, language: str) -> HoldDocument:
    """Return one hold in the reader's language."""
    return HoldDocument(
        scorecard_id=hold.scorecard_id,
        criterion_id=hold.criterion_id,
        reason=reason_text(hold.reason, translator(language)),
        held_by=hold.held_by,
        held_at=hold.held_at,
        released_by=hold.released_by,
        release_reason=hold.release_reason,
        released_at=hold.released_at,
    )


def share_document(share: Share) -> ShareDocument:
    """Return a share with its interval."""
    return ShareDocument(count=share.count, n=share.n, ratio=share.value, ci95=share.ci95)


def _agreement(measured: Agreement | None) -> AgreementDocument | None:
    if measured is None:
        return None
    return AgreementDocument(
        n=measured.units,
        raw=_coefficient(measured.raw),
        alpha=_coefficient(measured.alpha),
        kappa=_coefficient(measured.kappa),
        ac=_coefficient(measured.ac),
    )


def _coefficient(figure: Coefficient) -> CoefficientDocument:
    known = not math.isnan(figure.value)
    return CoefficientDocument(value=figure.value if known else None, ci95=figure.ci95 if known else None)
