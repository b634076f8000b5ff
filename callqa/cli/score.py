"""``callqa ingest``, ``callqa score`` and ``callqa transcribe``: recordings and chats in, judgements out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from callqa import wiring
from callqa.cli.console import INCOMPLETE, AppContext, context, err, in_one_line
from callqa.cli.transcripts import print_transcript, transcript_document
from callqa.settings import JudgeSettings, Settings
from qa_pipeline.domain.annotation import CourseEvent
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Evidence, Finding, Inspection
from qa_pipeline.engines.judge_estimate import Asked
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.execution.processes import cpu_count
from qa_pipeline.intake.discover import IgnoredFiles
from qa_pipeline.ports import Executor
from qa_pipeline.report.contact_rows import customer_turns
from qa_pipeline.report.labels import FLAGS
from qa_pipeline.services import score as scoring
from qa_pipeline.services.ingest import Failure, Ingested, ingest_paths
from qa_pipeline.services.preview import JudgePreview, Preview, preview_score
from qa_pipeline.services.transcribe import Transcriptions, transcribe_paths
from qa_pipeline.store import Store

Paths = Annotated[list[Path], typer.Argument(help="Files and folders: recordings, transcripts, chats.")]
Metadata = Annotated[Path | None, typer.Option(help="CSV or XLSX: which call, which agent, when.")]
Language = Annotated[str | None, typer.Option(help="Language of contacts whose metadata names none: zh or en.")]
Engine = Annotated[str | None, typer.Option(help="auto, import for transcripts only, or one that callqa doctor lists.")]
Workers = Annotated[int | None, typer.Option(min=0, max=1024, help="Worker processes; default one per processor.")]


class ExecutorName(StrEnum):
    """Where the work is done."""

    LOCAL = "local"
    RAY = "ray"


def ingest(ctx: typer.Context, paths: Paths, metadata: Metadata = None, language: Language = None) -> None:
    """Keep recordings and chats with their metadata, without scoring them."""
    app = with_language(context(ctx), language)
    store = app.store()
    run_id = scoring.start_run(store, "ingest")
    found = ingest_paths(store, paths, metadata, wiring.intake_options(app.settings), run_id)
    document = {"run": run_id, "contacts": found.contact_ids, **_side_document(app, found)}
    app.emit(document, lambda: _print_ingested(app, found))
    if found.failed:
        raise typer.Exit(INCOMPLETE)


def score(
    ctx: typer.Context,
    paths: Paths,
    metadata: Metadata = None,
    scorecard: Annotated[str | None, typer.Option(help="Scorecard id; default by kind and language.")] = None,
    engine: Engine = None,
    language: Language = None,
    workers: Workers = None,
    executor: Annotated[ExecutorName, typer.Option(help="Where the work is done.")] = ExecutorName.LOCAL,
    address: Annotated[
        str | None, typer.Option(help="Ray cluster, host:port or auto; default a Ray of this machine alone.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Score calls and chats; what is done already is not done again."""
    app = with_language(context(ctx), language)
    worked_by = _executor(app.settings, workers, executor, address)
    batch = wiring.batch(app.settings, scorecard, engine)
    store = app.store()
    if dry_run:
        count = workers or app.settings.batch.workers or cpu_count()
        _show_preview(app, preview_score(store, paths, metadata, batch, count))
        return
    plan = scoring.plan_score(store, paths, metadata, batch)
    with progress_bar(app, len(plan.missing)) as advance:
        run = scoring.score_paths(store, plan, batch, worked_by, scoring.Watch(on_progress=advance))
    if app.json:
        _write_run(app, store, run)
    else:
        print_run(app, run, store)
    if not run.complete:
        raise typer.Exit(INCOMPLETE)


def _executor(settings: Settings, workers: int | None, name: ExecutorName, address: str | None) -> Executor:
    if name is ExecutorName.RAY:
        return wiring.ray_executor(settings, workers, address)
    if address is not None:
        raise ConfigurationError(
            N_("An address means nothing to workers on this machine."), hint=N_("Add --executor ray."), field="address"
        )
    return wiring.executor(settings, workers)


