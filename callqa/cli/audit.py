"""``callqa audit``: who did or saw what, whether nothing of it was changed, and copies of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa.cli.audited import system_user
from callqa.cli.console import INCOMPLETE, AppContext, context, err, out
from qa_pipeline.domain.audit import AuditEntry, AuditFilter, Event
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.report.labels import moment_text
from qa_pipeline.services.audit import Verification, list_entries, verify_file, verify_store, write_export

app = typer.Typer(name="audit", no_args_is_help=True, help="Who did or saw what: list, verify, export.")
Since = Annotated[str | None, typer.Option("--since", help="From this day or time on: 2026-10-01 or 2026-10-01T08:00.")]
Until = Annotated[str | None, typer.Option("--until", help="Before this day or time.")]
Actor = Annotated[str | None, typer.Option("--actor", help="Who did it.")]
Action = Annotated[str | None, typer.Option("--action", help="What was done, or with a full stop a group: contact.")]
Subject = Annotated[str | None, typer.Option("--subject", help="Id of what it was done to.")]
_DIGEST_CHARACTERS = 64


@app.command()
def verify(
    ctx: typer.Context,
    head: Annotated[
        str | None, typer.Option("--head", help="A digest noted earlier: nothing after it is gone.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--from", help="Verify this exported file, not the database.")] = None,
) -> None:
    """Walk along the whole chain and name the first entry where it breaks; ends with 3 when it does."""
    here = context(ctx)
    if head is not None and (len(head) != _DIGEST_CHARACTERS or set(head) - set("0123456789abcdef")):
        raise ConfigurationError(
            N_("This is no digest of an entry."),
            hint=N_("Copy the 64 characters that `callqa audit verify` printed."),
            field="head",
        )
    if file is not None:
        found = verify_file(file, head)
    else:
        found = verify_store(here.store(), head)
        _record(here, "audit.verify", whole=found.is_whole, count=found.count)
    here.emit(_verification_document(here, found), lambda: _print_verification(here, found))
    if not found.is_whole:
        raise typer.Exit(INCOMPLETE)


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="FILE.jsonl, which can be verified, or FILE.csv.")],
    since: Since = None,
    until: Until = None,
    actor: Actor = None,
    action: Action = None,
    subject: Subject = None,
) -> None:
    """Write entries with their digests to a file; its last line tells the head of the chain."""
    here = context(ctx)
    wanted = _filter(here, since, until, actor, action, subject)
    _record(here, "audit.export")
    count = write_export(here.store(), wanted, file)
    here.emit(
        {"file": str(file), "count": count},
        lambda: here.say(N_("{file}: {count} entries."), file=file, count=count),
    )


@app.command("list")
def list_(
    ctx: typer.Context,
    since: Since = None,
    until: Until = None,
    actor: Actor = None,
    action: Action = None,
    subject: Subject = None,
    before: Annotated[int | None, typer.Option("--before", min=1, help="Entries with a smaller number.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many.")] = 50,
) -> None:
    """Show entries, newest first."""
    here = context(ctx)
    wanted = _filter(here, since, until, actor, action, subject)
    found = list_entries(here.store(), wanted, before=before, limit=limit)
    _record(here, "audit.read", count=len(found))
    here.emit({"entries": [_entry_document(one) for one in found]}, lambda: _print_entries(here, found))


def _filter(
    here: AppContext, since: str | None, until: str | None, actor: str | None, action: str | None, subject: str | None
) -> AuditFilter:
    return AuditFilter(
        since=_moment(here, since, "since"),
        until=_moment(here, until, "until"),
        actor=actor,
        action=action,
        subject=subject,
    )


def _moment(here: AppContext, text: str | None, field: str) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise ConfigurationError(
            N_("'{text}' is no day and no time."),
            hint=N_("Write 2026-10-01 or 2026-10-01T08:00."),
            field=field,
            text=text,
        ) from problem
    return found if found.tzinfo else found.replace(tzinfo=here.settings.zone)


def _record(here: AppContext, action: str, **details: int | bool) -> None:
    # Whoever reads the audit is kept in it.
    event = Event(actor=system_user(), role="", action=action, subject="audit", details={**details, "via": "cli"})
    here.record(event)


def _verification_document(here: AppContext, found: Verification) -> dict[str, Any]:
    message = found.message()
    return {
        "whole": found.is_whole,
        "count": found.count,
        "head": found.head,
        "number": found.number,
        "broken": found.broken.value if found.broken else None,
        "message": message.render(here.translate) if message else None,
        "backward": list(found.backward),
        "backward_count": found.backward_count,
    }


def _print_verification(here: AppContext, found: Verification) -> None:
    message = found.message()
    if message is not None:
        err.print(message.render(here.translate), style="red")
        here.say(N_("The {count} entries before it are whole."), count=found.count)
    else:
        here.say(N_("The audit is whole: {count} entries."), count=found.count)
        here.say(N_("Note its head elsewhere, to prove later that nothing was cut off: {head}"), head=found.head)
    if found.backward_count:
        numbers = ", ".join(map(str, found.backward))
        here.say(
            N_("The clock went back {count} times: before entries {numbers}."),
            count=found.backward_count,
            numbers=numbers,
        )


def _entry_document(entry: AuditEntry) -> dict[str, Any]:
    event = entry.event
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "actor": event.actor,
        "role": event.role,
        "action": event.action,
        "subject": event.subject,
        "details": dict(event.details),
        "request_id": event.request_id,
        "digest": entry.digest,
    }


def _print_entries(here: AppContext, found: Any) -> None:
    if not found:
        here.say(N_("There is no such entry."))
        return
    table = here.table([N_("no."), N_("time"), N_("who"), N_("action"), N_("subject"), N_("details")])
    for one in found:
        details = ", ".join(f"{name}={value}" for name, value in one.event.details.items())
        moment = moment_text(one.at, here.settings.zone)
        table.add_row(str(one.number), moment, one.event.actor, one.event.action, one.event.subject, details)
    out.print(table)
