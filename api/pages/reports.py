"""Reports of periods: the list with its downloads, the report as a page, and as a file."""

from __future__ import annotations

import gzip
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from api.filters import Paging
from api.language import language_of
from api.listing import PeriodInPath
from api.pages.environment import LANGUAGE_NAMES, link, render
from api.router import FromCaller, Routes
from api.steps import state_document
from api.v1.periods import MACHINE
from api.v1.reports import ReportFormat, file_of, make_report
from qa_pipeline.access import Permission
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.report.html import render_html
from qa_pipeline.report.pdf import find_browser
from qa_pipeline.services.cycle.advance import states_of
from qa_pipeline.services.periods import list_periods

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)


@router.read("/reports", Permission.REPORTS_READ)
def reports(request: Request, call: FromCaller, paging: Annotated[Paging, Query()]) -> str:
    """The periods that there is a report of, with their files in both languages."""
    found = list_periods(call.store, call.reach)
    part = found[paging.offset : paging.offset + paging.limit]
    with call.store.reading() as tx:
        states = states_of(tx, MACHINE, [one.period for one in part])
    language = language_of(request)
    return render(
        "reports.html",
        request,
        periods=part,
        states={period: state_document(MACHINE, state, language) for period, state in states.items()},
        total=len(found),
        offset=paging.offset,
        limit=paging.limit,
        language_names=LANGUAGE_NAMES,
        may_print=find_browser() is not None,
    )


@router.read("/reports/{period}", Permission.REPORTS_READ)
def report(request: Request, call: FromCaller, period: PeriodInPath) -> Response:
    """The report of a period, with links to its contacts for who may open them."""
    made = make_report(call, period, language_of(request))
    call.record("report.view", period)
    opens = call.may(Permission.CONTACTS_READ)
    page = render_html(made, contact_link=link(request, "/contacts/{contact_id}") if opens else None)
    headers = {"vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):  # packed it is a tenth; nothing secret of ours is in it
        return HTMLResponse(gzip.compress(page, compresslevel=6), headers=headers | {"content-encoding": "gzip"})
    return HTMLResponse(page, headers=headers)


@router.read("/reports/{period}/callqa.{extension}", Permission.REPORTS_READ)
def download(request: Request, call: FromCaller, period: PeriodInPath, extension: str) -> Response:
    """The report of a period as a file."""
    if extension not in [each.value for each in ReportFormat]:
        raise NotFound(
            N_("There is no report as .{extension}."),
            hint=N_("Known: {known}."),
            extension=extension,
            known=", ".join(each.value for each in ReportFormat),
        )
    return file_of(call, period, language_of(request), ReportFormat(extension))
