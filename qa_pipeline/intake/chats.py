"""Online chats in tables: one message per row, or one chat per JSON line with its messages inside."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from qa_pipeline.characters import as_text
from qa_pipeline.domain.contact import Contact, ContactKind, Direction, Source, SourceKind
from qa_pipeline.errors import N_, CallqaError, MappingError, RowError, TableError, TranscriptError
from qa_pipeline.intake.lexicon import find_role_of_word, intake_words
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.intake.segments import ImportedText, Segment
from qa_pipeline.intake.tables import (
    Place,
    Row,
    Table,
    find_day_first,
    is_missing,
    match_headers,
    parse_direction,
    parse_language,
    parse_moment,
    read_table,
)

_FACTS = ("agent_id", "agent", "agent_name", "team", "queue", "direction", "started_at", "language", "customer_ref")


@dataclass(frozen=True, slots=True)
class Message:
    """One message as the table gives it; ``sent_at`` is the text of its cell."""

    label: str
    text: str
    sent_at: str
    row: int


@dataclass(slots=True)
class _Chat:
    """What is kept of a chat while its table is read: no words."""

    row: int
    digest: Any = field(default_factory=hashlib.sha256)
    size_bytes: int = 0
    first_at: str = ""
    facts: dict[str, str] = field(default_factory=dict)


def find_chat_columns(table: Table) -> dict[str, str] | None:
    """Return field to header when the columns are those of chats, else None.

    Chats need a text, a sender and a chat id (one message per row), or a chat id and a list of messages.

    Raises
    ------
    MappingError
        When two columns have the same name but for its case, width or spaces.
    """
    columns = match_headers(table.headers, intake_words()["chat_columns"], file=str(table.path), ranked=True)
    has = columns.keys()
    return columns if {"chat_id", "text", "role"} <= has or {"chat_id", "messages"} <= has else None


def list_chats(table: Table, columns: Mapping[str, str], options: IntakeOptions) -> Iterator[Contact | CallqaError]:
    """Read a table once and yield each chat as a contact, in the order of their first rows, then what was wrong.

    Only a hash and the metadata of each chat are held.
    """
    chats: dict[str, _Chat] = {}
    problems: list[CallqaError] = []
    for found in _messages(table, columns):
        if isinstance(found, RowError):
            problems.append(found)
            continue
        chat_id, facts, message = found
        chat = chats.setdefault(chat_id, _Chat(row=message.row))
        chat.first_at = chat.first_at or message.sent_at
        for name, value in facts.items():
            chat.facts.setdefault(name, value)
        record = json.dumps([chat_id, message.label, message.text, message.sent_at], ensure_ascii=False).encode()
        chat.digest.update(record + b"\n")
        chat.size_bytes += len(record)
    day_first = find_day_first(chat.facts.get("started_at") or chat.first_at for chat in chats.values())
    for chat_id, chat in chats.items():
        try:
            yield _contact(table, columns, chat_id, chat, options, day_first)
        except RowError as problem:
            problems.append(problem)
    yield from problems


def read_chat(path: Path, chat_id: str, options: IntakeOptions) -> ImportedText:
    """Return the messages of one chat, times in seconds from its first message.

    The table is kept packed in memory for the chats that follow, one table at a time in each process.

    Raises
    ------
    TranscriptError
        When the chat is no longer in the table.
    RowError
        With row and field, when the time of a message cannot be read.
    """
    try:
        state = path.stat()
    except OSError as problem:
        raise TranscriptError(
            N_("The transcript cannot be read: {problem}."),
            hint=N_("Check that the file is there and that you may read it."),
            file=str(path),
            problem=problem.strerror or str(problem),
        ) from problem
    packed = _packed_chats(path, state.st_mtime_ns, state.st_size).get(chat_id)
    if not packed:
        raise TranscriptError(
            N_("The table has no chat {chat} any more."),
            hint=N_("Ingest the table again."),
            file=str(path),
            chat=chat_id,
        )
    messages = [Message(*fields) for run in packed for fields in json.loads(zlib.decompress(run))]
    return ImportedText(form="chat", segments=_timed(messages, path, options))


def _timed(messages: Sequence[Message], path: Path, options: IntakeOptions) -> tuple[Segment, ...]:
    day_first = find_day_first(message.sent_at for message in messages)
    moments = [
        None
        if is_missing(message.sent_at)
        else parse_moment(
            message.sent_at,
            Place(str(path), message.row, "sent_at"),
            options.zone,
            day_first=day_first,
            now=options.now,
        )
        for message in messages
    ]
    first = min((moment for moment in moments if moment is not None), default=None)
    return tuple(
        Segment(text=message.text, label=message.label or None, start_s=offset, end_s=offset, line=message.row)
        for message, moment in zip(messages, moments, strict=True)
        for offset in [None if moment is None or first is None else (moment - first).total_seconds()]
        if message.text
    )


@lru_cache(maxsize=1)
def _packed_chats(path: Path, modified_ns: int, size_bytes: int) -> dict[str, list[bytes]]:
    """Return each chat's runs of neighbouring messages, packed; the arguments tell when the file has changed."""
    table = read_table(path)
    columns = find_chat_columns(table)
    packed: dict[str, list[bytes]] = {}
    if columns is None:
        return packed
    current: str | None = None
    run: list[tuple[str, str, str, int]] = []
    for found in _messages(table, columns):
        if isinstance(found, RowError):
            continue
        chat_id, _, message = found
        if chat_id != current and current is not None:
            packed.setdefault(current, []).append(zlib.compress(json.dumps(run).encode()))
            run = []
        current = chat_id
        run.append((message.label, message.text, message.sent_at, message.row))
    if current is not None:
        packed.setdefault(current, []).append(zlib.compress(json.dumps(run).encode()))
    return packed


