"""What was answered to requests that carry an idempotency key, so that a repeated one is not done twice."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from qa_pipeline.store import service_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one request of one user. ``document`` is its JSON text, None where it had no body."""

    user_id: str
    key: str
    request_digest: str
    status: int
    document: str | None
    answered_at: datetime


class Answers:
    """Answers by user and key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, user_id: str, key: str) -> Answer | None:
        """Return the answer that was given, or None."""
        table = service_tables.answered_request
        row = self._connection.execute(select(table).where(table.c.user_id == user_id, table.c.key == key)).mappings()
        found = row.first()
        return None if found is None else Answer(**found)

    def add(self, answer: Answer) -> None:
        """Keep an answer; raises sqlalchemy's IntegrityError when the same request was answered at the same moment."""
        self._connection.execute(insert(service_tables.answered_request).values(asdict(answer)))

    def forget(self, before: datetime) -> int:
        """Drop answers from before a moment; returns how many."""
        table = service_tables.answered_request
        return int(self._connection.execute(delete(table).where(table.c.answered_at < before)).rowcount)
