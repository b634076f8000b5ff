"""Calibration: sessions, how far people and machine agree, who is strict, and criteria that are on hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.caller import Caller
from api.filters import Paging
from api.language import language_of
from api.listing import AnyMonth, IdInPath
from api.pages.contact import VERDICTS
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.calibration import agreement as read_agreement
from api.v1.calibration import drift as read_drift
from api.v1.calibration import holds as read_holds
from api.v1.calibration import overrides as read_overrides
from api.v1.calibration import severity as read_severity
from api.v1.calibration_documents import SessionResultDocument
from api.v1.calibration_sessions import result as read_result
from api.v1.calibration_sessions import session as get_session
from api.v1.calibration_sessions import sessions as list_sessions
from api.v1.reviews_documents import ReviewDocument
from api.v1.samples import SampleQuery
from api.v1.samples import samples as list_samples
from qa_pipeline.access import Permission
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review import Selection
from qa_pipeline.errors import NotFound
from qa_pipeline.services.periods import list_periods

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
Measured = TypeVar("Measured")
_REVIEWERS = (StaffRole.QA, StaffRole.SUPERVISOR)


@router.read("/calibration", Permission.CALIBRATION_TAKE)
def calibration(request: Request, call: FromCaller, paging: Annotated[Paging, Query()]) -> str:
    """Sessions with what is missing, criteria on hold, and the way to agreement and severity."""
    language = language_of(request)
    may_manage = call.may(Permission.CALIBRATION_MANAGE)
    holds = None
    if call.may(Permission.REVIEWS_READ):
        holds = read_holds(call=call.using(Permission.REVIEWS_READ), language=language)
    return render(
        "calibration.html",
        request,
        found=list_sessions(call=call, language=language, wanted=paging),
        holds=holds,
        names=criterion_names(call, language),
        me=call.user.actor,
        samples=_calibration_samples(call) if may_manage else (),
        people=_reviewers(call) if may_manage else (),
        months=_months(call),
    )


@router.read("/calibration/sessions/{session_id}", Permission.CALIBRATION_TAKE)
def session(request: Request, call: FromCaller, session_id: IdInPath) -> str:
    """One session: who is still missing, and once it is closed how the members judged and what was agreed on."""
    language = language_of(request)
    found = get_session(call=call, language=language, session_id=session_id)
    is_closed = found.state.id == "closed"
    names = {criterion_id: name for (_, criterion_id), name in criterion_names(call, language).items()}
    result = read_result(call=call, session_id=session_id) if is_closed else None
    return render(
        "calibration_session.html",
        request,
        session=found,
        result=result,
        compared=_compared(result) if result else (),
        named=lambda criterion_id: names.get(criterion_id, criterion_id),
        me=call.user.actor,
        verdicts=VERDICTS,
    )


@router.read("/calibration/agreement", Permission.REVIEWS_READ)
def agreement(request: Request, call: FromCaller, period: AnyMonth = None) -> str:
    """Agreement by criterion in a month, of people and of the machine with them, and whether it drifts."""
    months = _months(call)
    chosen = period or (months[0] if months else None)
    found = _of(read_agreement, call, chosen)
    drifts = _of(read_drift, call, chosen) if found else None
    return render(
        "agreement.html",
        request,
        period=chosen,
        months=months,
        found=found,
        drift={(one.scorecard_id, one.criterion_id): one for one in drifts.criteria} if drifts else {},
        names=criterion_names(call, language_of(request)),
    )


@router.read("/calibration/severity", Permission.CALIBRATION_MANAGE)
def severity(request: Request, call: FromCaller, period: AnyMonth = None) -> str:
    """Who is strict or mild beside the panel, and how often each changes what the machine found."""
    months = _months(call)
    chosen = period or (months[0] if months else None)
    return render(
        "severity.html",
        request,
        period=chosen,
        months=months,
        found=_of(read_severity, call, chosen),
        overrides=_of(read_overrides, call, chosen),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A contact of a closed session: points by member, their spread, and verdicts by criterion where they differ."""

    contact_id: str
    points: Mapping[str, float]
    sd: float | None
    splits: Mapping[str, Mapping[str, Outcome]]
    agreed: ReviewDocument | None


def _compared(result: SessionResultDocument) -> Sequence[Compared]:
    """Return all contacts that were reviewed, also those whose verdicts were too few for points."""
    with_points = {one.contact_id: one for one in result.contacts}
    agreed = {one.contact_id: one for one in result.agreed}
    found = []
    for contact_id in sorted({one.contact_id for one in result.reviews}):
        verdicts: dict[str, dict[str, Outcome]] = {}
        for review in result.reviews:
            for each in review.verdicts if review.contact_id == contact_id else ():
                verdicts.setdefault(each.criterion_id, {})[review.reviewer] = each.outcome
        spread = with_points.get(contact_id)
        found.append(
            Compared(
                contact_id=contact_id,
                points=spread.points if spread else {},
                sd=spread.sd if spread else None,
                splits={key: given for key, given in verdicts.items() if len(set(given.values())) > 1},
                agreed=agreed.get(contact_id),
            )
        )
    return found


def _of(read: Callable[..., Measured], call: Caller, period: str | None) -> Measured | None:
    """Return what is measured of a month, None where nothing was reviewed in it."""
    try:
        return read(call=call, period=period) if period else None
    except NotFound:
        return None


def criterion_names(call: Caller, language: str) -> Mapping[tuple[str, str], str]:
    """Return the names of criteria by scorecard and id, of the newest version that has them."""
    return {
        (card.id, criterion.id): criterion.name.in_language(language)
        for card in sorted(call.sources.rulebook.scorecards, key=lambda card: card.version)
        for section in card.sections
        for criterion in section.criteria
    }


def _months(call: Caller) -> list[str]:
    return [one.period for one in list_periods(call.store, call.reach) if one.is_month and one.contacts_count]


def _calibration_samples(call: Caller) -> Sequence[tuple[str, str]]:
    found = list_samples(call=call.using(Permission.SAMPLES_READ), wanted=SampleQuery(limit=100)).samples
    return [(one.id, f"{one.id} · {one.drawn_count}") for one in found if one.selection is Selection.CALIBRATION]


def _reviewers(call: Caller) -> Sequence[tuple[str, str]]:
    with call.store.reading() as tx:
        return [(one.actor, one.name) for one in tx.users.list() if one.is_active and one.role in _REVIEWERS]
