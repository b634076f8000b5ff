"""``callqa retention``: what is kept for how long, what must stay, and deleting what is due."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from callqa import site_wiring
from callqa.cli.console import AppContext, context, out
from callqa.cli.cycle import now
from callqa.cli.options import ByOption, ReasonOption
from qa_pipeline.domain.audit import Event
from qa_pipeline.domain.retention import Deletion, HoldKind, LegalHold, RuleName
from qa_pipeline.errors import N_
from qa_pipeline.report.administration_labels import HOLD_KINDS, KEEPS, RETENTION_RULES
from qa_pipeline.report.labels import joined, moment_text
from qa_pipeline.services import retention as service
from qa_pipeline.services.retention import Doer, PlannedRule, Terms

app = typer.Typer(name="retention", no_args_is_help=True, help="What is kept for how long; legal holds; deletion.")


@app.command()
def plan(ctx: typer.Context) -> None:
    """Show what would be deleted now, by which rule, and what stays although it is due; changes nothing."""
    here = context(ctx)
    found = service.plan_retention(here.store(), _terms(here))
    here.emit({"rules": [plan_document(one) for one in found]}, lambda: _print_plan(here, found))


@app.command()
def apply(ctx: typer.Context, by: ByOption) -> None:
    """Delete what is due; a run that was killed is finished by the next."""
    here = context(ctx)
    doer = Doer(name=by, role="", via="cli")
    done = service.apply_retention(here.store(), _terms(here), doer)
    here.emit({"deleted": [deletion_document(one) for one in done]}, lambda: print_deletions(here, done))


@app.command()
def hold(
    ctx: typer.Context,
    kind: Annotated[HoldKind, typer.Argument(help="What the subject is.")],
    subject: Annotated[str, typer.Argument(help="Id, customer reference, queue, or 2026-10, 2026-Q4, 2026.")],
    by: ByOption,
    reason: ReasonOption,
) -> None:
    """Keep something from every rule and from erasure until it is released."""
    here = context(ctx)
    made = service.hold(here.store(), kind, subject, by=by, reason=reason, now=now())
    here.record(_event("retention.hold", made, by))
    here.emit(hold_document(made), lambda: here.say(N_("{id}: held."), id=made.id))


@app.command()
def release(
    ctx: typer.Context,
    hold_id: Annotated[str, typer.Argument(metavar="HOLD", help="Id of the legal hold.")],
    by: ByOption,
    reason: ReasonOption,
) -> None:
    """End a legal hold."""
    here = context(ctx)
    found = service.release(here.store(), hold_id, by=by, reason=reason, now=now())
    here.record(_event("retention.release", found, by))
    here.emit(hold_document(found), lambda: here.say(N_("{id}: released."), id=found.id))


@app.command()
def holds(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that were released too.")] = False,
) -> None:
    """Show the legal holds."""
    here = context(ctx)
    found = service.list_holds(here.store(), released=everything)
    here.emit({"holds": [hold_document(one) for one in found]}, lambda: _print_holds(here, found))


def plan_document(planned: PlannedRule) -> dict[str, Any]:
    """Return what a rule would delete."""
    return {
        "rule": planned.rule.value,
        "count": planned.count,
        "bytes": planned.size_bytes,
        "oldest": planned.oldest_on,
        "kept": {reason.value: count for reason, count in planned.kept.items()},
        "parts": dict(planned.parts),
    }


def deletion_document(done: Deletion) -> dict[str, Any]:
    """Return what was deleted by a rule."""
    return {
        "run": done.run_id,
        "rule": done.rule.value,
        "subjects": done.subject_count,
        "rows": done.row_count,
        "files": done.file_count,
        "bytes": done.size_bytes,
        "ids_digest": done.ids_digest,
        "by": done.deleted_by,
    }


def hold_document(found: LegalHold) -> dict[str, Any]:
    """Return a legal hold."""
    return {
        "id": found.id,
        "kind": found.kind.value,
        "subject": found.subject,
        "reason": found.reason,
        "held_by": found.held_by,
        "held_at": found.held_at.isoformat(),
        "released_by": found.released_by,
        "release_reason": found.release_reason,
        "released_at": found.released_at.isoformat() if found.released_at else None,
    }


def print_deletions(here: AppContext, done: Any) -> None:
    """Print what was deleted."""
    for one in done:
        here.say(
            N_("{rule}: {subjects} deleted, {rows} rows, {files} files, {size:.1f} MB."),
            rule=here.translate(RETENTION_RULES[one.rule.value]),
            subjects=one.subject_count,
            rows=one.row_count,
            files=one.file_count,
            size=one.size_bytes / 1e6,
        )
    if not done:
        here.say(N_("Nothing is due."))


def _terms(here: AppContext) -> Terms:
    return site_wiring.retention_terms(here.settings, now())


def _event(action: str, found: LegalHold, by: str) -> Event:
    # What is held may name a customer, and the audit never forgets: it keeps the id of the hold.
    return Event(actor=by, role="", action=action, subject=found.id, details={"kind": found.kind.value, "via": "cli"})


def _print_plan(here: AppContext, found: Any) -> None:
    table = here.table([N_("what"), N_("count"), N_("MB"), N_("oldest"), N_("stays although due")])
    for one in found:
        stays = [here.translate(KEEPS[reason.value]).format(count=count) for reason, count in one.kept.items()]
        table.add_row(
            here.translate(RETENTION_RULES[one.rule.value]),
            str(one.count),
            f"{one.size_bytes / 1e6:.1f}",
            one.oldest_on or "–",
            joined(stays, here.translate) or "–",
        )
    out.print(table)
    if [one.rule for one in found] == [RuleName.RISK]:
        here.say(N_("No other rule is set: all else is kept for ever. docs/retention.md tells how to set one."))


def _print_holds(here: AppContext, found: Any) -> None:
    if not found:
        here.say(N_("There is no legal hold."))
        return
    table = here.table([N_("id"), N_("kind"), N_("subject"), N_("since"), N_("by"), N_("why"), N_("released")])
    for one in found:
        released = moment_text(one.released_at, here.settings.zone) if one.released_at else "–"
        since = moment_text(one.held_at, here.settings.zone)
        kind = here.translate(HOLD_KINDS[one.kind.value])
        table.add_row(one.id, kind, one.subject, since, one.held_by, one.reason, released)
    out.print(table)
