"""``callqa demo``: the whole way over a small invented set, and what to try next."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import typer

from callqa.cli.console import INCOMPLETE, AppContext, context, in_one_line, out
from callqa.cli.cycle import now
from callqa.cli.score import failure_document, pending_document, progress_bar
from callqa.demo import TROUBLED, install_set
from callqa.demo.accounts import DemoAccount, find_accounts_file, install_accounts
from callqa.demo.cycle import live
from callqa.demo.history import install_history
from callqa.demo.tour import Tour, finish, score_set
from qa_pipeline.domain.annotation import CourseEvent
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.inspection import Flag
from qa_pipeline.errors import N_
from qa_pipeline.report.contact_rows import findings_behind
from qa_pipeline.report.data import ContactRow, EvidenceRow, Places
from qa_pipeline.report.labels import (
    BASES,
    FLAGS,
    GROUPS,
    STAFF_ROLES,
    clock_text,
    joined,
    label,
    points_text,
    with_name,
    with_note,
)
from qa_pipeline.services.ingest import Failure
from qa_pipeline.services.score import ScoreRun

OWN_HOME = Path(".demo")
_SHOWN_CONTACTS = 8
_TELLING = (Flag.RED_LINE, Flag.POSSIBLE_RED_LINE, Flag.ANGRY_CUSTOMER, Flag.LOW_SCORE)
_SIGHTS = {
    StaffRole.AGENT: N_(
        "a published result with a red line, an appeal, goals to confirm, an invitation, a coaching plan"
    ),
    StaffRole.SUPERVISOR: N_("the team, the review queue, a talk, goal plans, an appeal to decide, calibration"),
    StaffRole.QA: N_("the queue with a contact that is taken, batches with trouble, samples, calibration, scorecards"),
    StaffRole.HR: N_("periods, results, proposals, leavers, whom to support, whether coaching helped (a waiting list)"),
    StaffRole.ADMINISTRATOR: N_("users and roles, retention, the audit, a webhook, the system"),
}


def demo(ctx: typer.Context) -> None:
    """Score an invented set of calls and chats, evaluate three months and write the reports (home: .demo)."""
    app = context(ctx)
    if "home" not in app.settings.model_fields_set:
        # Invented contacts have no place among those of the user's own home.
        app.settings = app.settings.model_copy(update={"home": OWN_HOME.absolute()})
    store = app.store()
    demo_set = install_set(app.settings.home, store)
    app.say(
        N_("The demo set is in {folder}. Every name, number and company in it is invented."), folder=demo_set.folder
    )
    app.say(N_("Listening, recognising, judging: about a minute the first time ..."))
    run = score_set(store, app.settings, demo_set, lambda total: progress_bar(app, total))
    if run.interrupted:
        app.emit({"interrupted": True}, lambda: app.say(N_("Stopped. Run the same command again to go on.")))
        raise typer.Exit(INCOMPLETE)
    tour = finish(store, app.settings, demo_set, run, now())
    accounts = install_accounts(store, app.settings.home, now(), app.translate)
    if accounts:  # else people of their own work here already
        live(store, app.settings, demo_set, app.translate, now())
        app.say(N_("Two years of another floor, simulated: who left, whom to support, whether coaching helped ..."))
        install_history(store, app.settings, demo_set, app.translate, now())
    next_steps = _next_steps(app.settings.home)
    file = find_accounts_file(app.settings.home)
    document = _document(app, tour, next_steps) | {"accounts_file": str(file) if file else None}

    def print_all() -> None:
        _print(app, tour, next_steps)
        _print_accounts(app, accounts, file)

    app.emit(document, print_all)
    if _surprises(run):
        raise typer.Exit(INCOMPLETE)


def _surprises(run: ScoreRun) -> list[Failure]:
    """Return what failed or is pending although it should not."""
    return [failure for failure in (*run.pending, *run.failed) if Path(failure.path).name not in TROUBLED]


def _next_steps(home: Path) -> list[tuple[str, str]]:
    """Return commands that can be copied, each with what it is for."""
    program = Path(sys.argv[0])
    name = str(program) if program.name == "callqa" and shutil.which("callqa") != str(program) else "callqa"
    try:
        place = f"--home {home.relative_to(Path.cwd())}"
    except ValueError:
        place = f"--home {home}"
    return [
        (
            f"{name} serve {place}",
            N_("opens the pages at http://127.0.0.1:8000/: every call with its words and evidence"),
        ),
        (
            f"{name} evaluate --period 2026-10 {place}",
            N_("see places, teams, reviewers and what the totals hang on"),
        ),
        (
            f"{name} samples draw --period 2026-10 --kind random --by YOU {place}",
            N_("draw contacts for people to review"),
        ),
        (
            f"{name} periods show 2026-10 {place}",
            N_("see what the month waits for; docs/cycle.md goes on to publishing, appeals and awards"),
        ),
        (f"{name} coaching gaps --period 2026-10 {place}", N_("see what each person could practise")),
        (f"{name} scorecards show phone-zh", N_("see what is checked and copy it for rules of your own")),
        (f"{name} score YOUR_FOLDER --metadata TABLE.xlsx --dry-run", N_("see what your own recordings would take")),
        (f"{name} doctor", N_("see engines and weights, and how to add Whisper")),
    ]


def _document(app: AppContext, tour: Tour, next_steps: list[tuple[str, str]]) -> dict[str, Any]:
    run = tour.run
    return {
        "home": str(app.settings.home),
        "run": run.id,
        "done": run.done,
        "skipped": run.skipped,
        "contacts": dict(tour.kinds),
        "pending": [pending_document(app, failure) for failure in run.pending],
        "failed": [failure_document(app, failure) for failure in run.failed],
        "wall_s": round(run.wall_s, 3),
        "stage_s": {name: round(value, 3) for name, value in run.stage_s.items()},
        "audio_s": round(run.audio_s, 1),
        "kpis": {"imported": sum(found.imported_count for found in tour.imports)}
        | {"unchanged": sum(found.unchanged_count for found in tour.imports)}
        | {"rejected": sum(len(found.rejected) for found in tour.imports)},
        "reviews": {
            "imported": tour.reviews.imported_count,
            "unchanged": tour.reviews.unchanged_count,
            "rejected": len(tour.reviews.rejected),
        },
        "assignments": {
            "imported": tour.assignments.added_count + tour.assignments.replaced_count,
            "unchanged": tour.assignments.unchanged_count,
            "rejected": len(tour.assignments.rejected),
        },
        "ratings": {
            "imported": tour.ratings.added_count + tour.ratings.replaced_count,
            "unchanged": tour.ratings.unchanged_count,
            "rejected": len(tour.ratings.rejected),
        },
        "incidents": {
            "imported": tour.incidents.added_count,
            "unchanged": tour.incidents.unchanged_count,
            "rejected": len(tour.incidents.rejected),
        },
        "evaluations": {
            found.period: sum(evaluation.total is not None for evaluation in found.evaluations)
            for found in tour.evaluations
        },
        "period": tour.report.period,
        "flags": {group.flag.value: list(group.contacts) for group in tour.report.flagged},
        "reports": [str(path) for path in tour.files],
        "next": [command for command, _ in next_steps],
    }


def _print(app: AppContext, tour: Tour, next_steps: list[tuple[str, str]]) -> None:
    _print_scored(app, tour)
    _print_contacts(app, tour)
    _print_troubled(app, tour.run)
    _print_agents(app, tour)
    _heading(app, N_("Reports"))
    for path in tour.files:
        out.print(f"  {path}")
    _heading(app, N_("What to try next"))
    for command, purpose in next_steps:
        out.print(f"  {command}")
        out.print(f"      {app.translate(purpose)}")


def _print_accounts(app: AppContext, accounts: Sequence[DemoAccount], file: Path | None) -> None:
    """Print with which accounts the pages can be used: those that were made now, else where they stand."""
    if file is None:
        return  # a home with accounts of its own got none
    _heading(app, N_("Accounts for the pages"))
    if accounts:
        shown = app.table((N_("Login"), N_("Password"), N_("Role"), N_("What there is to see")), box=None)
        for account in accounts:
            role = label(STAFF_ROLES, account.role.value, app.translate)
            shown.add_row(account.login, account.password, role, app.translate(_SIGHTS[account.role]))
        out.print(shown)
    app.say(N_("  They stand in {file}, which only you can read."), file=file)


def _heading(app: AppContext, text: str) -> None:
    out.print(f"\n{app.translate(text)}", style="bold")


def _print_scored(app: AppContext, tour: Tour) -> None:
    run, overview = tour.run, tour.report.overview
    _heading(app, N_("What was found"))
    app.say(
        N_("  {calls} calls and {chats} chats judged in {seconds:.0f} s; {pending} pending, {failed} failed."),
        calls=tour.kinds["call"],
        chats=tour.kinds["chat"],
        seconds=run.wall_s,
        pending=len(run.pending),
        failed=len(run.failed),
    )
    app.say(
        N_("  {period}: {contacts} contacts, {scored} scored, mean {mean}; {unscored} have none, too little is sure."),
        period=tour.report.period,
        contacts=overview.contacts_count,
        scored=overview.scored_count,
        mean=points_text(overview.mean_points),
        unscored=overview.contacts_count - overview.scored_count,
    )
    app.say(
        N_("  {count} reviews by people stand beside the machine's scores."),
        count=tour.reviews.imported_count + tour.reviews.unchanged_count,
    )
    counts = [f"{label(FLAGS, group.flag.value, app.translate)} {len(group.contacts)}" for group in tour.report.flagged]
    app.say(N_("  Flags: {flags}"), flags=joined(counts, app.translate))


def _print_contacts(app: AppContext, tour: Tour) -> None:
    """Print the contacts that a person should look at first, each with its most telling words."""
    telling = [row for row in tour.report.contacts if set(row.flags) & set(_TELLING)]
    telling.sort(key=lambda row: ([flag not in row.flags for flag in _TELLING], row.points or 0.0, row.contact_id))
    _heading(app, N_("Look at these first"))
    headings = (N_("Contact"), N_("Agent"), N_("Score"), N_("Why"), N_("Words"))
    table = app.table(headings, box=None, padding=(0, 2, 0, 0))
    for row in telling[:_SHOWN_CONTACTS]:
        gravest = next(flag for flag in _TELLING if flag in row.flags)
        why = label(FLAGS, gravest.value, app.translate)
        table.add_row(row.contact_id, row.agent_label, points_text(row.points), why, _words(app, row, gravest))
    out.print(table)
    if len(telling) > _SHOWN_CONTACTS:
        app.say(N_("  ... and {count} more in the report"), count=len(telling) - _SHOWN_CONTACTS)


def _words(app: AppContext, row: ContactRow, flag: Flag) -> str:
    """Return the words behind a flag: what an angry customer said, else the agent's with their time."""
    if flag is Flag.ANGRY_CUSTOMER:
        angry = (point.quote for point in row.turning_points if point.event is CourseEvent.LEFT_ANGRY)
        return next((f"“{quote}”" for quote in angry), "")
    for finding in findings_behind(flag, row):
        found = next((evidence for evidence in finding.evidence if evidence.quote), None)
        if found is not None:
            return _quote(app, found)
    return ""


