"""The audit in the store: appended one after the other, each entry carrying the digest of the one before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select, text

from qa_pipeline.domain.audit import AuditEntry, AuditFilter, Event
from qa_pipeline.store import service_tables

FIRST = "0" * 64  # what stands for the digest before the first entry
_LOCK = 7_215_001  # any number that nothing else in the database locks


class Audit:
    """The chain of audit entries. The database itself refuses to change or delete one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_locked = False

    def lock(self) -> None:
        """Wait until nobody else appends; until the transaction ends no other can, so do it last."""
        if self._connection.dialect.name == "postgresql" and not self._is_locked:  # a writer of SQLite is alone anyway
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            self._is_locked = True

    def append(self, event: Event, at: datetime) -> AuditEntry:
        """Append an event; takes the lock."""
        self.lock()
        table = service_tables.audit_entry
        last, previous = self.head()
        number = last + 1
        document = document_of(event, at)
        digest = digest_of(number, previous, document)
        self._connection.execute(
            insert(table).values(
                number=number,
                at=at,
                actor=event.actor,
                action=event.action,
                subject=event.subject,
                document=document,
                previous_digest=previous,
                digest=digest,
            )
        )
        return AuditEntry(number=number, at=at, event=event, previous_digest=previous, digest=digest)

    def rows(self, wanted: AuditFilter | None = None) -> Iterator[RowMapping]:
        """Yield the rows as they are kept, by number, for whoever verifies or exports them."""
        table = service_tables.audit_entry
        query = select(table).where(*_conditions(wanted or AuditFilter())).order_by(table.c.number)
        yield from self._connection.execute(query.execution_options(yield_per=1000)).mappings()

    def page(self, wanted: AuditFilter, *, before: int | None, limit: int) -> Sequence[AuditEntry]:
        """Return the newest entries with a number below `before`, newest first."""
        table = service_tables.audit_entry
        query = select(table).where(*_conditions(wanted)).order_by(table.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(table.c.number < before)
        return [_entry(row) for row in self._connection.execute(query).mappings()]

    def head(self) -> tuple[int, str]:
        """Return number and digest of the newest entry; 0 and zeros before the first."""
        table = service_tables.audit_entry
        query = select(table.c.number, table.c.digest).order_by(table.c.number.desc()).limit(1)
        newest = self._connection.execute(query).first()
        return (newest.number, newest.digest) if newest else (0, FIRST)


def _conditions(wanted: AuditFilter) -> Sequence[ColumnElement[bool]]:
    column = service_tables.audit_entry.c
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(column.at >= wanted.since)
    if wanted.until is not None:
        found.append(column.at < wanted.until)
    if wanted.actor is not None:
        found.append(column.actor == wanted.actor)
    if wanted.subject is not None:
        found.append(column.subject == wanted.subject)
    if wanted.action is not None:
        is_group = wanted.action.endswith(".")
        prefix = column.action.startswith(wanted.action, autoescape=True)
        found.append(prefix if is_group else column.action == wanted.action)
    return found


def _entry(row: RowMapping) -> AuditEntry:
    return AuditEntry(
        number=row["number"],
        at=row["at"],
        event=event_of(json.loads(row["document"])),
        previous_digest=row["previous_digest"],
        digest=row["digest"],
    )


def event_of(document: Mapping[str, Any]) -> Event:
    """Return the event of a read document."""
    return Event(**{name: value for name, value in document.items() if name != "at"})


def document_of(event: Event, at: datetime) -> str:
    """Return what the digest covers of an event: canonical JSON with its time."""
    return canonical(asdict(event) | {"at": at.isoformat()})


def canonical(document: Mapping[str, Any]) -> str:
    """Return JSON in the one form that digests are made of."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(number: int, previous: str, document: str) -> str:
    """Return the SHA-256 digest of an entry of the chain."""
    return sha256(f"{number}\n{previous}\n{document}".encode()).hexdigest()
