"""``callqa calibration groups``: is the machine harder on some contacts or people?"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import INCOMPLETE, AppContext, context, out
from callqa.cli.refused import print_refused, refused_documents
from qa_pipeline.appraisal.gaps import GroupGap
from qa_pipeline.errors import N_, RowError
from qa_pipeline.report.labels import GAP_VERDICTS, GROUPED_AS, GROUPINGS, label, p_text
from qa_pipeline.services.calibration.group_file import read_groups
from qa_pipeline.services.calibration.groupings import make_groupings
from qa_pipeline.services.calibration.groups import AuditOfPeriod, GroupAudit, audit_groups, from_file


class By(StrEnum):
    """Ways to divide that the store knows."""

    QUEUE = "queue"
    TEAM = "team"
    LANGUAGE = "language"
    LINE = "line"
    RECOGNITION = "recognition"
    TENURE = "tenure"


def groups(
    ctx: typer.Context,
    period: Annotated[str, typer.Option(help="Month, quarter or year: 2026-10, 2026-Q4 or 2026.")],
    by: Annotated[
        list[By] | None, typer.Option(help="How to divide; may be repeated. All ways without it and without a file.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--groups", help="Table with agent or contact and columns of groups; read for this audit only."),
    ] = None,
    matters: Annotated[float, typer.Option(min=0.1, max=100, help="A smaller gap in points does not matter.")] = 3.0,
) -> None:
    """Gaps between machine and people by group, tested, with intervals and what could have been detected."""
    here = context(ctx)
    ways = make_groupings(here.store(), wiring.artifacts(here.settings))
    chosen = by if by is not None else ([] if file else list(By))
    groupings = [ways[each.value] for each in chosen]
    refused: list[RowError] = []
    if file is not None:
        columns, problems = read_groups(file)
        refused = list(problems)
        groupings += [from_file(column) for column in columns]
    found = audit_groups(here.store(), period, wiring.scorecards(here.settings), groupings, matters)
    document = {
        "period": found.period,
        "reviews": found.review_count,
        "blind_reviews": found.blind_count,
        "matters_points": matters,
        "groupings": [_document(each) for each in found.groupings],
        "rejected": refused_documents(here, refused),
    }
    here.emit(document, lambda: _print(here, found))
    print_refused(here, refused)
    if refused:
        raise typer.Exit(INCOMPLETE)


def _document(found: GroupAudit) -> dict[str, Any]:
    ratios = {each.group: each for each in found.ratios}
    measured = {found.names[each.group]: each for each in found.audit.groups} if found.audit else {}
    return {
        "by": found.name,
        "reviews": found.reviewed_count,
        "unknown": found.unknown_count,
        "suppressed_groups": found.suppressed_count,
        "p": found.audit.p if found.audit else None,
        "groups": [
            {
                "group": name,
                **(_gap(measured[name]) if name in measured else {}),
                "passed": {
                    "n": ratios[name].n,
                    "passed": ratios[name].passed_count,
                    "ratio": ratios[name].ratio,
                    "small_cell": ratios[name].is_small,
                }
                if name in ratios
                else None,
            }
            for name in found.names
        ],
    }


def _gap(each: GroupGap) -> dict[str, Any]:
    return {
        "n": each.n,
        "agents": each.agent_count,
        "gap": each.gap,
        "difference": each.difference,
        "ci95": list(each.ci95),
        "p": each.p,
        "detectable": each.detectable,
        "verdict": each.verdict.value,
    }


def _print(here: AppContext, found: AuditOfPeriod) -> None:
    here.say(
        N_("{period}: {count} random reviews, one per contact, {blind} of them blind"),
        period=found.period,
        count=found.review_count,
        blind=found.blind_count,
    )
    here.say(N_("Points of the machine above people; who has seen the machine's findings comes closer to them."))
    for each in found.groupings:
        out.print(f"\n{label(GROUPINGS, each.name, here.translate)}", style="bold")
        if each.audit is None:
            here.say(
                N_("  cannot tell: {count} reviews in {groups} groups; two groups, 20 reviews and more agents needed"),
                count=each.reviewed_count,
                groups=len(each.names),
            )
        else:
            _print_audit(here, each, each.audit.p)
        if each.suppressed_count:
            here.say(N_("  {count} groups with cells under ten are not shown"), count=each.suppressed_count)
        if each.unknown_count:
            here.say(N_("  of {count} reviewed contacts the group is not known"), count=each.unknown_count)


def _print_audit(here: AppContext, found: GroupAudit, p: float) -> None:
    assert found.audit is not None, "checked before"
    ratios = {each.group: each for each in found.ratios}
    headings = [N_("Group"), N_("Reviews / agents"), N_("Machine above people"), N_("Beside the others, 95 %")]
    table = here.table(
        [*headings, N_("Test"), N_("Could be detected"), N_("Result"), N_("Pass rate over the best group's")]
    )
    for each in found.audit.groups:
        name = found.names[each.group]
        table.add_row(
            label(GROUPED_AS.get(found.name, {}), name, here.translate),
            f"{each.n} / {each.agent_count}",
            f"{each.gap:+.1f}",
            f"{each.difference:+.1f} ({each.ci95[0]:+.1f} – {each.ci95[1]:+.1f})",
            p_text(each.p),
            f"{each.detectable:.1f}",
            label(GAP_VERDICTS, each.verdict, here.translate),
            f"{ratios[name].ratio:.2f}{'*' if ratios[name].is_small else ''}" if name in ratios else "–",
        )
    out.print(table)
    here.say(N_("  one and the same gap in all groups: {p}"), p=p_text(p))
    if any(each.is_small for each in found.ratios):
        here.say(N_("  * few contacts or failures: such a ratio falls below four fifths by chance; the test decides"))
