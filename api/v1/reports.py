"""The report of a period, as data and as a file."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Query, Response

from api.caller import Caller
from api.judgements import blind_to
from api.listing import PeriodInPath
from api.router import FromCaller, Routes
from api.sources import InLanguage
from coaching.focus import build_coached_report
from qa_pipeline.access import Permission
from qa_pipeline.disclosure import Fact
from qa_pipeline.report.data import ReportData
from qa_pipeline.services.report import Reader, render_report

router = Routes()


class ReportFormat(StrEnum):
    """What kind of file."""

    HTML = "html"
    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"
    PDF = "pdf"


MEDIA = {
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.CSV: "text/csv; charset=utf-8",
    ReportFormat.JSON: "application/json",
    ReportFormat.PDF: "application/pdf",
}
_FILE = {"schema": {"type": "string", "format": "binary"}}


@router.read("/reports/{period}", Permission.REPORTS_READ, operation_id="get_report")
def report(call: FromCaller, language: InLanguage, period: PeriodInPath) -> ReportData:
    """The report of a period as data, of the people whom the caller may see."""
    made = make_report(call, period, language)
    call.record("report.view", period)
    return made


@router.read(
    "/reports/{period}/file",
    Permission.REPORTS_READ,
    operation_id="download_report",
    response_class=Response,
    responses={200: {"description": "The file", "content": {media.split(";")[0]: _FILE for media in MEDIA.values()}}},
)
def download(
    call: FromCaller,
    language: InLanguage,
    period: PeriodInPath,
    format: Annotated[ReportFormat, Query(description="What kind of file")] = ReportFormat.XLSX,
) -> Response:
    """The report of a period as a file, of the people whom the caller may see."""
    return file_of(call, period, language, format)


def file_of(call: Caller, period: str, language: str, form: ReportFormat) -> Response:
    """Return the report of a period as a file to keep, and record that it was taken away."""
    document = render_report(make_report(call, period, language), f".{form.value}")
    call.record("report.download", period, format=form.value)
    name = f"callqa-{period}-{language}.{form.value}"
    # Whatever the content, it is a file to keep: scripts of a page opened here would run with the rights of the site.
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(document, media_type=MEDIA[form], headers=headers)


def make_report(call: Caller, period: str, language: str) -> ReportData:
    """Return the report of a period, of the people whom the caller may see."""
    return build_coached_report(
        call.store,
        period,
        language,
        rulebook=call.sources.rulebook,
        reader=Reader(reach=call.reach, quotes=call.shows(Fact.QUOTES), hidden=blind_to(call)),
    )