def transcribe(
    ctx: typer.Context,
    paths: Paths,
    metadata: Metadata = None,
    engine: Engine = None,
    language: Language = None,
    workers: Workers = None,
    show: Annotated[bool, typer.Option("--show", help="Print the words readably, with times.")] = False,
    no_corrections: Annotated[
        bool, typer.Option("--no-corrections", help="Leave the words as recognised, whatever the lexicon says.")
    ] = False,
) -> None:
    """Turn recordings into words, personal data masked, without scoring or keeping contacts."""
    app = with_language(context(ctx), language)
    batch = wiring.batch(app.settings, engine=engine, corrections=not no_corrections)
    found = transcribe_paths(paths, metadata, batch, wiring.executor(app.settings, workers))
    document = {
        "contacts": [transcript_document(item) for item in found.contacts],
        "pending": [pending_document(app, failure) for failure in found.pending],
        "failed": [failure_document(app, failure) for failure in found.failed],
    }
    app.emit(document, lambda: _print_transcripts(app, found, show=show))
    if found.pending or found.failed:
        raise typer.Exit(INCOMPLETE)


def with_language(app: AppContext, language: str | None) -> AppContext:
    """Return the context with the language of contacts that name none; raises ConfigurationError for others."""
    if language is None:
        return app
    if language not in ("zh", "en"):
        raise ConfigurationError(
            N_("The language {language} is not known here."),
            hint=N_("Use zh or en."),
            field="language",
            language=language,
        )
    intake = app.settings.intake.model_copy(update={"language": language})
    app.settings = app.settings.model_copy(update={"intake": intake})
    return app


