"""``callqa reviews queue``: the contacts that wait for a person, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import AppContext, context, out
from callqa.cli.options import AnyMonthOption
from qa_pipeline.access import EVERYTHING
from qa_pipeline.errors import N_
from qa_pipeline.report.labels import moment_text, reason_text
from qa_pipeline.services.review_queue.listing import QueueEntry, QueuePage, QueueView, list_queue


def queue(
    ctx: typer.Context,
    by: Annotated[str, typer.Option(help="Whose queue: own contacts and what this person judged are left out.")],
    period: AnyMonthOption = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to show.")] = 20,
) -> None:
    """Contacts that wait for a review: risk first, then doubt, then draws, with the reasons."""
    here = context(ctx)
    cards = wiring.scorecards(here.settings)
    view = QueueView(person=by.strip(), reach=EVERYTHING, now=datetime.now(UTC), period=period)
    with here.store().reading() as tx:
        page = list_queue(tx, view, cards, offset=0, limit=limit)
    document = {"total": page.total, "contacts": [_document(here, each) for each in page.entries]}
    here.emit(document, lambda: _print(here, page))


def _document(here: AppContext, entry: QueueEntry) -> dict[str, Any]:
    one = entry.candidate
    return {
        "contact": one.contact_id,
        "agent": None if entry.blind else one.agent_id,
        "team": None if entry.blind else one.team,
        "started_at": one.started_at.isoformat() if one.started_at else None,
        "purpose": one.purpose.value,
        "selection": one.selection.value,
        "sample": one.draw.sample_id if one.draw else None,
        "session": one.session.id if one.session else None,
        "inclusion_probability": entry.inclusion_probability,
        "blind": entry.blind,
        "points": one.points,
        "reasons": [reason_text(reason, here.translate) for reason in entry.reasons],
    }


def _print(here: AppContext, page: QueuePage) -> None:
    if not page.entries:
        here.say(N_("Nothing waits."))
        return
    table = here.table((N_("Contact"), N_("Agent"), N_("Start"), N_("Need"), N_("Why")))
    for entry in page.entries:
        one = entry.candidate
        table.add_row(
            one.contact_id,
            "–" if entry.blind else one.agent_id or "–",
            moment_text(one.started_at, here.settings.zone),
            f"{one.points:.1f}",
            " ".join(reason_text(reason, here.translate) for reason in entry.reasons),
        )
    out.print(table)
    here.say(N_("{count} contacts wait."), count=page.total)
