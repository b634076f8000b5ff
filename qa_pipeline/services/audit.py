"""Whether the audit is whole, and copies of it that show so by themselves."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from qa_pipeline.domain.audit import AuditEntry, AuditFilter
from qa_pipeline.errors import N_, ConfigurationError, InputError, Message, StoreError
from qa_pipeline.report.cells import csv_text
from qa_pipeline.stages.artifacts import open_atomically
from qa_pipeline.store import Store
from qa_pipeline.store.audit import FIRST, canonical, digest_of

REMARKS_MAX = 20
COLUMNS = ("number", "at", "actor", "role", "action", "subject", "details", "request_id", "previous_digest", "digest")
_EVENT = ("actor", "role", "action", "subject", "details", "request_id")


class Break(StrEnum):
    """How a chain is broken."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    FOREIGN = "foreign"
    CUT_OFF = "cut_off"


WORDS: Mapping[Break, str] = {
    Break.CHANGED: N_("Entry {number} was changed after it was written."),
    Break.MISSING: N_("Entry {number} is missing."),
    Break.REORDERED: N_("Entry {number} stands at another place than it was written at."),
    Break.FOREIGN: N_("Entry {number} does not follow from the one before: one of the two was put in afterwards."),
    Break.CUT_OFF: N_("The noted digest is not among the entries: the end was cut off before entry {number}."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """One entry as it is verified. ``columns``: what stands beside the document, where a store keeps it."""

    number: int
    document: str
    previous_digest: str
    digest: str
    columns: tuple[datetime, str, str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a walk along the chain found.

    ``count`` entries hold, the last of them with the digest ``head``; ``number`` and ``broken`` say where and how the
    chain breaks first, None when it does not. ``backward``: numbers of entries whose clock stood before that of the
    entry before, the first few of ``backward_count``; a corrected clock does that, so it is no break.
    """

    count: int
    head: str
    number: int | None = None
    broken: Break | None = None
    backward: tuple[int, ...] = ()
    backward_count: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is broken."""
        return self.broken is None

    def message(self) -> Message | None:
        """Return what is wrong in a sentence, None when nothing is."""
        return None if self.broken is None else Message(WORDS[self.broken], {"number": self.number})


def verify_store(store: Store, head: str | None = None) -> Verification:
    """Walk along the whole chain of a store; memory does not grow with its length.

    Parameters
    ----------
    head : str, optional
        A digest that was noted earlier: it must be among the entries, else the end was cut off.
    """

    @contextmanager
    def opened() -> Iterator[Iterator[ChainRow]]:
        with store.reading() as tx:
            yield (
                ChainRow(
                    number=row["number"],
                    document=row["document"],
                    previous_digest=row["previous_digest"],
                    digest=row["digest"],
                    columns=(row["at"], row["actor"], row["action"], row["subject"]),
                )
                for row in tx.audit.rows()
            )

    return _verify(opened, head, is_whole=True)


def verify_file(path: Path, head: str | None = None) -> Verification:
    """Walk along the chain of an exported file; of a filtered one, along the pieces that it holds.

    Raises
    ------
    InputError
        The file is no export of the audit, or it ends before its last line.
    """
    last = _last_line(path)

    @contextmanager
    def opened() -> Iterator[Iterator[ChainRow]]:
        with path.open(encoding="utf-8") as file:
            lines = ((place, _parsed(line, path, place)) for place, line in enumerate(file, 1))
            yield (_row_of(line, path, place) for place, line in lines if "filters" not in line)

    found = _verify(opened, head, is_whole=not last["filters"])
    if found.is_whole and found.head != last["head"] and not last["filters"]:
        return _broken(found, found.count + 1, Break.CUT_OFF)
    return found


def export_lines(store: Store, wanted: AuditFilter) -> Iterator[bytes]:
    """Yield the entries as JSON lines with their digests, and at the end the head of the chain and the filters."""
    with store.reading() as tx:
        number, head = tx.audit.head()
        for row in tx.audit.rows(wanted):
            if row["number"] > number:
                break
            event = _event(dict(row))
            line = {"number": row["number"], **event, "previous_digest": row["previous_digest"]}
            yield _line(line | {"digest": row["digest"]})
    filters = {name: value for name, value in asdict(wanted).items() if value is not None}
    yield _line({"head": head, "number": number, "filters": {name: str(value) for name, value in filters.items()}})


def export_table(store: Store, wanted: AuditFilter) -> Iterator[bytes]:
    """Yield the entries as CSV for reading; cells that a spreadsheet would evaluate are guarded, so it is no proof."""
    yield "\ufeff".encode() + _csv_line(COLUMNS)
    with store.reading() as tx:
        for row in tx.audit.rows(wanted):
            document = _event(dict(row))
            told = [document["at"], *(_cell(document[name]) for name in _EVENT)]
            yield _csv_line([row["number"], *told, row["previous_digest"], row["digest"]])


def write_export(store: Store, wanted: AuditFilter, path: Path) -> int:
    """Write an export to a .jsonl or .csv file, whole or not at all, and return the number of its entries.

    Raises
    ------
    ConfigurationError
        The name ends otherwise.
    StoreReadOnly, StoreFull, StoreError
        The file cannot be written.
    """
    forms: Mapping[str, Callable[[Store, AuditFilter], Iterator[bytes]]] = {
        ".jsonl": export_lines,
        ".csv": export_table,
    }
    form = forms.get(path.suffix.lower())
    if form is None:
        raise ConfigurationError(
            N_("The audit is not exported as {suffix}."),
            hint=N_("Name the file .jsonl, which can be verified, or .csv."),
            field="file",
            suffix=path.suffix or "–",
        )
    count = -1  # one line is no entry
    with open_atomically(path) as file:
        for line in form(store, wanted):
            file.write(line)
            count += 1
    return count


def list_entries(
    store: Store, wanted: AuditFilter, *, before: int | None = None, limit: int = 50
) -> Sequence[AuditEntry]:
    """Return entries, newest first, with a number below `before`."""
    with store.reading() as tx:
        return tx.audit.page(wanted, before=before, limit=limit)


@dataclass(slots=True)
class _Walk:
    """Where a walk is: the entry before, what holds, and clocks that went back."""

    number: int = 0
    digest: str = FIRST
    count: int = 0
    at: datetime | None = None
    head_seen: bool = False
    backward: list[int] | None = None
    backward_count: int = 0

    def verification(self) -> Verification:
        return Verification(
            count=self.count,
            head=self.digest,
            backward=tuple(self.backward or ()),
            backward_count=self.backward_count,
        )


def _verify(opened: Any, head: str | None, *, is_whole: bool) -> Verification:
    walk = _Walk(backward=[])
    with opened() as rows:
        for row in rows:
            # A filtered export has gaps: a piece begins with what its first entry says of the one before.
            if not is_whole and row.number > walk.number + 1:
                walk.number, walk.digest = row.number - 1, row.previous_digest
            if not _holds(row, walk):
                return _broken(walk.verification(), *_how(row, walk, opened))
            _step(row, walk, head)
    if head is not None and not walk.head_seen:
        return _broken(walk.verification(), walk.number + 1, Break.CUT_OFF)
    return walk.verification()


def _holds(row: ChainRow, walk: _Walk) -> bool:
    if row.number != walk.number + 1 or row.previous_digest != walk.digest:
        return False
    return digest_of(row.number, row.previous_digest, row.document) == row.digest and _agree(row)


def _agree(row: ChainRow) -> bool:
    """Whether the columns, by which entries are found, say what the document says."""
    if row.columns is None:
        return True
    at, actor, action, subject = row.columns
    try:
        document = json.loads(row.document)
        told = (document["actor"], document["action"], document["subject"])
        return told == (actor, action, subject) and datetime.fromisoformat(document["at"]) == at
    except (ValueError, KeyError, TypeError):
        return False


def _step(row: ChainRow, walk: _Walk, head: str | None) -> None:
    at = row.columns[0] if row.columns else datetime.fromisoformat(json.loads(row.document)["at"])
    if walk.at is not None and at < walk.at:
        walk.backward_count += 1
        if walk.backward is not None and len(walk.backward) < REMARKS_MAX:
            walk.backward.append(row.number)
    walk.number, walk.digest, walk.at = row.number, row.digest, at
    walk.count += 1
    walk.head_seen = walk.head_seen or row.digest == head


def _how(row: ChainRow, walk: _Walk, opened: Any) -> tuple[int, Break]:
    """Tell why an entry does not follow: one more walk looks whether what should stand here stands elsewhere."""
    due = walk.number + 1
    with opened() as rows:
        for other in rows:
            if other.previous_digest == walk.digest and other.number not in (due, walk.number):
                belongs_here = digest_of(due, other.previous_digest, other.document) == other.digest
                if belongs_here:
                    return due, Break.REORDERED
    if row.number != due:
        return due, Break.MISSING
    if row.previous_digest == walk.digest:
        return due, Break.CHANGED
    is_sound = digest_of(row.number, row.previous_digest, row.document) == row.digest
    return due, Break.FOREIGN if is_sound else Break.CHANGED


def _broken(found: Verification, number: int, how: Break) -> Verification:
    return Verification(
        count=found.count,
        head=found.head,
        number=number,
        broken=how,
        backward=found.backward,
        backward_count=found.backward_count,
    )


def _last_line(path: Path) -> Mapping[str, Any]:
    last = ""
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                last = line
    except (OSError, UnicodeDecodeError) as problem:
        raise _no_export(path) from problem
    try:
        found = json.loads(last)
        if not (isinstance(found, dict) and {"head", "filters"} <= found.keys()):
            raise ValueError
    except ValueError as problem:
        raise _no_export(path) from problem
    return found


def _no_export(path: Path) -> InputError:
    return InputError(
        N_("This is no whole export of the audit: its last line must tell the head of the chain."),
        hint=N_("Export it again with `callqa audit export FILE.jsonl`."),
        file=str(path),
    )


def _parsed(line: str, path: Path, place: int) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as problem:
        raise _no_entry(path, place) from problem
    if not isinstance(found, dict):
        raise _no_entry(path, place)
    return found


def _row_of(line: Any, path: Path, place: int) -> ChainRow:
    try:
        document = {name: line[name] for name in (*_EVENT, "at")}
        return ChainRow(
            number=int(line["number"]),
            document=canonical(document),
            previous_digest=line["previous_digest"],
            digest=line["digest"],
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise _no_entry(path, place) from problem


def _no_entry(path: Path, place: int) -> InputError:
    return InputError(
        N_("Line {line} is no entry of the audit."),
        hint=N_("Export it again with `callqa audit export FILE.jsonl`."),
        file=str(path),
        row=place,
        line=place,
    )


def _event(row: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        found = json.loads(row["document"])
        return {name: found[name] for name in (*_EVENT, "at")}
    except (ValueError, KeyError, TypeError) as problem:
        raise StoreError(
            N_("Entry {number} of the audit cannot be read: somebody has changed it."),
            hint=N_("`callqa audit verify` tells where the chain breaks."),
            number=row["number"],
        ) from problem


def _line(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"


def _cell(value: object) -> str:
    return csv_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _csv_line(cells: Iterable[object]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(list(cells))
    return buffer.getvalue().encode()
