"""Where work begins: QA's overview; every other role is led to its own first page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.caller import Caller, who_of
from api.judgements import blind_to
from api.language import language_of
from api.listing import People
from api.pages.environment import link, render
from api.pages.navigation import start_of
from api.router import FromCaller, Routes
from api.summaries import contact_summary
from api.v1.batches import list_batches
from api.v1.batches_documents import BatchDocument, BatchQuery
from api.v1.queue import view_of
from qa_pipeline.access import Permission
from qa_pipeline.domain.job import ENDED
from qa_pipeline.errors import N_
from qa_pipeline.services.contact_list import ContactFilter, ContactPage, Part, list_contacts
from qa_pipeline.services.cycle.appeals import list_appeals
from qa_pipeline.services.periods import list_periods
from qa_pipeline.services.report import problem_rows
from qa_pipeline.services.review_queue.blindness import due_in_sessions
from qa_pipeline.services.review_queue.listing import count_queue
from qa_pipeline.store import Transaction

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)

_PROBLEMS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How much of one kind waits for the reader, and where; ``name`` is a msgid."""

    name: str
    count: int
    path: str


@router.read("/", Permission.PERIODS_READ)
def overview(request: Request, call: FromCaller) -> Response:
    """For QA: running batches, periods, newest contacts and what was not scored."""
    who = who_of(request)
    start = start_of(who) if who else "/sign-in"
    if start != "/":
        return RedirectResponse(link(request, start), HTTPStatus.SEE_OTHER)
    newest, reach = ContactPage(contacts=(), total=0), call.reach
    if call.may(Permission.CONTACTS_READ):
        reach = call.reach_of(Permission.CONTACTS_READ)
        newest = list_contacts(call.store, ContactFilter(reach=reach, hidden=blind_to(call)), Part(limit=8))
    language = language_of(request)
    with call.store.reading() as tx:
        problems = tx.problems.list(limit=_PROBLEMS) if call.may(Permission.PROBLEMS_READ) else ()
        problems_count = tx.problems.count() if call.may(Permission.PROBLEMS_READ) else 0
        waiting = _waiting(tx, call)
    text = render(
        "overview.html",
        request,
        periods=list_periods(call.store, reach),
        contacts=[contact_summary(listed) for listed in newest.contacts],
        contacts_count=newest.total,
        count_is_exact=newest.total_is_exact,
        problems=problem_rows(problems, language),
        problems_count=problems_count,
        batches=_running(call, language),
        waiting=waiting,
    )
    return HTMLResponse(text)


def _waiting(tx: Transaction, call: Caller) -> Sequence[Waiting]:
    found: list[Waiting] = []
    if call.may(Permission.CONTACTS_REVIEW):
        view = view_of(call.using(Permission.CONTACTS_REVIEW))
        taken = len(tx.claims.list_open(call.now, claimant=call.user.actor))
        found.append(Waiting(name=N_("Contacts that wait for a review"), count=count_queue(tx, view), path="/queue"))
        found.append(Waiting(name=N_("Contacts that you have taken"), count=taken, path="/queue"))
    if call.may(Permission.CALIBRATION_TAKE):
        due = len(due_in_sessions(tx, call.user.actor))
        found.append(Waiting(name=N_("Calibration calls that you have yet to review"), count=due, path="/calibration"))
    if call.may(Permission.APPEALS_DECIDE):
        people = People(tx, call.reach_of(Permission.APPEALS_DECIDE))
        open_count = sum(one.is_undecided and people.covers(one.appeal.agent_id) for one in list_appeals(tx))
        found.append(Waiting(name=N_("Appeals without a decision"), count=open_count, path="/appeals"))
    return found


def _running(call: Caller, language: str) -> Sequence[BatchDocument]:
    if not call.may(Permission.BATCHES_RUN):
        return ()
    asked = call.using(Permission.BATCHES_RUN)
    newest = list_batches(call=asked, query=BatchQuery(limit=20), language=language).batches
    return [batch for batch in newest if batch.state not in ENDED]