@contextmanager
def progress_bar(app: AppContext, total: int) -> Iterator[Any]:
    """Show a bar with rate and time left on stderr when a person looks on."""
    columns = (
        TextColumn(app.translate(N_("Scoring"))),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bar:
        row = bar.add_task("", total=total, rate="")

        def advance(progress: scoring.Progress) -> None:
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed or 0.0
            bar.update(row, completed=progress.finished, rate=f"{speed * 60:.0f}/min" if speed else "")

        yield advance


def failure_document(app: AppContext, failure: Failure) -> dict[str, Any]:
    """Return one failed item as the command-line contract has it."""
    return {"path": failure.path, **failure.error.as_dict(app.translate)}


def pending_document(app: AppContext, failure: Failure) -> dict[str, Any]:
    """Return one pending item as the command-line contract has it."""
    error = failure.error
    return {"path": failure.path, "type": type(error).__name__, "reason": in_one_line(error, app.translate)}


def _side_document(app: AppContext, found: Ingested) -> dict[str, Any]:
    return {
        "failed": [failure_document(app, failure) for failure in found.failed],
        "duplicates": [{"path": duplicate.path, "id": duplicate.contact_id} for duplicate in found.duplicates],
        "ignored": found.ignored.count,
    }


def _write_run(app: AppContext, store: Store, run: scoring.ScoreRun) -> None:
    """Write the document of the contract; contacts are streamed, so that a night of thousands needs no memory."""
    head = {
        "run": run.id,
        "done": run.done,
        "skipped": run.skipped,
        "pending": [pending_document(app, failure) for failure in run.pending],
        "failed": [failure_document(app, failure) for failure in run.failed],
        "duplicates": run.duplicates,
        "ignored": run.ignored.count,
        "interrupted": run.interrupted,
        "wall_s": round(run.wall_s, 3),
        "stage_s": {name: round(value, 3) for name, value in run.stage_s.items()},
    }
    sys.stdout.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "contacts": [')
    with store.reading() as tx:
        for place, contact_id in enumerate(run.contact_ids):
            inspection = tx.inspections.find(contact_id)
            assert inspection is not None, "only inspected contacts are listed"
            document = contact_document(tx.contacts.get(contact_id), inspection)
            sys.stdout.write((", " if place else "") + json.dumps(document, ensure_ascii=False, allow_nan=False))
    sys.stdout.write("]}\n")


def contact_document(contact: Contact, inspection: Inspection) -> dict[str, Any]:
    """Return one contact as the command-line contract has it."""
    return {
        "id": contact.id,
        "path": contact.sources[0].uri,
        "agent": contact.agent_id,
        "score": inspection.score.points,
        "score_range": inspection.score.range_points,
        "passed": inspection.score.passed,
        "fatal": list(inspection.score.fatal),
        "flags": [flag.value for flag in inspection.flags],
        "undetermined": inspection.score.undetermined_count,
        "audio_s": inspection.audio_s,
        "scorecard": f"{inspection.scorecard_id}@{inspection.scorecard_version}",
        "language": inspection.language,
        "engine": inspection.asr_engine,
        "transcript_quality": inspection.transcript_quality,
        "roles_by": inspection.roles_by,
        "diarizer": inspection.diarizer or None,
        "diarization_confidence": inspection.diarization_confidence,
        "attitude": inspection.attitude_value,
        "course": _course_document(inspection),
        "satisfaction": _satisfaction_document(inspection),
        "reason": _reason_document(inspection),
        "criteria": [_criterion_document(finding) for finding in inspection.findings],
    }


def _course_document(inspection: Inspection) -> dict[str, Any]:
    """Return how the customer's sentiment went, -1..1; how staff feel is nobody's figure."""
    start, end = inspection.customer_sentiment_start, inspection.customer_sentiment_end
    turns = customer_turns(inspection)
    return {
        "start": start,
        "end": end,
        "change": end - start if start is not None and end is not None else None,
        "left_angry": any(turn.event is CourseEvent.LEFT_ANGRY for turn in turns),
        "recovered": any(turn.event is CourseEvent.RECOVERED for turn in turns),
        "turning_points": [
            {
                "event": turn.event.value,
                "utterance": turn.utterance,
                "quote": turn.quote,
                "before": turn.before,
                "after": turn.after,
            }
            for turn in turns
        ],
    }


def _reason_document(inspection: Inspection) -> dict[str, Any] | None:
    found = inspection.contact_reason
    return None if found is None else {"category": found.category, "confidence": found.confidence, "quote": found.quote}


def _satisfaction_document(inspection: Inspection) -> dict[str, Any] | None:
    found = inspection.satisfaction
    if found is None:
        return None
    turns = [{"utterance": turn.utterance, "value": turn.value} for turn in found.turns]
    return {"value": found.value, "ci95": list(found.ci95), "turns": turns}


def _criterion_document(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.criterion_id,
        "outcome": finding.outcome.value,
        "confidence": finding.confidence,
        "evidence": [_evidence_document(evidence) for evidence in finding.evidence],
    }


def _evidence_document(evidence: Evidence) -> dict[str, Any]:
    found: dict[str, Any] = {
        "quote": evidence.quote,
        "role": evidence.role.value if evidence.role else None,
        "start_s": evidence.start_s,
        "end_s": evidence.end_s,
    }
    if evidence.measure is not None:
        found |= {"measure": evidence.measure, "value": evidence.value}
    return found


def print_run(app: AppContext, run: scoring.ScoreRun, store: Store) -> None:
    """Print what a batch did, for people."""
    app.say(
        N_("{done} scored, {skipped} already done, {pending} pending, {failed} failed, in {seconds:.1f} s."),
        done=run.done,
        skipped=run.skipped,
        pending=len(run.pending),
        failed=len(run.failed),
        seconds=run.wall_s,
    )
    print_failures(app, N_("pending"), run.pending)
    print_failures(app, N_("failed"), run.failed)
    if run.duplicates:
        app.say(N_("{count} files have the same content as another one and count once."), count=run.duplicates)
    _print_ignored(app, run.ignored)
    if run.interrupted:
        app.say(N_("Stopped. Run the same command again to go on."))
    flagged = flag_counts(store, run.contact_ids)
    for flag, count in flagged.items():
        app.say(N_("  {flag}: {count}"), flag=app.translate(FLAGS[flag]), count=count)


def flag_counts(store: Store, contact_ids: list[str]) -> Mapping[str, int]:
    """Return how many of the contacts carry each flag."""
    counts: dict[str, int] = {}
    with store.reading() as tx:
        for contact_id in contact_ids:
            inspection = tx.inspections.find(contact_id)
            for flag in inspection.flags if inspection else ():
                counts[flag.value] = counts.get(flag.value, 0) + 1
    return counts


def print_failures(app: AppContext, title: str, failures: list[Failure]) -> None:
    """Print one line per item and one for what to do."""
    for failure in failures:
        app.say(N_("  {title}: {path}"), title=app.translate(title), path=failure.path)
        row = failure.error.row
        told = failure.error.render(app.translate)
        if row is None:
            app.say("    {text}", text=told)
        else:
            app.say(N_("    row {row}: {text}"), row=row, text=told)
        hint = failure.error.render_hint(app.translate)
        if hint:
            app.say("    {hint}", hint=hint)


def _print_transcripts(app: AppContext, found: Transcriptions, *, show: bool) -> None:
    for item in found.contacts:
        print_transcript(app, item, show=show)
    print_failures(app, N_("pending"), found.pending)
    print_failures(app, N_("failed"), found.failed)
    if not (found.contacts or found.pending or found.failed):
        app.say(N_("There is no recording or transcript under these paths."))


def _print_ignored(app: AppContext, ignored: IgnoredFiles, most: int = 5) -> None:
    if not ignored.count:
        return
    names = app.translate(N_(", ")).join(Path(path).name for path in ignored.paths[:most]) + (
        " …" if ignored.count > most else ""
    )
    app.say(N_("{count} files are of no kind that callqa reads: {names}"), count=ignored.count, names=names)


def _print_ingested(app: AppContext, found: Ingested) -> None:
    app.say(
        N_("{contacts} contacts, {duplicates} duplicates, {failed} failed."),
        contacts=len(found.contact_ids),
        duplicates=len(found.duplicates),
        failed=len(found.failed),
    )
    print_failures(app, N_("failed"), found.failed)
    _print_ignored(app, found.ignored)


def _show_preview(app: AppContext, preview: Preview) -> None:
    document = {
        "dry_run": True,
        "to_do": len(preview.missing),
        "skipped": preview.done,
        "failed": [failure_document(app, failure) for failure in preview.failed],
        "duplicates": preview.duplicates,
        "ignored": preview.ignored.count,
        "audio_s": round(preview.audio_s, 1),
        "estimate_s": round(preview.estimate_s, 1),
        "estimate_measured": preview.measured,
        "paths": preview.missing,
        "judge": _judge_document(app.settings.judge, preview.judge) if preview.judge else None,
    }
    app.emit(document, lambda: _print_preview(app, preview))


def _judge_document(settings: JudgeSettings, judge: JudgePreview) -> dict[str, Any]:
    asked = judge.asked
    return {
        "requests": asked.requests,
        "cached": asked.cached,
        "guessed": asked.guessed,
        "input_tokens": round(asked.input_tokens),
        "output_tokens": round(asked.output_tokens),
        "cost": _cost(settings, asked),
        "currency": settings.currency or None,
        "estimate_s": round(judge.estimate_s, 1),
        "estimate_measured": judge.measured,
        "local": judge.is_local,
    }


def _cost(settings: JudgeSettings, asked: Asked) -> float | None:
    """Return what the requests cost by the prices that are set, None without them."""
    if settings.price_input_per_million is None or settings.price_output_per_million is None:
        return None
    sent = asked.input_tokens * settings.price_input_per_million
    return round((sent + asked.output_tokens * settings.price_output_per_million) / 1e6, 4)


def _print_preview(app: AppContext, preview: Preview) -> None:
    app.say(
        N_("To do: {count} contacts with {minutes:.1f} min of audio; already done: {done}."),
        count=len(preview.missing),
        minutes=preview.audio_s / 60,
        done=preview.done,
    )
    if preview.missing:
        basis = N_("measured in the latest run here") if preview.measured else N_("by default figures, no run yet")
        app.say(
            N_("About {minutes:.1f} min on this machine ({basis})."),
            minutes=preview.estimate_s / 60,
            basis=app.translate(basis),
        )
    if preview.judge:
        _print_judge(app, preview.judge)
    print_failures(app, N_("failed"), preview.failed)
    _print_ignored(app, preview.ignored)


def _print_judge(app: AppContext, judge: JudgePreview) -> None:
    asked, settings = judge.asked, app.settings.judge
    app.say(
        N_("The judge {model} at {endpoint}: at most {requests} requests ({cached} more are answered already)."),
        model=settings.model,
        endpoint=settings.endpoint,
        requests=asked.requests,
        cached=asked.cached,
    )
    if asked.guessed:
        app.say(N_("  {count} of them by the length of recordings that have no words yet."), count=asked.guessed)
    basis = N_("measured by its answers here") if judge.measured else N_("by default figures, no answers yet")
    app.say(
        N_("  About {sent} tokens sent, {answered} answered, {minutes:.1f} min of it ({basis})."),
        sent=round(asked.input_tokens),
        answered=round(asked.output_tokens),
        minutes=judge.estimate_s / 60,
        basis=app.translate(basis),
    )
    cost = _cost(settings, asked)
    if cost is not None:
        app.say(N_("  Cost: about {cost:.2f} {currency}."), cost=cost, currency=settings.currency)
    if not judge.is_local:
        app.say(N_("  Masked words of the contacts go to this endpoint, outside your network."))
