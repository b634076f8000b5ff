"""Batches: sending recordings and chats in, following them live, and what could not be scored."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.filters import Paging
from api.language import language_of
from api.listing import IdInPath
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.batches import get_batch, list_batches, list_items, list_uploaded
from api.v1.batches_documents import BatchQuery, ItemQuery
from api.v1.problems import ProblemQuery, problems
from qa_pipeline.access import Permission
from qa_pipeline.domain.job import ENDED, ItemOutcome, JobState
from qa_pipeline.engines.registry import entries

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
_SHOWN_ITEMS = 200


@router.read("/batches", Permission.BATCHES_RUN)
def batches(request: Request, call: FromCaller, wanted: Annotated[BatchQuery, Query()]) -> str:
    """All batches, the newest first, and the form for a new one."""
    found = list_batches(call=call, query=wanted, language=language_of(request))
    options = call.sources.options
    return render(
        "batches.html",
        request,
        found=found,
        wanted=wanted,
        states=tuple(JobState),
        scorecards=[(card.id, card.name.in_language(language_of(request))) for card in call.sources.site.cards()],
        folders=[str(folder) for folder in options.import_folders],
        engine_pairs=[(name, name) for kind, name in sorted(entries()) if kind == "asr"],
    )


@router.read("/batches/{job_id}", Permission.BATCHES_RUN)
def batch(request: Request, call: FromCaller, job_id: IdInPath, wanted: Annotated[ItemQuery, Query()]) -> str:
    """One batch: its files while it is a draft, its progress while it runs, and what became of each contact."""
    language = language_of(request)
    found = get_batch(call=call, job_id=job_id, language=language)
    asked = wanted.model_copy(update={"limit": _SHOWN_ITEMS}) if "limit" not in wanted.model_fields_set else wanted
    return render(
        "batch.html",
        request,
        batch=found,
        wanted=wanted,
        items=list_items(call=call, job_id=job_id, query=asked, language=language),
        files=list_uploaded(call=call, job_id=job_id, paging=Paging(limit=500))
        if found.state is JobState.DRAFT
        else None,
        outcomes=tuple(ItemOutcome),
        is_over=found.state in ENDED,
        upload_mb=call.sources.options.upload_mb,
    )


@router.read("/problems", Permission.PROBLEMS_READ)
def not_scored(request: Request, call: FromCaller, wanted: Annotated[ProblemQuery, Query()]) -> str:
    """What was handed in and could not be scored, why, and what to do."""
    found = problems(call=call, query=wanted, language=language_of(request))
    return render("problems.html", request, found=found, wanted=wanted)
