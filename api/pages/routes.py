"""Addresses of the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from api.caller import Caller
from api.filters import ContactId, SaidQuery
from api.judgements import blind_to, check_seen, filter_for
from api.language import language_of
from api.pages.contact_view import HEIGHT, WIDTH, found_in, lines_of, sentiment_course, turns_by_utterance
from api.pages.environment import link, render
from api.router import FromCaller, Routes
from api.summaries import contact_document, contact_summary
from coaching.focus import build_coached_report
from qa_pipeline.access import Permission
from qa_pipeline.disclosure import Fact
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.inspection import Flag
from qa_pipeline.errors import N_, InputError, NotFound
from qa_pipeline.i18n import translator
from qa_pipeline.report.csv import render_csv
from qa_pipeline.report.data import ReportData
from qa_pipeline.report.environment import moment_filter, stylesheet
from qa_pipeline.report.excel import render_excel
from qa_pipeline.report.html import render_html
from qa_pipeline.report.json import render_json
from qa_pipeline.services.contact_list import ContactFilter, ContactPage, Part, Sort, list_contacts
from qa_pipeline.services.contacts import read_contact
from qa_pipeline.services.periods import list_periods
from qa_pipeline.services.report import Reader, problem_rows
from qa_pipeline.services.search import SearchPage, search_contacts

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3.5" fill="#0f3d4c"/>'
    '<path d="M3.5 8.5l3 3 6-7" fill="none" stroke="#fff" stroke-width="2.2"/></svg>'
)
router = Routes(include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Format:
    render: Callable[[ReportData], bytes]
    media_type: str


DOWNLOADS: Mapping[str, _Format] = {
    "xlsx": _Format(
        render=render_excel, media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ),
    "csv": _Format(render=render_csv, media_type="text/csv; charset=utf-8"),
    "json": _Format(render=render_json, media_type="application/json"),
    "html": _Format(render=render_html, media_type="text/html; charset=utf-8"),
}


@router.open("GET", "/static/style.css")
def style() -> Response:
    """The one stylesheet."""
    return Response(stylesheet(), media_type="text/css", headers={"cache-control": "max-age=300"})


@router.open("GET", "/favicon.ico")
def icon() -> Response:
    """A mark for the browser's tab."""
    return Response(_ICON, media_type="image/svg+xml", headers={"cache-control": "max-age=86400"})


@router.read("/", Permission.PERIODS_READ)
def overview(request: Request, call: FromCaller) -> str:
    """What the person may see of periods, newest contacts, what was not scored, and accounts."""
    newest, reach = ContactPage(contacts=(), total=0), call.reach
    if call.may(Permission.CONTACTS_READ):
        reach = call.reach_of(Permission.CONTACTS_READ)
        newest = list_contacts(call.store, ContactFilter(reach=reach, hidden=blind_to(call)), Part(limit=8))
    with call.store.reading() as tx:
        problems = tx.problems.list() if call.may(Permission.PROBLEMS_READ) else ()
        users = tx.users.list() if call.may(Permission.USERS_MANAGE) else ()
    return render(
        "overview.html",
        request,
        periods=list_periods(call.store, reach),
        contacts=[contact_summary(listed) for listed in newest.contacts],
        contacts_count=newest.total,
        count_is_exact=newest.total_is_exact,
        problems=problem_rows(problems, language_of(request)),
        users=users,
        moment=moment_filter(call.store.time_zone.key),
    )


@router.read("/contacts", Permission.CONTACTS_READ)
def contacts(request: Request, call: FromCaller, wanted: Annotated[SaidQuery, Query()]) -> HTMLResponse:
    """Contacts that fit the filters in the address, with the sentences that were looked for."""
    problem = None
    page = ContactPage(contacts=(), total=0)
    searched: SearchPage | None = None
    where = filter_for(call, wanted)
    try:
        if wanted.q is None:
            page = list_contacts(call.store, where, wanted.part())
        else:
            searched = search_contacts(call.store, wanted.q, where, role=wanted.speaker, part=wanted.part())
    except InputError as error:
        problem = error
    with call.store.reading() as tx:
        agents = [agent for agent in tx.agents.list() if call.reach.covers(agent.id, agent.team)]
    result = searched or page
    call.record("contact.search" if searched else "contact.list", wanted.period or "all", count=len(result.contacts))
    shown = [each.listed for each in searched.contacts] if searched else page.contacts
    text = render(
        "contacts.html",
        request,
        wanted=wanted,
        contacts=[contact_summary(each) for each in shown],
        found={each.listed.contact.id: found_in(each) for each in searched.contacts} if searched else {},
        problem=problem.as_dict(translator(language_of(request))) if problem else None,
        unindexed_count=searched.unindexed_count if searched else 0,
        flags=tuple(Flag),
        total=result.total,
        total_is_exact=result.total_is_exact,
        after=result.next,
        sorts=tuple(Sort),
        teams=sorted({agent.team for agent in agents if agent.team}),
        periods=[each for each in list_periods(call.store, call.reach) if each.is_month],
        moment=moment_filter(call.store.time_zone.key),
        filters=wanted.model_dump(mode="json", exclude={"offset", "after"}, exclude_none=True, exclude_defaults=True),
    )
    return HTMLResponse(text, status_code=HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK)


@router.read("/contacts/{contact_id:path}", Permission.CONTACTS_READ)
def contact(request: Request, call: FromCaller, contact_id: ContactId) -> str:
    """One contact: transcript with findings beside, facts, sentiment course."""
    check_seen(call, contact_id)
    detail = read_contact(call.store, call.sources.artifacts, contact_id, call.reach)
    call.record("contact.view", contact_id)
    document = contact_document(detail, call.sources, language_of(request))
    transcript = document.transcript
    return render(
        "contact.html",
        request,
        document=document,
        lines=lines_of(transcript, document.inspection) if transcript else (),
        course=sentiment_course(transcript.utterances) if transcript else (),
        customer_course=next((each for each in document.sentiment if each.role is Role.CUSTOMER), None),
        turns=turns_by_utterance(document),
        course_width=WIDTH,
        course_height=HEIGHT,
        moment=moment_filter(call.store.time_zone.key),
    )


def _report(request: Request, call: Caller, period: str) -> ReportData:
    return build_coached_report(
        call.store,
        period,
        language_of(request),
        rulebook=call.sources.rulebook,
        reader=Reader(reach=call.reach, quotes=call.shows(Fact.QUOTES), hidden=blind_to(call)),
    )


@router.read("/reports/{period}", Permission.REPORTS_READ)
def report(request: Request, call: FromCaller, period: str) -> Response:
    """The report of a period, with links to its contacts."""
    made = _report(request, call, period)
    call.record("report.view", period)
    return HTMLResponse(render_html(made, contact_link=link(request, "/contacts/{contact_id}")))


@router.read("/reports/{period}/callqa.{extension}", Permission.REPORTS_READ)
def download(request: Request, call: FromCaller, period: str, extension: str) -> Response:
    """The report of a period as a file."""
    if extension not in DOWNLOADS:
        raise NotFound(
            N_("There is no report as .{extension}."),
            hint=N_("Known: {known}."),
            extension=extension,
            known=", ".join(DOWNLOADS),
        )
    form = DOWNLOADS[extension]
    made = _report(request, call, period)
    call.record("report.download", period, format=extension)
    disposition = {"content-disposition": f'attachment; filename="callqa-{made.period}.{extension}"'}
    return Response(form.render(made), media_type=form.media_type, headers=disposition)
