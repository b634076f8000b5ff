"""One hostile input, what must be said of it, and how the command line's answer is held against that."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callqa.cli.main import main

# Of the command-line contract.
COULD_NOT_RUN, USAGE, INCOMPLETE = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A hostile input.

    Parameters
    ----------
    name : str
        The file's name where the input is a file; else what is wrong with the row or request. Unique in its kind.
    content : bytes
        Of the file; empty where the input is a row or a request.
    error : str
        Name of the error type that must be told.
    row, field : optional
        What the error must name beside the file; None where the file alone is at fault.
    """

    name: str
    content: bytes = b""
    error: str
    row: int | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a case ended. ``problem``: None when the expected error was named; ``crashed``: no error of ours at all."""

    case: Case
    problem: str | None = None
    crashed: bool = False


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command gave back. ``crash``: why that is no answer, empty for an answer."""

    code: int
    document: Mapping[str, Any]
    crash: str = ""


def run_command(*arguments: str | Path) -> Printed:
    """Run a command with ``--json`` as a script would."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*map(str, arguments), "--json"])
    try:
        document = json.loads(out.getvalue())
    except ValueError:
        return Printed(code, {}, f"not one JSON document on stdout: {out.getvalue()[:200]!r}")
    told = err.getvalue()
    if "Traceback" in told or document.get("error", {}).get("type") == "Defect":
        return Printed(code, document, told[-1500:] or "a defect was reported")
    return Printed(code, document)


def judge(case: Case, told: Mapping[str, Any] | None, file: str | None = None) -> Verdict:
    """Hold an error against the one that a case expects; `file` is the name that it must carry, if any."""
    if told is None:
        return Verdict(case, "no error was told")
    if told.get("type") == "Defect":
        return Verdict(case, "a defect was reported", crashed=True)
    expected = {"type": case.error, "row": case.row, "field": case.field}
    wrong = [
        f"{name} {told.get(name)!r} instead of {value!r}"
        for name, value in expected.items()
        if value is not None and told.get(name) != value
    ]
    if not told.get("message"):
        wrong.append("no message")
    if file is not None and Path(str(told.get("file", ""))).name != file:
        wrong.append(f"file {told.get('file')!r} instead of {file!r}")
    return Verdict(case, "; ".join([*wrong, str(told.get("message"))]) if wrong else None)


def write_all(cases: Iterable[Case], folder: Path) -> list[Path]:
    """Write the files of cases into a folder, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for case in cases:
        paths.append(folder / case.name)
        paths[-1].write_bytes(case.content)
    return paths


def each_alone(cases: Iterable[Case], folder: Path, *command: str, code: int = COULD_NOT_RUN) -> Iterator[Verdict]:
    """Give each file to a command of its own; the command must end with `code` and name the file."""
    for case in cases:
        (path,) = write_all([case], folder)
        yield _of_command(case, run_command(*command, path), code)


def _of_command(case: Case, printed: Printed, code: int) -> Verdict:
    if printed.crash:
        return Verdict(case, printed.crash, crashed=True)
    found = judge(case, printed.document.get("error"), case.name)
    if found.problem is None and printed.code != code:
        return Verdict(case, f"exit code {printed.code} instead of {code}")
    return found


def all_failed(cases: Iterable[Case], printed: Printed, good: str) -> Iterator[Verdict]:
    """Hold the failures of ``callqa score`` against cases; the contact `good` must be judged all the same."""
    cases = list(cases)
    if printed.crash or printed.code != INCOMPLETE:
        reason = printed.crash or f"exit code {printed.code}: {printed.document}"
        yield from (Verdict(case, reason, crashed=True) for case in cases)
        return
    failed = {Path(item["path"]).name: item for item in printed.document["failed"]}
    done = {contact["id"] for contact in printed.document["contacts"]}
    for case in cases:
        if good not in done:
            yield Verdict(case, "the good contact beside it was not judged")
        else:
            yield judge(case, failed.get(case.name))
