"""The command ``callqa``: one Typer application; each group of commands in a file of its own."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.main import get_command

from callqa.cli import console
from callqa.cli.console import AppContext
from callqa.settings import read_settings
from qa_pipeline.errors import CallqaError
from qa_pipeline.i18n import LANGUAGES, console_language, translator

COMMANDS = {
    "demo": "demo:demo",
    "ingest": "score:ingest",
    "score": "score:score",
    "transcribe": "score:transcribe",
    "plan": "capacity:plan",
    "export-audio": "export_audio:export_audio",
    "kpi": "kpi:app",
    "risk": "risk:app",
    "assignments": "assignments:app",
    "awards": "awards:app",
    "samples": "samples:app",
    "reviews": "reviews:app",
    "ratings": "ratings:app",
    "incidents": "incidents:app",
    "objectives": "objectives:app",
    "evaluate": "evaluate:evaluate",
    "running": "results:running",
    "periods": "periods:app",
    "plans": "plans:app",
    "results": "results:app",
    "appeals": "appeals:app",
    "report": "report:report",
    "topics": "topics:topics",
    "search": "search:search",
    "serve": "serve:serve",
    "users": "users:app",
    "tokens": "tokens:app",
    "work": "work:work",
    "jobs": "jobs:app",
    "calibration": "calibration:app",
    "coaching": "coaching:app",
    "scorecards": "scorecards:app",
    "scripts": "scripts:app",
    "lexicon": "lexicon:app",
    "templates": "templates:app",
    "validate": "validate:app",
    "train": "train:app",
    "audit": "audit:app",
    "retention": "retention:app",
    "people": "people:app",
    "doctor": "doctor:doctor",
    "db": "db:app",
}
"""Where each command is, in the order that the help lists them; only the one that is asked for is imported."""

# Options of the whole program that people write after the command, as the command-line contract has it.
_FLAGS = ("--json", "--verbose")
_WITH_VALUE = ("--home", "--lang")


def _show_version(wanted: bool) -> None:
    if wanted:
        console.out.print(f"callqa {version('callqa')}", highlight=False)
        raise typer.Exit


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


def make_app(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Return the program with these commands of `COMMANDS`."""
    app = typer.Typer(
        name="callqa",
        no_args_is_help=True,
        add_completion=False,
        help="Quality inspection and coaching for customer-service teams. "
        "--json, --home, --lang and --verbose may stand before or after any command.",
    )
    app.callback()(_begin)
    for name in names:
        module, attribute = COMMANDS[name].split(":")
        found = getattr(import_module(f"callqa.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name=name)(found)
    return app


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
        code = _command(_asked_command(hoisted))(args=hoisted, standalone_mode=False)
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
def _command(name: str | None = None) -> Callable[..., Any]:
    """Return one command, or all, as a tree; that of all takes two seconds to import."""
    return get_command(make_app() if name is None else make_app([name]))


def _asked_command(hoisted: Sequence[str]) -> str | None:
    """Return the command that is asked for, None where there is no such command or only the program's options."""
    words = iter(hoisted)
    for word in words:
        if word in _WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word if word in COMMANDS else None
    return None


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
