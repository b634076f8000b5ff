"""The system: whether the server works, its queue of jobs, its engines and its settings."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.language import language_of
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.system import system
from qa_pipeline.access import Permission
from qa_pipeline.domain.job import JobState
from qa_pipeline.engines.registry import EngineState
from qa_pipeline.i18n import translator
from qa_pipeline.store import schema

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
_JOBS_SHOWN = 10
_GIB = 1024**3


@router.read("/system", Permission.SYSTEM_READ)
def system_page(request: Request, call: FromCaller, engines: bool = False) -> str:
    """What the server needs and how it is; asked for, also which engines can start, which takes a moment."""
    language = language_of(request)
    about = call.sources.options.about
    with call.store.reading() as tx:
        counts = {state: tx.jobs.count(states=(state,)) for state in JobState}
        jobs = tx.jobs.list(limit=_JOBS_SHOWN)
        revision = schema.current_revision(tx.connection)
    disk = shutil.disk_usage(call.sources.site.home)
    return render(
        "system.html",
        request,
        found=system(call=call, language=language),
        facts={
            "python": platform.python_version(),
            "home": str(call.sources.site.home),
            "database": call.store.engine.url.render_as_string(hide_password=True),
            "schema": revision,
            "free_gib": disk.free / _GIB,
            "total_gib": disk.total / _GIB,
        },
        counts=counts,
        jobs=jobs,
        engines=_engine_rows(about.engines(), language) if engines else None,
        settings=about.settings,
    )


def _engine_rows(states: Sequence[EngineState], language: str) -> list[tuple[EngineState, str]]:
    translate = translator(language)
    return [
        (state, (state.problem.render_hint(translate) or state.problem.render(translate)) if state.problem else "")
        for state in states
    ]
