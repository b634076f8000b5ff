"""``callqa search``: find what was said in all inspected contacts."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from callqa import wiring
from callqa.cli.console import INCOMPLETE, AppContext, context, out
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.inspection import Flag
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.report.labels import ROLES, clock_text, joined, label, moment_text
from qa_pipeline.services.contact_list import ContactFilter, Part
from qa_pipeline.services.search import FoundContact, Reindexed, SearchHit, SearchPage, reindex, search_contacts


class Party(StrEnum):
    """Whose words."""

    CUSTOMER = "customer"
    AGENT = "agent"


def search(
    ctx: typer.Context,
    query: Annotated[
        str | None, typer.Argument(help='Words that must all occur, "a phrase", a OR b, -without, begin*.')
    ] = None,
    role: Annotated[Party | None, typer.Option(help="Whose words; default anybody's.")] = None,
    agent: Annotated[str | None, typer.Option(help="Agent id.")] = None,
    since: Annotated[str | None, typer.Option(help="First day, such as 2026-10-01, or a time.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day, such as 2026-10-31, or a time before which.")] = None,
    flag: Annotated[Flag | None, typer.Option(help="Only contacts with this flag.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Contacts to show, the newest first.")] = 20,
    fill: Annotated[
        bool, typer.Option("--reindex", help="First make what was scored before searchable, from stored transcripts.")
    ] = False,
) -> None:
    """Find what was said: masked words of all inspected contacts, with the sentences and where they stand."""
    app = context(ctx)
    if query is None and not fill:
        raise ConfigurationError(
            N_("Say what to look for."), hint=N_('Example: callqa search "refund late" --role customer'), field="query"
        )
    store = app.store()
    filled = reindex(store, wiring.artifacts(app.settings)) if fill else None
    document: dict[str, Any] = {}
    page = None
    if filled is not None:
        document["reindexed"] = {"contacts": filled.contacts_count, "missing": list(filled.missing)}
    if query is not None:
        zone = app.settings.zone
        wanted = ContactFilter(
            agent_id=agent,
            flag=flag,
            since=_moment(since, zone, "since") if since else None,
            until=_moment(until, zone, "until", is_end=True) if until else None,
        )
        page = search_contacts(store, query, wanted, role=Role(role) if role else None, part=Part(limit=limit))
        document |= _document(query, page)
    app.emit(document, lambda: _print(app, filled, page))
    if filled is not None and filled.missing:
        raise typer.Exit(INCOMPLETE)


def _moment(written: str, zone: ZoneInfo, field: str, *, is_end: bool = False) -> datetime:
    """Return a time; a day begins in the site's zone, and as the end it counts in full."""
    try:
        if len(written) == len("2026-10-01"):
            day = date.fromisoformat(written) + timedelta(days=int(is_end))
            return datetime.combine(day, time(), zone)
        found = datetime.fromisoformat(written)
    except (ValueError, OverflowError) as problem:
        raise ConfigurationError(
            N_("This is no day or time: {value}."),
            hint=N_("Write a day such as 2026-10-01 or a time such as 2026-10-01T09:30."),
            field=field,
            value=written,
        ) from problem
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _document(query: str, page: SearchPage) -> dict[str, Any]:
    return {
        "query": query,
        "total": page.total,
        "total_is_exact": page.total_is_exact,
        "not_indexed": page.unindexed_count,
        "contacts": [_contact_document(found) for found in page.contacts],
    }


def _contact_document(found: FoundContact) -> dict[str, Any]:
    contact, score = found.listed.contact, found.listed.score
    return {
        "id": contact.id,
        "agent": contact.agent_id,
        "started_at": contact.started_at.isoformat() if contact.started_at else None,
        "score": score.points if score else None,
        "flags": [flag.value for flag in score.flags] if score else [],
        "hits_count": found.hits_count,
        "hits": [
            {
                "utterance": hit.utterance,
                "role": hit.role.value,
                "start_s": hit.start_s,
                "end_s": hit.end_s,
                "text": hit.text,
                "highlights": [list(span) for span in hit.highlights],
            }
            for hit in found.hits
        ],
    }


def _print(app: AppContext, filled: Reindexed | None, page: SearchPage | None) -> None:
    if filled is not None:
        app.say(N_("{count} contacts can be searched now."), count=filled.contacts_count)
        if filled.missing:
            app.say(
                N_("The transcripts of these are gone; score them again: {ids}"),
                ids=joined(filled.missing, app.translate),
            )
    if page is None:
        return
    found_in = (
        N_("Found in {total} contacts, shown {shown}.")
        if page.total_is_exact
        else N_("Found in at least {total} contacts, shown {shown}.")
    )
    app.say(found_in, total=page.total, shown=len(page.contacts))
    for found in page.contacts:
        contact = found.listed.contact
        at = contact.started_at
        parts = [contact.id, contact.agent_id, moment_text(at, app.settings.zone) if at else None]
        out.print(Text("  ".join(part for part in parts if part), style="bold"))
        for hit in found.hits:
            out.print(_line(app, hit))
        if found.hits_count > len(found.hits):
            app.say(N_("    and {count} more"), count=found.hits_count - len(found.hits))
    if page.unindexed_count:
        app.say(
            N_("{count} contacts that were scored before cannot be found yet. Run: callqa search --reindex"),
            count=page.unindexed_count,
        )


def _line(app: AppContext, hit: SearchHit) -> Text:
    line = Text(f"    [{hit.utterance}] ")
    line.append(f"{clock_text(hit.start_s)} {label(ROLES, hit.role, app.translate)}  ", style="dim")
    said = Text(hit.text)
    for start, end in hit.highlights:
        said.stylize("bold reverse", start, end)
    return line.append_text(said)
