"""What file names say when no metadata does: agent, call id, start, party.

A site's own pattern is written with names in braces, such as ``{team}/{agent}_{started_at}_{call_id}``; ``*`` stands
for anything. It is compiled for RE2, so that no pattern can hang.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import re2

from qa_pipeline.domain.contact import Direction, Role
from qa_pipeline.errors import N_, ConfigurationError, RowError
from qa_pipeline.intake.lexicon import find_role
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.intake.tables import Place, parse_direction, parse_moment

FIELDS = ("agent", "call_id", "started_at", "team", "queue", "role", "direction", "customer_ref")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}|(\*)")
_CLASSES = {"started_at": r"[0-9][0-9T:\-_. ]*?[0-9]Z?", "role": r"[^/_.\-]+?", "direction": r"[^/_.\-]+?"}

_DAY_TIME = r"20\d{6}[-_T]?\d{6}"
_SHIPPED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Amazon's call analytics: Auto0_GUID_000_AGENT_ChrisL_DT_2025-02-19T06-01-22_Mono
        r"(?:.*_)?AGENT_(?P<agent>[^_]+)_(?:.*_)?DT_(?P<started_at>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)(?:_.*)?",
        # Amazon Connect: the contact's id, then the moment in UTC
        r"(?P<call_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_(?P<utc>20\d{6}T\d\d[:_-]?\d\d)_UTC",
        # FreePBX: out-<customer>-<extension>-<day>-<time>-<unique id>, and the same turned round for incoming calls
        rf"(?P<direction>out)-[^-]+-(?P<agent>[^-]+)-(?P<started_at>{_DAY_TIME})-(?P<call_id>[\d.]+)",
        rf"(?P<direction>in)-(?P<agent>[^-]+)-[^-]+-(?P<started_at>{_DAY_TIME})-(?P<call_id>[\d.]+)",
        rf"external-(?P<agent>[^-]+)-[^-]+-(?P<started_at>{_DAY_TIME})-(?P<call_id>[\d.]+)",
        rf"q-(?P<queue>[^-]+)-[^-]+-(?P<started_at>{_DAY_TIME})-(?P<call_id>[\d.]+)",
        rf"(?P<started_at>{_DAY_TIME})_(?P<agent>[^_]+)_(?P<direction>in|out|inbound|outbound|呼入|呼出)_(?P<call_id>.+)",
        rf"(?P<started_at>{_DAY_TIME})_(?P<agent>[^_]+)_(?P<call_id>[^_]+)",
    )
)
_MOMENT_ANYWHERE = re.compile(r"(?<!\d)(20\d{6}[-_T]?\d{6}|20\d\d-\d\d-\d\d[T_ -]\d\d[-:.]\d\d[-:.]\d\d)(?!\d)")

# Endings of two files of one call. Received and "in" are what the customer says to the agent's telephone; .0 and .1
# do not say who is who.
_ENDINGS: tuple[tuple[str, Role], ...] = (
    (r"in|rx", Role.CUSTOMER),
    (r"out|tx", Role.AGENT),
)
_WORD_ENDING = re.compile(r"(?P<base>.+?)[ _.\-(（\[]+(?P<word>[^\W\d_]+)[)）\]]?", re.DOTALL)
# A bare number after a hyphen or underscore counts calls, not channels.
_NUMBER_ENDING = re.compile(r"(?P<base>.+?)(?:\.|[._\-](?:ch|channel))(?P<number>\d)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFacts:
    """What a file name says; None for what it does not."""

    call_id: str | None = None
    agent_id: str | None = None
    started_at: dt.datetime | None = None
    team: str | None = None
    queue: str | None = None
    role: Role | None = None
    direction: Direction | None = None
    customer_ref: str | None = None


@dataclass(frozen=True, slots=True)
class PartyEnding:
    """A file name without its party ending, the party, and the kind of ending, which both files must share.

    ``base`` is empty when the name is the party alone, as in ``call-17/agent.wav``.
    """

    base: str
    role: Role
    kind: str
    order: int


def read_file_name(path: Path, options: IntakeOptions) -> NamedFacts:
    """Return what the name of a file says.

    Raises
    ------
    ConfigurationError
        When the site's pattern is wrong.
    RowError
        When the site's pattern fits but finds no date where it expects one.
    """
    if options.file_pattern:
        match = compile_pattern(options.file_pattern)(path)
        return NamedFacts() if match is None else _facts(match, path, options)
    for pattern in _SHIPPED:
        found = pattern.fullmatch(path.stem)
        if found:
            try:
                return _facts({name: text for name, text in found.groupdict().items() if text}, path, options)
            except RowError:
                continue  # digits that only look like a date
    anywhere = _MOMENT_ANYWHERE.search(path.stem)
    try:
        digits = re.sub(r"\D", "", anywhere.group(1)) if anywhere else ""
        return _facts({"started_at": digits}, path, options) if digits else NamedFacts()
    except RowError:
        return NamedFacts()


@lru_cache(maxsize=8)
def compile_pattern(pattern: str) -> Callable[[Path], dict[str, str] | None]:
    """Return a function from a path to the named parts, None where the pattern does not fit.

    A pattern with slashes is matched against as many parts of the path; the extension is left out.

    Raises
    ------
    ConfigurationError
        When the pattern is empty, has an unknown name, a name twice or cannot be compiled.
    """
    pieces: list[str] = []
    names: list[str] = []
    at = 0
    for place in _PLACEHOLDER.finditer(pattern):
        pieces.append(re2.escape(pattern[at : place.start()]))
        at = place.end()
        name = place.group(1)
        if name is None:
            pieces.append("[^/]*?")
            continue
        if name not in FIELDS or name in names:
            raise _bad_pattern(pattern)
        names.append(name)
        pieces.append(f"(?P<{name}>{_CLASSES.get(name, '[^/]+?')})")
    pieces.append(re2.escape(pattern[at:]))
    try:
        compiled: Any = re2.compile("".join(pieces))
    except re2.error as problem:
        raise _bad_pattern(pattern) from problem
    if not names:
        raise _bad_pattern(pattern)
    depth = pattern.count("/") + 1

    def match(path: Path) -> dict[str, str] | None:
        text = "/".join((*path.parts[-depth:-1], path.stem))
        found = compiled.fullmatch(text)
        return None if found is None else {name: value for name, value in found.groupdict().items() if value}

    return match


def find_party_ending(stem: str) -> PartyEnding | None:
    """Return whose side of a call a mono file is by the end of its name, None when the name does not say.

    ``x_agent``/``x_caller``, ``x-坐席``/``x-客户``, ``x_in``/``x_out``, ``x_rx``/``x_tx``, ``x.0``/``x.1``.
    """
    words = _WORD_ENDING.fullmatch(stem)
    base, word = (words["base"], words["word"]) if words else ("", stem)
    for order, (ending, role) in enumerate(_ENDINGS):
        if base and re.fullmatch(ending, word, re.IGNORECASE):
            kind = "in/out" if word.casefold() in ("in", "out") else "rx/tx"
            return PartyEnding(base, role, kind, order)
    named = find_role(word)
    if named in (Role.AGENT, Role.CUSTOMER):
        return PartyEnding(base, named, "word", int(named is Role.CUSTOMER))
    numbers = _NUMBER_ENDING.fullmatch(stem)
    if numbers:
        number = int(numbers["number"])
        return PartyEnding(numbers["base"], Role.UNKNOWN, "number", number)
    return None


def _facts(parts: dict[str, str], path: Path, options: IntakeOptions) -> NamedFacts:
    place = Place(str(path), 1, "started_at")
    moment = parts.get("started_at")
    started_at = parse_moment(moment, place, options.zone, now=options.now) if moment else None
    if "utc" in parts:
        minutes = re.sub(r"[:_-]", "", parts["utc"])
        started_at = parse_moment(f"{minutes}Z", place, options.zone, now=options.now)
    direction = parts.get("direction")
    return NamedFacts(
        call_id=parts.get("call_id"),
        agent_id=parts.get("agent"),
        started_at=started_at,
        team=parts.get("team"),
        queue=parts.get("queue"),
        role=find_role(parts["role"]) if "role" in parts else None,
        direction=parse_direction(direction, Place(str(path), 1, "direction")) if direction else None,
        customer_ref=parts.get("customer_ref"),
    )


def _bad_pattern(pattern: str) -> ConfigurationError:
    return ConfigurationError(
        N_("The file pattern {pattern} cannot be used."),
        hint=N_("Use each of these names at most once, in braces: {names}."),
        pattern=pattern,
        names=", ".join(FIELDS),
    )