def _quote(app: AppContext, evidence: EvidenceRow) -> str:
    quote = f"“{evidence.quote}”"
    return quote if evidence.start_s is None else with_note(quote, clock_text(evidence.start_s), app.translate)


def _print_troubled(app: AppContext, run: ScoreRun) -> None:
    _heading(app, N_("Not judged, and why"))
    for failure in (*run.pending, *run.failed):
        told = with_name(Path(failure.path).name, in_one_line(failure.error, app.translate), app.translate)
        out.print(f"  {told}")


def _print_agents(app: AppContext, tour: Tour) -> None:
    """Print totals by template and agent: an order by total would be a ranking that the intervals do not carry."""
    evaluated = sorted(
        (row for row in tour.report.agents if row.total is not None),
        key=lambda row: (row.template or "", row.agent_id),
    )
    _heading(app, N_("Evaluations of the month"))
    headings = (N_("Agent"), N_("Total (95 %)"), N_("Grade"), N_("Standing"), N_("Places (95 %)"))
    for template, rows in groupby(evaluated, key=lambda row: row.template):
        out.print(f"  {template}")
        table = app.table(headings, box=None, padding=(0, 2, 0, 0))
        for numbers in (1, 4):  # an interval is read as one
            table.columns[numbers].no_wrap = True
        for row in rows:
            interval = f" ({row.ci95.low:.1f} – {row.ci95.high:.1f})" if row.ci95 else ""
            table.add_row(
                row.label,
                f"{points_text(row.total)}{interval}",
                row.grade or "–",
                label(GROUPS, row.group, app.translate),
                _places(app, row.places) if row.places else "–",
            )
        out.print(table)
    app.say(
        N_("  {count} agents cannot be told apart from the average: places are ranges, and nobody is ranked."),
        count=sum(row.group == "within" for row in evaluated),
    )
    app.say(
        N_("  {count} more agents have too few judged contacts for a total; their indicators are in the report."),
        count=len(tour.report.agents) - len(evaluated),
    )
    bases = sorted({label(BASES, row.basis, app.translate) for row in evaluated if row.basis and row.n_contacts})
    app.say(
        N_(
            "  Quality of contacts: {bases}. Reviews, {ratings} ratings, {incidents} critical incidents and roles are "
            "as invented as the rest."
        ),
        bases=joined(bases, app.translate),
        ratings=tour.ratings.added_count + tour.ratings.replaced_count + tour.ratings.unchanged_count,
        incidents=tour.incidents.added_count + tour.incidents.unchanged_count,
    )


def _places(app: AppContext, places: Places) -> str:
    return app.translate(N_("{low} – {high} of {count}")).format(low=places.low, high=places.high, count=places.of)
