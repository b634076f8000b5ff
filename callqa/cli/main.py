"""The command ``callqa``: one Typer application; each group of commands in a file of its own."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.main import get_command

from callqa.cli import (
    appeals,
    assignments,
    audit,
    awards,
    calibration,
    capacity,
    coaching,
    coaching_effect,
    coaching_overview,
    console,
    db,
    demo,
    doctor,
    evaluate,
    export_audio,
    incidents,
    jobs,
    kpi,
    lexicon,
    objectives,
    people,
    periods,
    plans,
    ratings,
    report,
    results,
    retention,
    reviews,
    risk,
    samples,
    score,
    scorecards,
    scripts,
    search,
    serve,
    templates,
    tokens,
    topics,
    train,
    users,
    validate,
    validate_coaching,
    validate_estimation,
    validate_risk,
    work,
)
from callqa.cli.console import AppContext
from callqa.settings import read_settings
from qa_pipeline.errors import CallqaError
from qa_pipeline.i18n import LANGUAGES, console_language, translator

app = typer.Typer(
    name="callqa",
    no_args_is_help=True,
    add_completion=False,
    help="Quality inspection and coaching for customer-service teams. "
    "--json, --home, --lang and --verbose may stand before or after any command.",
)

# Options of the whole program that people write after the command, as the command-line contract has it.
_FLAGS = ("--json", "--verbose")
_WITH_VALUE = ("--home", "--lang")


def _show_version(wanted: bool) -> None:
    if wanted:
        console.out.print(f"callqa {version('callqa')}", highlight=False)
        raise typer.Exit


@app.callback()
def _begin(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, all else on stderr.")] = False,
    home: Annotated[Path | None, typer.Option(help="Folder of database, artifacts and models (CALLQA_HOME).")] = None,
    lang: Annotated[str | None, typer.Option(help="Language of messages: zh or en (CALLQA_LANG).")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log what happens on stderr.")] = False,
    show_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version and end.")
    ] = False,
) -> None:
    del show_version
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    made = AppContext(settings=read_settings(home=home, lang=lang), json=as_json)
    ctx.obj = made
    ctx.call_on_close(made.close)


app.command()(demo.demo)
app.command()(score.ingest)
app.command()(score.score)
app.command()(score.transcribe)
app.command()(capacity.plan)
app.command()(export_audio.export_audio)
app.add_typer(kpi.app, name="kpi")
app.add_typer(risk.app, name="risk")
app.add_typer(assignments.app, name="assignments")
app.add_typer(awards.app, name="awards")
app.add_typer(samples.app, name="samples")
app.add_typer(reviews.app, name="reviews")
app.add_typer(ratings.app, name="ratings")
app.add_typer(incidents.app, name="incidents")
app.add_typer(objectives.app, name="objectives")
app.command()(evaluate.evaluate)
app.command()(results.running)
app.add_typer(periods.app, name="periods")
app.add_typer(plans.app, name="plans")
app.add_typer(results.app, name="results")
app.add_typer(appeals.app, name="appeals")
app.command()(report.report)
app.command()(topics.topics)
app.command()(search.search)
app.command()(serve.serve)
app.add_typer(users.app, name="users")
app.add_typer(tokens.app, name="tokens")
app.command()(work.work)
app.add_typer(jobs.app, name="jobs")
app.add_typer(calibration.app, name="calibration")
coaching.app.command()(coaching_overview.groups)
coaching.app.command()(coaching_overview.workload)
for command in (coaching_effect.effect, coaching_effect.power, coaching_effect.draw):
    coaching.app.command()(command)
coaching.app.command(name="waiting-lists")(coaching_effect.waiting_lists)
app.add_typer(coaching.app, name="coaching")
app.add_typer(scorecards.app, name="scorecards")
app.add_typer(scripts.app, name="scripts")
app.add_typer(lexicon.app, name="lexicon")
app.add_typer(templates.app, name="templates")
validate.app.command()(validate_estimation.estimation)
validate.app.command()(validate_coaching.coaching)
validate.app.command()(validate_estimation.agreement)
validate.app.command()(validate_risk.risk)
app.add_typer(validate.app, name="validate")
app.add_typer(train.app, name="train")
app.add_typer(audit.app, name="audit")
app.add_typer(retention.app, name="retention")
app.add_typer(people.app, name="people")
app.command()(doctor.doctor)
app.add_typer(db.app, name="db")


def hoist(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the program's own options moved before the command; ``--`` ends the search."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            rest += [argument, *waiting]
            break
        name = argument.split("=", 1)[0]
        if argument in _FLAGS or (name in _WITH_VALUE and "=" in argument):
            front.append(argument)
        elif argument in _WITH_VALUE and waiting:
            front += [argument, waiting.pop(0)]
        else:
            rest.append(argument)
    return front + rest


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    hoisted = hoist(arguments)
    as_json = "--json" in hoisted
    translate = translator(_asked_language(hoisted))
    try:
        code = _command()(args=hoisted, standalone_mode=False)
        return code if isinstance(code, int) else console.DONE
    except CallqaError as error:
        return console.report_error(error, as_json=as_json, translate=translate)
    except typer.TyperException as error:
        if as_json:
            console.write_json({"error": {"type": "UsageError", "message": error.format_message(), "hint": ""}})
        console.err.print(error.format_message(), style="red")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return console.INCOMPLETE
    except BrokenPipeError:
        # The reader (head, less) has seen enough; the interpreter must not complain when it flushes at exit.
        sys.stdout = None
        return console.DONE
    except Exception:  # noqa: BLE001 -- the border of a command
        return console.report_defect(as_json=as_json, translate=translate)


@cache
def _command() -> Callable[..., Any]:
    """Return the commands as one tree, which takes a tenth of a second to make."""
    return get_command(app)


def _asked_language(arguments: Sequence[str]) -> str:
    parts = [part for argument in arguments for part in argument.split("=", 1)]
    named = next((value for name, value in pairwise(parts) if name == "--lang"), None)
    try:
        return read_settings(lang=named).lang
    except CallqaError:
        return named if named in LANGUAGES else console_language()


def run() -> None:
    """Entry point of the installed command."""
    sys.exit(main(sys.argv[1:]))
