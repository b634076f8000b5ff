"""``callqa scripts``: scripts as people write them become scorecards."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from callqa.cli.console import AppContext, context, err, out
from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.errors import N_, ConfigurationError, ScorecardError
from qa_pipeline.intake.tables.encodings import find_encoding
from qa_pipeline.scorecards import check_scorecard
from qa_pipeline.scorecards.script import CompiledScript, ScriptOptions, compile_script
from qa_pipeline.scorecards.script_notes import Note

app = typer.Typer(name="scripts", no_args_is_help=True, help="Scripts as people write them, compiled to scorecards.")

SCRIPT_MAX_BYTES = 1 << 20
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_NOT_IN_IDS = re.compile(r"[^a-z0-9_-]+")


@app.command("compile")
def compile_(
    ctx: typer.Context,
    script: Annotated[Path, typer.Argument(help="The script: a text or Markdown file, UTF-8, UTF-16 or GB 18030.")],
    to: Annotated[Path | None, typer.Option(help="Scorecard file to write; printed when left out.")] = None,
    id: Annotated[str | None, typer.Option(help="Id of the scorecard; from the file's name when left out.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the scorecard; the script's title when left out.")] = None,
    kind: Annotated[ContactKind, typer.Option(help="Contacts that it judges.")] = ContactKind.CALL,
    language: Annotated[
        str | None, typer.Option(help="Language of the contacts, such as zh; by the words else.")
    ] = None,
    version: Annotated[int, typer.Option(min=1, help="Version of the scorecard.")] = 1,
    pass_points: Annotated[float, typer.Option(min=0, max=100, help="Points at which a contact passes.")] = 80.0,
) -> None:
    """Compile a script to a scorecard, and say line by line what became of it."""
    here = context(ctx)
    options = ScriptOptions(
        id=id or _id_from(script), name=name, kind=kind, language=language, version=version, pass_points=pass_points
    )
    text = read_script(script)
    try:
        compiled = compile_script(text, options)
    except ScorecardError as problem:
        problem.file = str(script)
        raise
    rendered = render_card(compiled)
    if to is not None:
        _write(to, rendered)
    document = {
        "file": str(script),
        "to": None if to is None else str(to),
        "criteria": [criterion["id"] for section in compiled.card["sections"] for criterion in section["criteria"]],
        "warnings": len(compiled.warnings),
        "lines": [_document(here, note) for note in compiled.notes],
        "scorecard": compiled.card,
    }
    here.emit(document, lambda: _print(here, compiled, rendered, script, to))


def read_script(path: Path) -> str:
    """Return the text of a script.

    Raises
    ------
    ScorecardError
        When the file is missing, empty, too large, or no text in a known encoding.
    """
    try:
        size = path.stat().st_size
        if size > SCRIPT_MAX_BYTES:
            raise ScorecardError(
                N_("The script has {size} bytes; at most {most} can be read."),
                hint=N_("Part it into several scripts."),
                file=str(path),
                size=size,
                most=SCRIPT_MAX_BYTES,
            )
        encoding = find_encoding(path)
        text = path.read_bytes().decode(encoding) if encoding else None
    except OSError as problem:
        raise ScorecardError(
            N_("The file cannot be read: {problem}."),
            hint=N_("Check that the file exists and that you may read it."),
            file=str(path),
            problem=problem.strerror or "?",
        ) from problem
    if text is None or _CONTROL.search(text):
        raise ScorecardError(
            N_("This is not a text in UTF-8, UTF-16 or GB 18030."),
            hint=N_("Save the script as plain text in UTF-8 and try again."),
            file=str(path),
        )
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise ScorecardError(N_("The file is empty."), hint=N_("Write the script into it."), file=str(path))
    return text


def render_card(compiled: CompiledScript) -> str:
    """Return a compiled script as the text of a scorecard file."""
    return yaml.safe_dump(dict(compiled.card), allow_unicode=True, sort_keys=False, width=120)


def _id_from(path: Path) -> str:
    found = _NOT_IN_IDS.sub("-", path.stem.lower()).strip("-_")
    return found[:64] if found[:1].isalpha() else f"script-{found}"[:64].rstrip("-")


def _write(path: Path, rendered: str) -> None:
    if path.exists() and path.read_text(encoding="utf-8", errors="replace") != rendered:
        raise ConfigurationError(
            N_("The file exists with other content."),
            hint=N_("Name another file, or remove it first; a published version never changes."),
            file=str(path),
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rendered, encoding="utf-8")
    except OSError as problem:
        raise ConfigurationError(
            N_("The file cannot be written: {problem}."),
            hint=N_("Check the folder and your rights in it."),
            file=str(path),
            problem=problem.strerror or "?",
        ) from problem
    errors = check_scorecard(path)
    if errors:
        path.unlink()
        raise errors[0]


def _document(here: AppContext, note: Note) -> dict[str, Any]:
    return {
        "line": note.row,
        "text": note.written,
        "became": note.became,
        "message": note.message.render(here.translate),
        "warning": note.is_warning,
    }


def _print(here: AppContext, compiled: CompiledScript, rendered: str, script: Path, to: Path | None) -> None:
    for note in compiled.notes:
        told = here.translate(N_("line {row}: {message}")).format(
            row=note.row, message=note.message.render(here.translate)
        )
        err.print(told, style="yellow" if note.is_warning else None)
    if to is None:
        out.print(rendered, end="")
        return
    here.say(
        N_("{file}: {criteria} criteria from {script}; {warnings} lines to look at."),
        file=to,
        criteria=sum(len(section["criteria"]) for section in compiled.card["sections"]),
        script=script,
        warnings=len(compiled.warnings),
    )
