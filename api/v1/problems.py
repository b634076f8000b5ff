"""What was not scored."""

from __future__ import annotations

from api.documents import ProblemListDocument
from api.router import FromCaller, Routes
from api.sources import InLanguage
from qa_pipeline.access import Permission
from qa_pipeline.services.report import problem_rows

router = Routes()


@router.read("/problems", Permission.PROBLEMS_READ)
def problems(call: FromCaller, language: InLanguage) -> ProblemListDocument:
    """What failed or is pending, with what to do about it."""
    with call.store.reading() as tx:
        found = tx.problems.list()
    return ProblemListDocument(problems=problem_rows(found, language))
