"""The contacts: filters that live in the address, what was said, saved views, and the list to take away."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.caller import Caller
from api.documents import ContactSummary
from api.filters import SaidQuery
from api.judgements import filter_for
from api.language import language_of
from api.pages.contact_view import found_in
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.summaries import contact_summary
from qa_pipeline.access import Permission
from qa_pipeline.domain.inspection import Flag
from qa_pipeline.errors import N_, InputError
from qa_pipeline.i18n import translator
from qa_pipeline.report.labels import FLAGS, KINDS, joined, label, moment_text
from qa_pipeline.report.plain_table import render_table_csv, render_table_excel
from qa_pipeline.services.contact_list import ContactPage, Part, Sort, list_contacts
from qa_pipeline.services.periods import list_periods
from qa_pipeline.services.search import SearchPage, search_contacts

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
_NO_FILTER = {"offset", "limit", "after", "sort"}
# Filters that stand behind "More filters", which is open while one of them is used.
MORE = ("role", "agent_id", "kind", "language", "passed", "red_line", "scored", "reviewed", "points_min", "points_max")
DOWNLOAD_MAX = 10_000
FOUND_DOWNLOAD_MAX = 1000
MEDIA = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_HEADINGS = (
    *(N_("Contact"), N_("Start"), N_("Agent id"), N_("Agent"), N_("Team"), N_("Kind"), N_("Score"), N_("Passed")),
    *(N_("Flags"), N_("Reviewed")),
)


@router.read("/contacts", Permission.CONTACTS_READ)
def contacts(request: Request, call: FromCaller, wanted: Annotated[SaidQuery, Query()]) -> HTMLResponse:
    """Contacts that fit the filters in the address, with the sentences that were looked for."""
    problem = None
    result: ContactPage | SearchPage = ContactPage(contacts=(), total=0)
    try:
        result = _find(call, wanted, wanted.part())
    except InputError as error:
        problem = error
    with call.store.reading() as tx:
        agents = [agent for agent in tx.agents.list() if call.reach.covers(agent.id, agent.team)]
        views = tx.views.list(call.user.id, "/contacts")
    searched = result if isinstance(result, SearchPage) else None
    call.record("contact.search" if searched else "contact.list", wanted.period or "all", count=len(result.contacts))
    filters = wanted.model_dump(mode="json", exclude={"offset", "after"}, exclude_none=True, exclude_defaults=True)
    text = render(
        "contacts.html",
        request,
        wanted=wanted,
        contacts=_summaries(result),
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
        filters=filters,
        chips=_chips(filters),
        more_is_open=any(name in filters for name in MORE),
        views=views,
        download_max=FOUND_DOWNLOAD_MAX if wanted.q else DOWNLOAD_MAX,
    )
    return HTMLResponse(text, status_code=HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK)


@router.read("/contact-list/contacts.{suffix}", Permission.CONTACTS_READ, response_class=Response)
def download(
    request: Request,
    call: FromCaller,
    suffix: Annotated[Literal["csv", "xlsx"], Path()],
    wanted: Annotated[SaidQuery, Query()],
) -> Response:
    """The filtered list as a table: its first 10,000 contacts, or the first 1,000 in which something was said."""
    part = Part(sort=wanted.sort, limit=FOUND_DOWNLOAD_MAX if wanted.q else DOWNLOAD_MAX)
    rows = _summaries(_find(call, wanted, part))
    call.record("contact.download", wanted.period or "all", count=len(rows), format=suffix)
    translate = translator(language_of(request))
    headings, cells = [translate(each) for each in _HEADINGS], (_cells(call, row, translate) for row in rows)
    if suffix == "csv":
        content = render_table_csv(headings, cells)
    else:
        content = render_table_excel(translate(N_("Contacts")), headings, cells)
    named = {"content-disposition": f'attachment; filename="contacts.{suffix}"'}
    return Response(content, media_type=MEDIA[suffix], headers=named)


def _find(call: Caller, wanted: SaidQuery, part: Part) -> ContactPage | SearchPage:
    where = filter_for(call, wanted)
    if wanted.q is None:
        return list_contacts(call.store, where, part)
    return search_contacts(call.store, wanted.q, where, role=wanted.speaker, part=part)


def _summaries(result: ContactPage | SearchPage) -> Sequence[ContactSummary]:
    if isinstance(result, SearchPage):
        return [contact_summary(each.listed) for each in result.contacts]
    return [contact_summary(each) for each in result.contacts]


def _chips(filters: dict[str, Any]) -> list[tuple[str, Any, dict[str, Any]]]:
    """Return name and value of each filter in use, with the filters that are left without it."""
    return [
        (name, value, {other: kept for other, kept in filters.items() if other != name})
        for name, value in filters.items()
        if name not in _NO_FILTER
    ]


def _cells(call: Caller, row: ContactSummary, translate: Any) -> list[str | int | float | None]:
    answers = {True: translate(N_("yes")), False: translate(N_("no")), None: None}
    return [
        row.id,
        moment_text(row.started_at, call.store.time_zone) if row.started_at else None,
        row.agent_id,
        row.agent_name,
        row.team,
        label(KINDS, row.kind, translate),
        row.points,
        answers[row.passed],
        joined((label(FLAGS, flag, translate) for flag in row.flags), translate) if row.flags else None,
        answers[row.reviewed],
    ]
