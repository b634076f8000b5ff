"""What the judge was asked and answered, kept across runs, and the pace that all processes keep together.

One SQLite file: an answer is there whole or not at all, and processes that write at once wait for each other.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qa_pipeline.engines.judge_reply import Reply
from qa_pipeline.errors import N_, StoreError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answer (
    fingerprint TEXT PRIMARY KEY,
    judge TEXT NOT NULL,
    document TEXT NOT NULL,
    estimated_tokens INTEGER NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    took_s REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS answer_of_judge ON answer (judge);
CREATE TABLE IF NOT EXISTS pace (judge TEXT PRIMARY KEY, next_at REAL NOT NULL);
"""
_WAIT_S = 30.0
_QUEUE_MAX = 1000  # a turn farther ahead than so many requests was set by a clock that has been put back since
_MEASURED_FROM = 5  # answers, before their means say more than default figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one request took: tokens as estimated and as the endpoint counted them (None if it did not), and time."""

    estimated_tokens: int
    input_tokens: int | None
    output_tokens: int | None
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """Means over the answers of one judge: seconds and tokens answered a request, tokens counted per estimated one."""

    took_s: float
    input_ratio: float | None
    output_tokens: float | None


class Ledger:
    """Answers by fingerprint.

    Parameters
    ----------
    path : Path
        Made with its folder when the first answer is kept.

    Raises
    ------
    StoreError
        From every method, when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, fingerprint: str) -> Reply | None:
        """Return the answer under a fingerprint; a damaged one counts as absent."""
        rows = self._read("SELECT document FROM answer WHERE fingerprint = ?", fingerprint)
        try:
            return Reply.model_validate_json(rows[0][0]) if rows else None
        except ValidationError:
            return None

    def keep(self, fingerprint: str, judge: str, reply: Reply, usage: Usage) -> None:
        """Keep an answer; the newest under a fingerprint counts."""
        row = (fingerprint, judge, reply.model_dump_json(), usage.estimated_tokens, usage.input_tokens)
        with self._open() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, usage.output_tokens, usage.took_s)
            )

    def forget_words(self) -> None:
        """Empty all answers, because they quote contacts that were deleted; what requests took stays known."""
        if self._path.exists():
            with self._open() as connection:
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute("UPDATE answer SET document = ''")
                connection.execute("VACUUM")

    def experience(self, judge: str) -> Experience | None:
        """Return what requests of a judge took so far, None before there are a few."""
        rows = self._read(
            """SELECT COUNT(*), AVG(took_s), AVG(output_tokens),
                      SUM(CASE WHEN input_tokens IS NOT NULL THEN input_tokens END) * 1.0
                      / SUM(CASE WHEN input_tokens IS NOT NULL THEN estimated_tokens END)
               FROM answer WHERE judge = ?""",
            judge,
        )
        if not rows or rows[0][0] < _MEASURED_FROM:
            return None
        _, took_s, output_tokens, ratio = rows[0]
        return Experience(took_s=took_s, input_ratio=ratio, output_tokens=output_tokens)

    def wait_for_turn(self, judge: str, requests_per_minute: float) -> None:
        """Sleep until this process may send a request; turns of all processes together keep the rate."""
        between_s = 60.0 / requests_per_minute
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT next_at FROM pace WHERE judge = ?", (judge,)).fetchone()
            now = time.time()
            turn = max(now, row[0]) if row and row[0] <= now + between_s * _QUEUE_MAX else now
            connection.execute("INSERT OR REPLACE INTO pace VALUES (?, ?)", (judge, turn + between_s))
            connection.execute("COMMIT")
        time.sleep(max(turn - now, 0.0))

    def _read(self, query: str, value: str) -> list[tuple[Any, ...]]:
        if not self._path.exists():
            return []
        with self._open() as connection:
            return connection.execute(query, (value,)).fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)) as connection:
                connection.executescript(_SCHEMA)
                yield connection
        except (sqlite3.Error, OSError) as problem:
            raise StoreError(
                N_("{path} cannot be used: {problem}."),
                hint=N_("Choose another folder that you may write to."),
                file=str(self._path),
                path=self._path,
                problem=problem,
            ) from problem
