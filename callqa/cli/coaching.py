"""``callqa coaching``: what each person could practise next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import AppContext, context, out
from coaching.focus import read_focus
from qa_pipeline.errors import N_
from qa_pipeline.report.data import ExampleRow, FocusRow
from qa_pipeline.report.labels import clock_text, percent_text

app = typer.Typer(no_args_is_help=True, help="What each person could practise next.")


@app.callback()
def _group() -> None:
    """Keep ``gaps`` a command of the group."""


@app.command()
def gaps(
    ctx: typer.Context,
    period: Annotated[str, typer.Option(help="Month, such as 2026-10.")],
    agent: Annotated[str | None, typer.Option(help="Only this agent.")] = None,
) -> None:
    """List the criteria that an agent provably meets less often than the site, with a moment of each kind."""
    application = context(ctx)
    settings = application.settings
    found = read_focus(application.store(), period, settings.lang, rulebook=wiring.rulebook(settings), agent_id=agent)
    document = {
        "period": period,
        "agents": [{"agent": agent_id, "gaps": [_gap(row) for row in rows]} for agent_id, rows in found.items()],
    }
    application.emit(document, lambda: _print(application, found))


def _gap(row: FocusRow) -> dict[str, Any]:
    interval = row.met.ci95
    return {
        "criterion": row.criterion_id,
        "name": row.criterion,
        "met": row.met.count,
        "n": row.met.total,
        "ratio": row.met.ratio,
        "ci95": [interval.low, interval.high] if interval else None,
        "site_ratio": row.site_ratio,
        "action": row.action,
        "practice": row.practice,
        "good": _example(row.good),
        "improve": _example(row.improve),
    }


def _example(row: ExampleRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "contact": row.contact_id,
        "started_at": row.started_at.isoformat() if row.started_at else None,
        "quote": row.quote,
        "role": row.role,
        "start_s": row.start_s,
        "reason": row.reason,
    }


def _print(application: AppContext, found: Mapping[str, tuple[FocusRow, ...]]) -> None:
    if not found:
        application.say(N_("No agent falls short of the site by more than chance explains."))
    for agent_id, rows in found.items():
        out.print(agent_id, style="bold")
        for row in rows:
            application.say(
                N_("  {criterion}: met {count} of {total}, site {site}"),
                criterion=row.criterion,
                count=row.met.count,
                total=row.met.total,
                site=percent_text(row.site_ratio),
            )
            out.print(f"    {row.action}")
            for title, example in ((N_("went well"), row.good), (N_("to improve"), row.improve)):
                if example:
                    said = example.quote or example.reason
                    place = f"{example.contact_id} {clock_text(example.start_s)}"
                    application.say(
                        N_("    {title}: {place} {said}"), title=application.translate(title), place=place, said=said
                    )
