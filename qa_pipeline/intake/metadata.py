"""The table in which people say what their recordings are: call id, file, agent, team, queue, start and so on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from qa_pipeline.domain.contact import Direction, Role
from qa_pipeline.errors import N_, CallqaError, MappingError, RowError
from qa_pipeline.intake.lexicon import find_role, intake_words
from qa_pipeline.intake.options import IntakeOptions
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
    parse_role,
    read_table,
)

_FILES: tuple[tuple[str, Role | None], ...] = (
    ("file", None),
    ("agent_file", Role.AGENT),
    ("customer_file", Role.CUSTOMER),
)
_CHANNEL_PARTS = re.compile(r"[,，、;；|/+&\s]+")
_CHANNEL_NAMES = re.compile(
    r"^(?:left|right|[lr]|左|右|ch(?:annel)?\s*\d|\d)?\s*(?:声道|channel)?\s*[:：=]?\s*", re.IGNORECASE
)
_RIGHT = re.compile(r"^(?:right|r|右)(?:声道|channel)?\s*[:：=]", re.IGNORECASE)
_OTHER = {Role.AGENT: Role.CUSTOMER, Role.CUSTOMER: Role.AGENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRow:
    """What one row says. ``files``: each named file with its party, None when it holds both."""

    place: Place
    call_id: str | None = None
    files: tuple[tuple[str, Role | None], ...] = ()
    agent_id: str | None = None
    agent_name: str | None = None
    team: str | None = None
    queue: str | None = None
    direction: Direction | None = None
    started_at: dt.datetime | None = None
    language: str | None = None
    customer_ref: str | None = None
    channel_map: tuple[Role, ...] = ()


_Entry = tuple[MetadataRow, Role | None] | RowError


class Metadata:
    """The rows of a metadata table, found by file or call id.

    A row that is wrong in a field is kept as its error, so that its recording is reported rather than taken in with
    half of its facts.
    """

    def __init__(self) -> None:
        self.problems: list[CallqaError] = []
        self._by_key: dict[str, _Entry] = {}
        self._by_name: dict[str, list[_Entry]] = {}
        self._rows: list[MetadataRow] = []
        self._used: set[int] = set()

    def add(self, row: MetadataRow) -> None:
        """Take in a row; a second row for the same file or the same call is a problem.

        Two rows may share a call id when each names the file of one party.
        """
        keys = [(_file_key(name), role) for name, role in row.files]
        if row.call_id and not any(role for _, role in keys):
            keys.append((_id_key(row.call_id), None))
        for key, _ in keys:
            taken = self._by_key.get(key)
            if taken is not None:
                first = taken.row if isinstance(taken, RowError) else taken[0].place.row
                self.problems.append(
                    row.place.error(
                        N_("This row repeats the call or file of row {first}."),
                        hint=N_("Remove one of the two rows; the first one counts."),
                        first=first or 0,
                    )
                )
                return
        for key, role in keys:
            self._put(key, (row, role))
        self._rows.append(row)

    def add_wrong(self, keys: list[str], problem: RowError) -> None:
        """Keep the error of a row under what it names; without any name it is a problem at once."""
        if not keys:
            self.problems.append(problem)
        for key in keys:
            if key not in self._by_key:
                self._put(key, problem)

    def find(self, path: Path, call_id: str | None) -> tuple[MetadataRow, Role | None] | None:
        """Return the row of a file and the party that the row gives it, None when no row names it.

        The longest matching end of the path counts first, then the name without its extension, then the call id, and
        last the name alone of a file whose row gives a folder of another machine.

        Raises
        ------
        RowError
            When its row is wrong.
        """
        named = self._by_name.get(_file_key(path.name), [])
        fitting: list[_Entry | None] = [self._by_key.get(key) for key in _keys_of(path, call_id)]
        for found in fitting + (list(named) if len(named) == 1 else []):
            if isinstance(found, RowError):
                self._used.add(id(found))
                raise found
            if found is not None:
                self._used.add(id(found[0]))
                return found
        return None

    def _put(self, key: str, entry: _Entry) -> None:
        self._by_key[key] = entry
        if "/" in key:
            self._by_name.setdefault("file:" + key.rsplit("/", 1)[1], []).append(entry)

    def unused(self) -> Iterator[RowError]:
        """Yield an error for each row that names a file which was not among the paths, and for wrong rows of such."""
        for row in self._rows:
            if id(row) not in self._used:
                name = ", ".join(file for file, _ in row.files) or row.call_id or ""
                yield row.place.error(
                    N_("The recording {name} of this row was not found."),
                    hint=N_("Give the folder that holds it, or correct the name."),
                    name=name,
                )
        wrong = {id(found): found for found in self._by_key.values() if isinstance(found, RowError)}
        yield from (found for key, found in wrong.items() if key not in self._used)


def read_metadata(path: Path, options: IntakeOptions) -> Metadata:
    """Read a metadata table; what is wrong with rows is collected in the result.

    Raises
    ------
    TableError
        When the table cannot be read.
    MappingError
        When it has no column for the file or the call id, or a column twice.
    """
    table = read_table(path)
    columns = match_headers(table.headers, intake_words()["metadata_columns"], file=str(path), ranked=True)
    if not columns.keys() & {"file", "agent_file", "customer_file", "call_id"}:
        raise MappingError(
            N_("The metadata table has no column for the file or the call id."),
            hint=N_("Name a column {columns}."),
            file=str(path),
            columns="file / call_id / 录音文件 / 通话编号",
        )
    day_first = _day_first(table, columns)
    metadata = Metadata()
    for row in table.rows:
        if isinstance(row, RowError):
            metadata.problems.append(row)
            continue
        reading = _RowReading(table, columns, row, options, day_first)
        try:
            metadata.add(reading.parse())
        except RowError as problem:
            metadata.add_wrong(reading.keys(), problem)
    return metadata


def parse_channel_map(text: str, place: Place) -> tuple[Role, ...]:
    """Return the role of each channel, first (left) channel first.

    Understood: ``agent,customer``, ``坐席/客户``, ``left=customer right=agent``, and one word for the first channel.

    Raises
    ------
    RowError
        When a word names no party, or both channels the same one.
    """
    parts = [part for part in _CHANNEL_PARTS.split(text.strip()) if part]
    roles = [find_role(_CHANNEL_NAMES.sub("", part)) for part in parts]
    if parts and _RIGHT.match(parts[0]):
        roles.reverse()
    if len(roles) == 1 and (other := _OTHER.get(roles[0] or Role.UNKNOWN)):
        roles = [other, roles[0]] if _RIGHT.match(parts[0]) else [roles[0], other]
    if len(roles) != 2 or set(roles) != {Role.AGENT, Role.CUSTOMER}:
        raise place.error(
            N_("{text} does not say who is on which channel."),
            hint=N_("Write {example}, first channel first."),
            text=text,
            example="agent,customer / 坐席,客户",
        )
    return tuple(role for role in roles if role is not None)


class _RowReading:
    """One row on its way to a MetadataRow."""

    def __init__(
        self, table: Table, columns: Mapping[str, str], row: Row, options: IntakeOptions, day_first: bool | None
    ) -> None:
        self._table, self._columns, self._row = table, columns, row
        self._options, self._day_first = options, day_first

    def parse(self) -> MetadataRow:
        files = tuple((name, role or self._role()) for field, role in _FILES if (name := self._text(field)))
        call_id = self._text("call_id")
        if not files and not call_id:
            raise self._place("file" if "file" in self._columns else "call_id").error(
                N_("The row names neither a file nor a call."), hint=N_("Fill in the file name or the call id.")
            )
        agent_id, agent_name, agent = self._text("agent_id"), self._text("agent_name"), self._text("agent")
        direction, language, channels = self._text("direction"), self._text("language"), self._text("channel_map")
        return MetadataRow(
            place=self._place("call_id" if call_id else "file"),
            call_id=call_id,
            files=files,
            agent_id=agent_id or agent,
            agent_name=agent_name or (agent if agent_id else None),
            team=self._text("team"),
            queue=self._text("queue"),
            direction=parse_direction(direction, self._place("direction")) if direction else None,
            started_at=self._started_at(),
            language=parse_language(language, self._place("language")) if language else None,
            customer_ref=self._text("customer_ref"),
            channel_map=parse_channel_map(channels, self._place("channel_map")) if channels else (),
        )

    def keys(self) -> list[str]:
        """Return what the row names, whatever else is wrong with it."""
        files = [_file_key(name) for field, _ in _FILES if (name := self._text(field))]
        call_id = self._text("call_id")
        return [*files, *([_id_key(call_id)] if call_id and not self._text("role") else [])]

    def _text(self, field: str) -> str | None:
        header = self._columns.get(field)
        text = self._row.values[header] if header else ""
        return None if is_missing(text) else text

    def _place(self, field: str) -> Place:
        return self._table.place(self._row, self._columns.get(field, field))

    def _role(self) -> Role | None:
        text = self._text("role")
        return parse_role(text, self._place("role")) if text else None

    def _started_at(self) -> dt.datetime | None:
        """Join a column of dates and one of times; a column with both stands alone."""
        moment, date = self._text("started_at"), self._text("date")
        text = f"{date} {moment}" if date and moment and _is_clock(moment) else moment or date
        if text is None:
            return None
        field = "started_at" if moment else "date"
        return parse_moment(
            text, self._place(field), self._options.zone, day_first=self._day_first, now=self._options.now
        )


def _is_clock(text: str) -> bool:
    return re.fullmatch(r"\s*\d{1,2}[:：]\d{2}.*", text) is not None


def _day_first(table: Table, columns: Mapping[str, str]) -> bool | None:
    headers = [columns[field] for field in ("started_at", "date") if field in columns]
    return find_day_first(
        row.values[header] for row in table.rows if not isinstance(row, RowError) for header in headers
    )


def _file_key(name: str) -> str:
    """Return a key for a file as people write it: either slash, any case, ``./`` and drive letters dropped."""
    path = PurePosixPath(re.sub(r"^(?:file://|[A-Za-z]:)", "", name.replace("\\", "/")))
    return "file:" + "/".join(part for part in path.parts if part not in ("/", ".", "..")).casefold()


def _id_key(call_id: str) -> str:
    return "id:" + call_id.casefold()


def _keys_of(path: Path, call_id: str | None) -> Iterator[str]:
    parts = [part for part in path.parts if part != path.anchor]
    for start in range(len(parts)):
        yield _file_key("/".join(parts[start:]))
    yield _file_key(path.stem)
    yield _id_key(path.stem)
    if call_id:
        yield _id_key(call_id)
