"""How far machine and reviewers can be trusted: agreement, severity, drift, overrides, and criteria on hold."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.caller import Caller
from api.listing import IdInPath, Name, Period
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.v1.calibration_documents import (
    AgreementOfPeriodDocument,
    DriftDocument,
    DriftOfPeriodDocument,
    ErrorRateDocument,
    HoldChangeDocument,
    HoldDocument,
    HoldsDocument,
    MonthlyGapDocument,
    MonthlySeverityDocument,
    NewHold,
    OverridesDocument,
    OverridesOfPeriodDocument,
    Release,
    ReviewerSeverityDocument,
    SeverityDocument,
    agreement_of,
    hold_document,
    share_document,
    shared_contact,
)
from api.v1.samples import check_whole_site
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.severity import ReviewerSeverity
from qa_pipeline.errors import N_, InputError, NotFound
from qa_pipeline.services.calibration.agreement import measure_period
from qa_pipeline.services.calibration.drift import CardDrift, measure_period_drift
from qa_pipeline.services.calibration.holds import error_rates, hold_criterion, release_criterion
from qa_pipeline.services.calibration.overrides import count_overrides
from qa_pipeline.services.calibration.severity import SeverityOfPeriod, mean_spread, measure_reviewers
from qa_pipeline.services.review_queue.blindness import contacts_of, open_sessions

router = Routes()
Months = Annotated[int, Query(ge=2, le=60, description="How many months, up to the last one of the period")]


@router.read("/calibration/agreement", Permission.REVIEWS_READ)
def agreement(
    call: FromCaller,
    period: Period,
    scorecard_id: Annotated[Name | None, Query(description="Only this scorecard")] = None,
) -> AgreementOfPeriodDocument:
    """Agreement by criterion, of people among themselves and of the machine with them, over the whole site."""
    found = measure_period(call.store, period, call.sources.rulebook.scorecards, scorecard_id)
    return AgreementOfPeriodDocument(
        period=found.period,
        blind_count=found.blind_count,
        shown_count=found.shown_count,
        targeted_count=found.targeted_count,
        left_out_count=found.left_out_count,
        criteria=tuple(agreement_of(each) for each in found.criteria),
    )


@router.read("/calibration/drift", Permission.REVIEWS_READ)
def drift(call: FromCaller, period: Period, months: Months = 6) -> DriftOfPeriodDocument:
    """Whether the machine has begun to disagree with people, by criterion, over the whole site."""
    found = measure_period_drift(call.store, period, call.sources.rulebook.scorecards, months)
    return DriftOfPeriodDocument(months=found.months, criteria=tuple(_drift(each) for each in found.criteria))


@router.read("/calibration/severity", Permission.CALIBRATION_MANAGE)
def severity(call: FromCaller, period: Period, months: Months = 6) -> SeverityDocument:
    """Who is strict or mild beside the panel, who has changed, and how reviewers of the same contacts differ."""
    check_whole_site(call)
    found = measure_reviewers(call.store, period, call.sources.rulebook.scorecards, months)
    with call.store.reading() as tx:
        running = {one for each in open_sessions(tx) for one in contacts_of(tx, each)}
    shown = [each for each in found.sessions if each.contact_id not in running]
    call.record("calibration.severity", period)
    panel = found.panel
    return SeverityDocument(
        months=found.months,
        review_count=found.review_count,
        reviewer_sd=panel.reviewer_sd if panel else None,
        residual_sd=panel.residual_sd if panel else None,
        change_p=panel.change_p if panel else None,
        reviewers=tuple(_reviewer(found, each) for each in panel.reviewers) if panel else (),
        mean_sd=mean_spread(shown),
        contacts=tuple(shared_contact(each) for each in shown),
    )


@router.read("/calibration/overrides", Permission.CALIBRATION_MANAGE)
def overrides(call: FromCaller, period: Period) -> OverridesOfPeriodDocument:
    """How often each reviewer changes what the machine found: never is an alarm."""
    check_whole_site(call)
    found = count_overrides(call.store, period, call.sources.rulebook.scorecards)
    call.record("calibration.overrides", period)
    return OverridesOfPeriodDocument(
        period=period,
        reviewers=tuple(
            OverridesDocument(
                reviewer=each.reviewer,
                review_count=each.changed.n,
                changed_count=each.changed.count,
                unexplained_count=each.unexplained_count,
                is_alarm=each.is_alarm,
            )
            for each in found
        ),
    )


@router.read("/calibration/holds", Permission.REVIEWS_READ)
def holds(call: FromCaller, language: InLanguage) -> HoldsDocument:
    """Criteria that do not score by themselves, those that were released, and the error rates behind them."""
    rule, cards = call.sources.site.hold_rule, call.sources.rulebook.scorecards
    with call.store.reading() as tx:
        rates, listed = error_rates(tx, cards, rule, call.now), tx.holds.list()
    return HoldsDocument(
        error_limit=rule.error_limit,
        holds=tuple(hold_document(each, language) for each in listed),
        error_rates=tuple(
            ErrorRateDocument(
                scorecard_id=each.scorecard_id,
                criterion_id=each.criterion_id,
                reviewed=share_document(each.reviewed),
                appealed=share_document(each.appealed),
                people=share_document(each.people),
                allowed_ratio=each.allowed_ratio(rule),
            )
            for each in rates
        ),
    )


@router.write("POST", "/calibration/holds", Permission.CALIBRATION_MANAGE, status_code=201)
def hold(call: FromCaller, language: InLanguage, body: NewHold) -> HoldDocument:
    """Put a criterion on hold: its findings do not count until a person has judged them."""
    check_whole_site(call)
    _check_criterion(call, body.scorecard_id, body.criterion_id)
    with call.store.transaction() as tx:
        made = hold_criterion(
            tx,
            body.scorecard_id,
            body.criterion_id,
            by=call.user.actor,
            reason=body.reason.strip(),
            at=call.now,
        )
    call.record("criterion.hold", f"{body.scorecard_id}/{body.criterion_id}")
    return hold_document(made, language)


@router.write(
    "POST", "/calibration/holds/{scorecard_id}/{criterion_id}/release", Permission.CALIBRATION_MANAGE, status_code=200
)
def release(
    call: FromCaller, language: InLanguage, scorecard_id: IdInPath, criterion_id: IdInPath, body: Release
) -> HoldDocument:
    """Let a criterion score by itself again; what is known today does not put it on hold again."""
    check_whole_site(call)
    with call.store.transaction() as tx:
        released = release_criterion(
            tx, scorecard_id, criterion_id, by=call.user.actor, reason=body.reason.strip(), at=call.now
        )
    call.record("criterion.release", f"{scorecard_id}/{criterion_id}")
    return hold_document(released, language)


def _check_criterion(call: Caller, scorecard_id: str, criterion_id: str) -> None:
    cards = [card for card in call.sources.rulebook.scorecards if card.id == scorecard_id]
    if not cards:
        raise NotFound(N_("There is no scorecard with the id {id}."), field="scorecard_id", id=scorecard_id)
    known = [criterion.id for card in cards for criterion in card.criteria]
    if criterion_id not in known:
        raise InputError(
            N_("The scorecard {scorecard} has no criterion {criterion}."),
            hint=N_("Choose one of: {known}."),
            field="criterion_id",
            scorecard=scorecard_id,
            criterion=criterion_id,
            known=", ".join(dict.fromkeys(known)),
        )


def _drift(each: CardDrift) -> DriftDocument:
    return DriftDocument(
        scorecard_id=each.scorecard_id,
        criterion_id=each.criterion_id,
        months=tuple(
            MonthlyGapDocument(
                month=one.month, n=one.n, wrong_count=one.wrong_count, gap=one.gap, gap_ci95=one.gap_ci95
            )
            for one in each.drift.months
        ),
        p=each.drift.p,
        has_drifted=each.drift.has_drifted,
        on_hold=each.on_hold,
        should_be_held=each.should_be_held,
    )


def _reviewer(found: SeverityOfPeriod, each: ReviewerSeverity) -> ReviewerSeverityDocument:
    change = each.change
    return ReviewerSeverityDocument(
        reviewer=found.names[each.reviewer],
        points=each.points,
        ci95=each.ci95,
        n=each.n,
        shared_count=each.shared_count,
        spread_ratio=each.spread_ratio,
        spread_ci95=each.spread_ci95,
        is_narrow=each.is_narrow,
        gives_all_the_same=each.gives_all_the_same,
        months=tuple(
            MonthlySeverityDocument(month=found.months[one.month], n=one.n, points=one.points, se=one.se)
            for one in each.months
        ),
        change=HoldChangeDocument(points=change.points, ci95=change.ci95, p=change.p, certain=change.is_certain)
        if change
        else None,
    )
