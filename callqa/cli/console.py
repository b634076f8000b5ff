"""What every command shares: settings, the open store, language, JSON or text, and errors with their exit codes."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import typer
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from callqa.cli.audited import event_of
from callqa.settings import Settings
from qa_pipeline.domain.audit import Event
from qa_pipeline.errors import (
    N_,
    CallqaError,
    ConfigurationError,
    Conflict,
    EngineError,
    InputError,
    NotFound,
    PendingError,
    StoreError,
    WorkerDied,
)
from qa_pipeline.i18n import translator
from qa_pipeline.store import Store, open_store

DONE, COULD_NOT_RUN, USAGE, INCOMPLETE = 0, 1, 2, 3

# The nearest parent in the tree counts.
EXIT_CODES: Mapping[type[CallqaError], int] = {
    ConfigurationError: USAGE,
    InputError: COULD_NOT_RUN,
    PendingError: INCOMPLETE,
    EngineError: COULD_NOT_RUN,
    NotFound: COULD_NOT_RUN,
    Conflict: COULD_NOT_RUN,
    StoreError: COULD_NOT_RUN,
    WorkerDied: COULD_NOT_RUN,
    CallqaError: COULD_NOT_RUN,
}

# No markup: names, ids and quotes may hold square brackets, in lines and in the cells of tables alike.
out = Console(highlight=False, markup=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


# What stays in one piece in a cell: Chinese and other wide characters may part anywhere, though not in a heading.
_WORD = re.compile(r"[^\s\u2e80-\uffef]+|[\u2e80-\uffef]")


class WholeWords(Table):
    """A table that breaks no word where the window has room for the longest one of each column."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give each column its longest word at least, with less air where that is needed."""
        texts = [[str(cell) for cell in (column.header, *column.cells)] for column in self.columns]
        whole = [max(map(cell_len, cells)) for cells in texts]
        least = [
            wanted
            if column.no_wrap
            else max(map(cell_len, (*cells[0].split(), *_WORD.findall(" ".join(cells[1:])), "")))
            for column, cells, wanted in zip(self.columns, texts, whole, strict=True)
        ]
        for padding in (1, 0):
            # Each column has a border to its left, and the last one another.
            room = options.max_width - len(least) * (2 * padding + 1) - 1
            if sum(least) <= room:
                self.padding = (0, padding)
                self._share(least, whole, room)
                break
        return super().__rich_console__(console, options)

    def _share(self, least: Sequence[int], whole: Sequence[int], room: int) -> None:
        """Take the room that is missing from the widest columns."""
        for widest in range(min(max(whole), room), -1, -1):
            widths = [max(low, min(high, widest)) for low, high in zip(least, whole, strict=True)]
            if sum(widths) <= room:
                break
        left = room - sum(widths)
        for column, width, high in zip(self.columns, widths, whole, strict=True):
            is_short = width == widest < high and left > 0
            left -= is_short
            column.width = width + is_short


@dataclass
class AppContext:
    """Settings and what is opened from them on first use."""

    settings: Settings
    json: bool
    command: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    _closers: list[Callable[[], None]] = field(default_factory=list)

    @cached_property
    def translate(self) -> Callable[[str], str]:
        """The msgid-to-text function of the user's language."""
        return translator(self.settings.lang)

    def store(self) -> Store:
        """Return the migrated store; opened once."""
        return self._store

    @cached_property
    def _store(self) -> Store:
        store = open_store(self.settings.store_url, self.settings.zone)
        self._closers.append(store.close)
        return store

    def emit(self, document: Any, text: Callable[[], None]) -> None:
        """Print the JSON document, or call `text` to print for people."""
        if self.json:
            write_json(document)
        else:
            text()

    def say(self, message: str, **params: object) -> None:
        """Print one translated line for people; nothing with ``--json``."""
        if not self.json:
            out.print(self.translate(message).format(**params))

    def tell_problem(self, problem: CallqaError, style: str) -> None:
        """Print one problem of a rule file on stderr: where it is, what is wrong, and below it what to do."""
        if problem.row is None:
            place = self.translate(N_("{place}: ")).format(place=problem.file)
        else:
            place = self.translate(N_("{file}, line {row}, {field}: "))
            place = place.format(file=problem.file, row=problem.row, field=problem.field or "–")
        err.print(place, end="")
        err.print(problem.render(self.translate), style=style)
        hint = problem.render_hint(self.translate)
        if hint:
            err.print(f"    {hint}")

    def table(self, headings: Iterable[str], **style: Any) -> Table:
        """Return a table with translated headings; nothing is cut, and ids stay in one line to be copied."""
        found = WholeWords(**style)
        for heading in headings:
            found.add_column(self.translate(heading), overflow="fold", no_wrap=heading == "id")
        return found

    def record(self, event: Event) -> None:
        """Keep an event in the audit."""
        with self.store().transaction() as tx:
            tx.audit.append(event, datetime.now(UTC))

    def close(self) -> None:
        """Keep in the audit what the command has done, unless it failed, and close what was opened."""
        code = _exit_code(sys.exc_info()[1])
        try:
            done = code in (DONE, INCOMPLETE)
            event = event_of(self.command, self.params, is_complete=code == DONE) if done else None
            if event is not None:
                self.record(event)
        finally:
            for closer in self._closers:
                closer()


def _exit_code(problem: BaseException | None) -> int:
    if isinstance(problem, typer.Exit):
        return problem.exit_code
    # The reader (head, less) has seen enough: what was done is done, and what was shown was seen. rich exits then.
    if isinstance(problem, BrokenPipeError | SystemExit):
        return INCOMPLETE
    return COULD_NOT_RUN if problem else DONE


def context(ctx: typer.Context) -> AppContext:
    """Return the command's context."""
    found = ctx.find_object(AppContext)
    assert found is not None, "main() makes one for every command"
    words: list[str] = []
    place: Any = ctx
    while place.parent is not None:  # the outermost is the program itself
        words.insert(0, place.info_name or "")
        place = place.parent
    found.command, found.params = " ".join(words), ctx.params
    return found


def write_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    json.dump(document, sys.stdout, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


def in_one_line(error: CallqaError, translate: Callable[[str], str]) -> str:
    """Return what is wrong and what to do about it in one line."""
    hint = error.render_hint(translate)
    told = error.render(translate)
    return translate(N_("{message} {hint}")).format(message=told, hint=hint) if hint else told


def report_error(error: CallqaError, *, as_json: bool, translate: Callable[[str], str]) -> int:
    """Print an error on stderr, and as a document on stdout with ``--json``; return the exit code."""
    if as_json:
        write_json({"error": error.as_dict(translate)})
    places = [str(error.file)] if error.file else []
    if error.row is not None:
        places.append(translate(N_("row {row}")).format(row=error.row))
    if error.field is not None:
        places.append(translate(N_("field {field}")).format(field=error.field))
    if places:
        err.print(translate(N_("{place}: ")).format(place=translate(N_(", ")).join(places)), end="")
    err.print(error.render(translate), style="red")
    hint = error.render_hint(translate)
    if hint:
        err.print(hint)
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def report_defect(*, as_json: bool, translate: Callable[[str], str]) -> int:
    """Print what to send to the developers when callqa itself failed; return the exit code."""
    text = traceback.format_exc()
    logging.getLogger("callqa").debug("%s", text)
    message = translate(N_("callqa failed: this is a defect of the program, not of your data."))
    hint = translate(N_("Please report it with the lines above."))
    if as_json:
        write_json({"error": {"type": "Defect", "message": message, "hint": hint}})
    err.print(text)
    err.print(message, style="red")
    err.print(hint)
    return COULD_NOT_RUN
