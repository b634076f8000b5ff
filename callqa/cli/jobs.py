"""``callqa jobs``: which jobs wait, run or have ended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from callqa.cli.console import AppContext, context, in_one_line, out
from callqa.cli.options import ByOption
from qa_pipeline.domain.job import ItemOutcome, Job, JobItem, JobState
from qa_pipeline.errors import N_, CallqaError
from qa_pipeline.report.labels import moment_text
from qa_pipeline.services.jobs import request_cancel

app = typer.Typer(help="Jobs of the worker processes: batches, evaluations.", no_args_is_help=True)
JobArgument = Annotated[str, typer.Argument(help="Id of the job.")]


@app.command("list")
def list_jobs(
    ctx: typer.Context,
    state: Annotated[JobState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest first.")] = 20,
) -> None:
    """List the newest jobs."""
    here = context(ctx)
    with here.store().reading() as tx:
        jobs = tx.jobs.list(states=[state] if state else (), limit=limit)
        counts = tx.jobs.counts([job.id for job in jobs])
    document = {"jobs": [_document(here, job, counts[job.id]) for job in jobs]}
    here.emit(document, lambda: _print_list(here, jobs))


@app.command()
def show(ctx: typer.Context, job_id: JobArgument) -> None:
    """Show one job, and what failed in it."""
    here = context(ctx)
    with here.store().reading() as tx:
        job = tx.jobs.get(job_id)
        counts = tx.jobs.counts([job_id])[job_id]
        left = tx.jobs.items(job_id, outcomes=[ItemOutcome.PENDING, ItemOutcome.FAILED])
    document = _document(here, job, counts) | {"items": [_item(here, item) for item in left]}
    here.emit(document, lambda: _print_one(here, job, counts, left))


@app.command()
def cancel(ctx: typer.Context, job_id: JobArgument, by: ByOption) -> None:
    """Cancel a job that waits or runs; what is done stays done."""
    here = context(ctx)
    with here.store().transaction() as tx:
        job = request_cancel(tx, job_id, by=by, now=datetime.now(UTC))
    if job.state is JobState.CANCELLED:
        text = N_("The job {id} is cancelled.")
    else:
        text = N_("The job {id} will stop in a moment.")
    here.emit({"id": job.id, "state": job.state.value}, lambda: here.say(text, id=job.id))


def _document(here: AppContext, job: Job, counts: Any) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind.value,
        "state": job.state.value,
        "created_by": job.created_by,
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "ended_at": job.ended_at.isoformat() if job.ended_at else None,
        "attempts": job.attempts,
        "finished": job.finished_count,
        "total": job.total_count,
        **{outcome.value: counts[outcome] for outcome in ItemOutcome},
        "result": job.result,
        "problem": _problem(here, job),
    }


def _problem(here: AppContext, holder: Job | JobItem) -> str | None:
    found = holder.problem
    if found is None:
        return None
    return in_one_line(CallqaError(found.message, hint=found.hint, **found.params), here.translate)


def _item(here: AppContext, item: JobItem) -> dict[str, Any]:
    return {"path": item.subject, "outcome": item.outcome.value, "problem": _problem(here, item)}


def _print_list(here: AppContext, jobs: Any) -> None:
    if not jobs:
        here.say(N_("There are no jobs."))
        return
    table = here.table(("id", N_("kind"), N_("state"), N_("by"), N_("began"), N_("finished")))
    for job in jobs:
        began = moment_text(job.started_at, here.settings.zone) if job.started_at else "–"
        finished = f"{job.finished_count}/{job.total_count}" if job.total_count is not None else "–"
        table.add_row(job.id, job.kind.value, job.state.value, job.created_by, began, finished)
    out.print(table)


def _print_one(here: AppContext, job: Job, counts: Any, left: Any) -> None:
    here.say(
        N_("{id}: {state}; {done} done, {pending} pending, {failed} failed."),
        id=job.id,
        state=job.state.value,
        **{outcome.value: counts[outcome] for outcome in ItemOutcome},
    )
    problem = _problem(here, job)
    if problem:
        here.say("  {text}", text=problem)
    for item in left:
        here.say("  {path}: {text}", path=item.subject, text=_problem(here, item))
