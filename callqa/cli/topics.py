"""``callqa topics``: what customers contact the company for, found without labels."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import AppContext, context, out
from qa_pipeline.domain.period import check_month
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.stages.artifacts import write_atomically

if TYPE_CHECKING:
    from qa_pipeline.services.topics import Topic, Topics

_EXAMPLES = 3


def topics(
    ctx: typer.Context,
    period: Annotated[str | None, typer.Option(help="Only this month, such as 2026-10.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only contacts from this day on, such as 2026-10-01.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Only contacts in zh or en.")] = None,
    count: Annotated[
        int | None, typer.Option(min=2, max=200, help="How many topics; without it the contacts decide.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="CSV that gets text, category and contact, to correct and to train from.")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="Measure of likeness: embedded or transformers.")] = None,
    seed: Annotated[int, typer.Option(help="Starts the search for groups.")] = 0,
) -> None:
    """Group what customers of scored contacts say first into topics with names, sizes and examples."""
    from qa_pipeline.services.topics import find_topics, read_openings  # loads scikit-learn

    app = context(ctx)
    if period is not None:
        check_month(period)
    begin = datetime.combine(since.date(), time(), app.settings.zone) if since else None
    store = app.store()
    openings = list(read_openings(store, wiring.artifacts(app.settings), period=period, since=begin))
    if language is not None:
        openings = [each for each in openings if each.language == language]
    found = find_topics(openings, wiring.text_model(app.settings, "embedding", engine), count=count, seed=seed)
    if write is not None:
        _write(write, found)
    app.emit({"languages": [_document(each) for each in found]}, lambda: _print(app, found, write))


def _write(path: Path, found: tuple[Topics, ...]) -> None:
    from qa_pipeline.services.topics import labelled_table

    grouped = [each for each in found if each.topics]
    if len(grouped) != 1:
        raise ConfigurationError(
            N_("A table of labels holds one language; topics were found in: {languages}."),
            hint=N_("Choose one with --language, or score more contacts first."),
            field="write",
            languages=", ".join(each.language for each in grouped) or "–",
        )
    write_atomically(path, labelled_table(grouped[0]))


def _document(found: Topics) -> dict[str, Any]:
    return {
        "language": found.language,
        "n": found.count,
        "too_few": found.too_few,
        "topics": [_topic(topic) for topic in found.topics],
        "other": len(found.other),
    }


def _topic(topic: Topic) -> dict[str, Any]:
    return {
        "name": topic.name,
        "n": len(topic.members),
        "share": round(topic.share, 4),
        "months": dict(topic.months),
        "examples": [
            {"contact": member.opening.contact_id, "text": member.opening.text} for member in topic.members[:_EXAMPLES]
        ],
        "contacts": [member.opening.contact_id for member in topic.members],
    }


def _print(app: AppContext, found: tuple[Topics, ...], write: Path | None) -> None:
    if not found:
        app.say(N_("No scored contact has words of a customer."))
    for each in found:
        app.say(
            N_("{language}: {n} contacts, {count} topics"), language=each.language, n=each.count, count=len(each.topics)
        )
        if each.too_few:
            app.say(N_("  Too few to find topics in: {least} are needed."), least=each.needed)
            continue
        for topic in each.topics:
            out.print(f"  {topic.share:6.1%} {len(topic.members):5}  {topic.name}")
            for member in topic.members[:_EXAMPLES]:
                text = " / ".join(member.opening.text.splitlines())
                out.print(f"                {member.opening.contact_id}  {text}")
            if topic.months:
                trend = ", ".join(f"{month} {number}" for month, number in topic.months.items())
                out.print(f"                {trend}")
        app.say(
            N_("  {share} {n}  like none of them"),
            share=f"{len(each.other) / each.count:6.1%}",
            n=f"{len(each.other):5}",
        )
    if write is not None:
        app.say(N_("The table is in {path}. Correct its categories, then run: callqa train reason {path}"), path=write)
