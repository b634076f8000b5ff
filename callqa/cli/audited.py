"""Which commands are kept in the audit: those that change what is known of people, or take it out of the house."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from getpass import getuser
from typing import Any

from qa_pipeline.domain.audit import Event


@dataclass(frozen=True, slots=True)
class Kept:
    """``subject``: the parameter that names it, None where the command says it all.

    ``only_with`` a parameter, or ``not_with`` one, the command does something worth keeping.
    """

    subject: str | None = None
    only_with: str | None = None
    not_with: str | None = None


# Commands about accounts, holds, deletion and persons keep entries of their own, with what they do.
AUDITED: Mapping[str, Kept] = {
    "ingest": Kept(),
    "score": Kept(not_with="dry_run"),
    "export-audio": Kept(),
    "evaluate": Kept("period"),
    "report": Kept("period"),
    "topics": Kept("period", only_with="write"),
    "kpi import": Kept(),
    "assignments import": Kept(),
    "assignments add": Kept("agent"),
    "assignments withdraw": Kept("agent"),
    "awards propose": Kept("period"),
    "awards approve": Kept("ids"),
    "awards decline": Kept("ids"),
    "samples draw": Kept("period"),
    "samples show": Kept("sample_id", only_with="output"),
    "reviews import": Kept(),
    "ratings import": Kept(),
    "ratings add": Kept("agent"),
    "ratings sheet": Kept("period"),
    "incidents add": Kept("agent"),
    "incidents import": Kept(),
    "incidents withdraw": Kept("incident"),
    "objectives import": Kept(),
    "objectives add": Kept("agent"),
    "objectives progress": Kept("objective"),
    "periods open": Kept("period"),
    "periods close": Kept("period"),
    "periods reopen": Kept("period"),
    "periods publish": Kept("period"),
    "periods correct": Kept("period"),
    "periods finish": Kept("period"),
    "periods apply": Kept("period"),
    "plans propose": Kept("period"),
    "plans confirm": Kept("period"),
    "plans dispute": Kept("period"),
    "plans withdraw": Kept("period"),
    "appeals file": Kept("period"),
    "appeals sheet": Kept("appeal_id"),
    "appeals decide": Kept("appeal_id"),
    "appeals escalate": Kept("appeal_id"),
    "appeals accept": Kept("appeal_id"),
    "appeals withdraw": Kept("appeal_id"),
    "jobs cancel": Kept("job_id"),
    "coaching draw": Kept("name"),
    "calibration holds": Kept(only_with="update"),
    "calibration hold": Kept("criterion"),
    "calibration release": Kept("criterion"),
    "scorecards calibrate": Kept(),
    "risk departures": Kept(),
    "risk figures": Kept(),
    "risk checklist complete": Kept(),
    "risk checklist withdraw": Kept(),
    "risk fit": Kept(),
    "risk score": Kept(),
    "risk explain": Kept("agent"),
    "risk monitor": Kept(),
}
_NAMED = ("agent", "period", "scorecard", "contact")
_SUBJECT_CHARACTERS = 400


def system_user() -> str:
    """Return the name under which the operating system runs this command; a container may know a number alone."""
    try:
        return getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def event_of(command: str, params: Mapping[str, Any], *, is_complete: bool) -> Event | None:
    """Return the entry of a command that has ended, None for one that is not kept.

    Parameters
    ----------
    command : str
        Its words, such as "periods publish".
    params : mapping
        As the command line gave them; only ids and names of people are taken from them.
    is_complete : bool
        False when some of its items failed.
    """
    kept = AUDITED.get(command)
    if kept is None or (kept.only_with and not params.get(kept.only_with)):
        return None
    if kept.not_with and params.get(kept.not_with):
        return None
    subject = _text(params.get(kept.subject)) if kept.subject else ""
    named = {name: _text(params[name]) for name in _NAMED if params.get(name) and name != kept.subject}
    return Event(
        actor=str(params.get("by") or system_user()),
        role=str(params.get("role") or ""),
        action=command.replace(" ", "."),
        subject=(subject or command)[:_SUBJECT_CHARACTERS],
        details=named | {"via": "cli", "complete": is_complete},
    )


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