def _messages(table: Table, columns: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str], Message] | RowError]:
    """Yield chat id, metadata and message of each message in the order of the table."""
    for row in table.rows:
        if isinstance(row, RowError):
            yield row
            continue
        values = {name: row.values[header] for name, header in columns.items()}
        chat_id = values["chat_id"]
        if is_missing(chat_id):
            yield table.place(row, columns["chat_id"]).error(
                N_("The row has no chat id."), hint=N_("Every message needs the id of its chat.")
            )
            continue
        facts = {name: values[name] for name in _FACTS if not is_missing(values.get(name, ""))}
        if "messages" in columns and not is_missing(values["messages"]):
            yield from _inner_messages(table, row, columns["messages"], chat_id, facts)
        else:
            yield (
                chat_id,
                facts,
                Message(values.get("role", ""), values.get("text", ""), values.get("sent_at", ""), row.number),
            )


def _inner_messages(
    table: Table, row: Row, header: str, chat_id: str, facts: dict[str, str]
) -> Iterator[tuple[str, dict[str, str], Message] | RowError]:
    words = intake_words()["chat_columns"]
    wanted = {name: words[name] for name in ("role", "text", "sent_at")}
    wrong = table.place(row, header).error(
        N_("The messages of chat {chat} cannot be read."),
        hint=N_("Write a list of objects with role, text and time."),
        chat=chat_id,
    )
    try:
        messages = json.loads(row.values[header])
    except (ValueError, RecursionError):
        yield wrong
        return
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        yield wrong
        return
    for one in messages:
        try:
            columns = match_headers([str(key) for key in one], wanted, ranked=True)
        except MappingError:
            yield wrong
            return
        values = {name: "" if one[key] is None else as_text(str(one[key]).strip()) for name, key in columns.items()}
        sent_at = values.get("sent_at", "")
        if "text" in values:
            yield chat_id, facts, Message(values.get("role", ""), values["text"], sent_at, row.number)
            continue
        spoken = [
            (str(key), as_text(str(text).strip())) for key, text in one.items() if find_role_of_word(str(key)) and text
        ]
        if not spoken:
            yield wrong
            return
        for label, text in spoken:  # both sides of one exchange in one object
            yield chat_id, facts, Message(label, text, sent_at, row.number)


def _contact(
    table: Table, columns: Mapping[str, str], chat_id: str, chat: _Chat, options: IntakeOptions, day_first: bool | None
) -> Contact:
    def place(name: str) -> Place:
        return Place(str(table.path), chat.row, columns.get(name, name))

    facts = chat.facts
    started_at: dt.datetime | None = None
    moment = facts.get("started_at") or ("" if is_missing(chat.first_at) else chat.first_at)
    if moment:
        name = "started_at" if "started_at" in facts else "sent_at"
        started_at = parse_moment(moment, place(name), options.zone, day_first=day_first, now=options.now)
    language, direction = facts.get("language"), facts.get("direction")
    return Contact(
        id=chat_id,
        kind=ContactKind.CHAT,
        sources=(
            Source(
                kind=SourceKind.TRANSCRIPT,
                uri=str(table.path),
                sha256=chat.digest.hexdigest(),
                size_bytes=chat.size_bytes,
                selector=chat_id,
            ),
        ),
        agent_id=facts.get("agent_id") or facts.get("agent") or options.default_agent,
        agent_name=facts.get("agent_name") or (facts.get("agent") if "agent_id" in facts else None),
        team=facts.get("team"),
        queue=facts.get("queue"),
        direction=parse_direction(direction, place("direction")) if direction else Direction.UNKNOWN,
        started_at=started_at,
        language=parse_language(language, place("language")) if language else None,
        customer_ref=facts.get("customer_ref"),
    )


def get_chat_columns(table: Table) -> dict[str, str]:
    """Return field to header of a table of chats.

    Raises
    ------
    TableError
        When the table does not have the columns of chats.
    """
    columns = find_chat_columns(table)
    if columns is None:
        raise TableError(
            N_("The columns of this table are not those of chats."),
            hint=N_("Chats need the columns {columns}; give a table about recordings with --metadata."),
            file=str(table.path),
            columns="chat id, role, text",
        )
    return columns
