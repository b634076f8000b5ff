"""Short documents as files to keep."""

from __future__ import annotations

from enum import StrEnum

from fastapi import Response

from api.caller import Caller
from coaching.papers import PaperReader
from qa_pipeline.disclosure import Fact
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.report.papers.page import render_paper_pdf
from qa_pipeline.report.papers.paper import Paper
from qa_pipeline.report.papers.word import MEDIA as WORD
from qa_pipeline.report.papers.word import render_docx


class PaperFormat(StrEnum):
    """What kind of file."""

    DOCX = "docx"
    PDF = "pdf"


_MEDIA = {PaperFormat.DOCX: WORD, PaperFormat.PDF: "application/pdf"}
_FILE = {"schema": {"type": "string", "format": "binary"}}
PAPER_ANSWER = {200: {"description": "The file", "content": dict.fromkeys(_MEDIA.values(), _FILE)}}


def paper_file(paper: Paper, name: str, form: PaperFormat) -> Response:
    """Return a paper as a file called ``name``, which holds ASCII letters only.

    Raises
    ------
    PendingError
        A PDF is wanted and cannot be printed on this machine.
    """
    document = render_docx(paper) if form is PaperFormat.DOCX else render_paper_pdf(paper)
    headers = {"content-disposition": f'attachment; filename="{name}-{paper.language}.{form.value}"'}
    return Response(document, media_type=_MEDIA[form], headers=headers)


def paper_reader(call: Caller, language: str) -> PaperReader:
    """Return for whom a paper is written: quotes are for those who may see what was said."""
    return PaperReader(language=language, zone=call.store.time_zone, with_quotes=call.shows(Fact.QUOTES))


def paper_format(extension: str) -> PaperFormat:
    """Return the format of a file name's ending; raises NotFound."""
    if extension not in {each.value for each in PaperFormat}:
        raise NotFound(
            N_("There is no document as .{extension}."),
            hint=N_("Known: {known}."),
            extension=extension,
            known=", ".join(each.value for each in PaperFormat),
        )
    return PaperFormat(extension)
