"""The audit in the store: appended one after the other, each entry carrying the digest of the one before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, RowMapping, insert, select, text

from qa_pipeline.domain.audit import AuditEntry, Event
from qa_pipeline.store import service_tables

FIRST = "0" * 64  # what stands for the digest before the first entry
_LOCK = 7_215_001  # any number that nothing else in the database locks


class Audit:
    """The chain of audit entries. The database itself refuses to change or delete one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, event: Event, at: datetime) -> AuditEntry:
        """Append an event. Until the transaction ends no other can append, so do it last."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        table = service_tables.audit_entry
        newest = self._connection.execute(
            select(table.c.number, table.c.digest).order_by(table.c.number.desc()).limit(1)
        ).first()
        number, previous = (newest.number + 1, newest.digest) if newest else (1, FIRST)
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

    def rows(self, after: int = 0) -> Iterator[RowMapping]:
        """Yield the rows as they are kept, by number, for whoever verifies or exports them."""
        table = service_tables.audit_entry
        query = select(table).where(table.c.number > after).order_by(table.c.number)
        yield from self._connection.execute(query.execution_options(yield_per=500)).mappings()


def document_of(event: Event, at: datetime) -> str:
    """Return what the digest covers of an event: canonical JSON with its time."""
    return json.dumps(asdict(event) | {"at": at.isoformat()}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(number: int, previous: str, document: str) -> str:
    """Return the SHA-256 digest of an entry of the chain."""
    return sha256(f"{number}\n{previous}\n{document}".encode()).hexdigest()
