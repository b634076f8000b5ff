"""``callqa coaching groups|workload``: agents in groups for talks, and what each coach has to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from callqa import site_wiring
from callqa.cli.console import AppContext, context, out
from callqa.cli.cycle import today
from callqa.cli.options import PeriodOption
from coaching.groups import GroupedAgent, TalkGroup, find_groups
from coaching.talks import Drafting
from coaching.words import GAP_KINDS
from coaching.workload import WEEKS, WEEKS_MAX, Workload, read_workload
from qa_pipeline.errors import N_
from qa_pipeline.report.labels import GROUPS, with_note


def groups(
    ctx: typer.Context,
    period: PeriodOption,
    team: Annotated[str | None, typer.Option(help="Agents of this team only.")] = None,
) -> None:
    """Put agents into groups for talks: by the level of the published result and the kind of gap."""
    here = context(ctx)
    settings = here.settings
    drafting = Drafting(
        rulebook=site_wiring.rulebook(settings), times=site_wiring.times(settings), language=settings.lang
    )
    with here.store().reading() as tx:
        within = None if team is None else {one.id for one in tx.agents.list() if one.team == team}
        found = find_groups(tx, period, drafting, within)
    document = {
        "period": period,
        "groups": [
            {
                "level": one.level,
                "gap_kind": one.gap_kind.value if one.gap_kind else None,
                "agents": [
                    {"agent": each.agent_id, "focus": each.focus.id if each.focus else None} for each in one.agents
                ],
            }
            for one in found
        ],
    }
    here.emit(document, lambda: _print_groups(here, found))


def workload(
    ctx: typer.Context,
    weeks: Annotated[int, typer.Option(min=1, max=WEEKS_MAX, help="How many, from this week on.")] = WEEKS,
) -> None:
    """Count the open plans of each coach, and the sessions and talks of the coming weeks."""
    here = context(ctx)
    with here.store().reading() as tx:
        found = read_workload(tx, today(here), weeks)
    document = {
        "weeks": [day.isoformat() for day in found.weeks],
        "coaches": [
            {
                "coach": one.coach,
                "drafted": one.drafted,
                "offered": one.offered,
                "running": one.running,
                "late": one.late,
                "sessions": list(one.sessions),
                "talks": list(one.talks),
            }
            for one in found.coaches
        ],
    }
    here.emit(document, lambda: _print_workload(here, found))


def _print_groups(here: AppContext, found: Sequence[TalkGroup]) -> None:
    if not found:
        here.say(N_("Nothing is published and no gap is proven in this period."))
    for group in found:
        _print_group(here, group)


def _print_group(here: AppContext, group: TalkGroup) -> None:
    kind = here.translate(GAP_KINDS[group.gap_kind] if group.gap_kind else N_("no proven gap"))
    out.print(f"{here.translate(GROUPS[group.level])} · {kind}", style="bold")
    for one in group.agents:
        out.print(f"  {_line(here, one)}", markup=False)


def _line(here: AppContext, one: GroupedAgent) -> str:
    return with_note(one.agent_id, one.focus.name, here.translate) if one.focus else one.agent_id


def _print_workload(here: AppContext, found: Workload) -> None:
    if not found.coaches:
        here.say(N_("No plan and no talk is open."))
        return
    names = (N_("Coach"), N_("Drafted plans"), N_("Offered"), N_("Running"), N_("Late"))
    rows = here.table([*names, *(f"{day:%m-%d}" for day in found.weeks)])
    for one in found.coaches:
        counts = (one.drafted, one.offered, one.running, one.late)
        by_week = [a + b for a, b in zip(one.sessions, one.talks, strict=True)]
        rows.add_row(one.coach, *map(str, (*counts, *by_week)))
    out.print(rows)
