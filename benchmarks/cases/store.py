"""Results of contacts into SQLite: as the batch writes them, in one transaction, and the same rows by sqlite3."""

from __future__ import annotations

import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.benchmark import Benchmark, Done, Way, Work
from qa_pipeline.domain.contact import Contact, Role
from qa_pipeline.domain.inspection import Inspection, Outcome
from qa_pipeline.domain.transcript import Transcript
from qa_pipeline.scoring.full_text import searchable
from qa_pipeline.store import Store, Transaction, open_store
from tests import factories
from tests.conftest import ZONE

UTTERANCES, CRITERIA = 20, 20
ALTERNATIVE = "sqlite3, the same rows, a commit for each"
ABOUT = (
    "a contact, its inspection of 20 criteria, fingerprints and 20 utterances with their full-text index, into SQLite "
    "with a flush to the disk at each commit. The product commits each finished contact at once, so that a kill loses "
    "nothing. The alternative inserts the finished rows with the same pragmas: no documents are made, nothing is "
    "looked up. All must leave the same number of rows in each table."
)
Made = tuple[Contact, Inspection, Transcript]


def benchmarks(quick: bool) -> tuple[Benchmark, ...]:
    """Return the benchmark."""
    return (
        Benchmark(
            name="store",
            about=ABOUT,
            unit="contact",
            ways=(
                Way(title="a transaction for each", start=_starter(one_by_one)),
                Way(title="one transaction for all", start=_starter(together)),
                Way(title=ALTERNATIVE, start=_raw),
            ),
            alternative=ALTERNATIVE,
            size=3 if quick else 200,
            repetitions=1 if quick else 5,
            clock="wall",
            prepare=lambda folder, _size: open_store(_address(folder / "empty.db"), ZONE).close(),
        ),
    )


def one_by_one(store: Store, contacts: Sequence[Made]) -> None:
    """Write as a batch does."""
    for made in contacts:
        with store.transaction() as tx:
            keep(tx, made)


def together(store: Store, contacts: Sequence[Made]) -> None:
    """Write in one transaction; a kill would lose all."""
    with store.transaction() as tx:
        for made in contacts:
            keep(tx, made)


def keep(tx: Transaction, made: Made) -> None:
    """Write what is known of one contact."""
    contact, inspection, transcript = made
    tx.contacts.lock()
    tx.contacts.put(contact)
    tx.inspections.add(inspection, "run", pass_points=80)
    tx.artifacts.put(contact.id, {stage: inspection.fingerprint for stage in ("listen", "transcribe", "annotate")})
    tx.utterances.put(contact.id, searchable(transcript))


def make(number: int) -> Made:
    """Return a contact with its results."""
    said = f"我的第{number}号订单还没有到"
    lines = [(Role.AGENT if place % 2 else Role.CUSTOMER, said) for place in range(UTTERANCES)]
    contact = factories.contact(f"call-{number:05d}")
    findings = tuple(
        factories.finding(
            f"criterion_{place}",
            Outcome.MET if (number + place) % 3 else Outcome.NOT_MET,
            evidence=[factories.quote("您好，很高兴为您服务，请问有什么可以帮您", utterance=place)],
        )
        for place in range(CRITERIA)
    )
    return contact, factories.inspection(contact.id, findings=findings), factories.transcript(lines)


def _address(file: Path) -> str:
    return f"sqlite:///{file}"


def _starter(write: Callable[[Store, Sequence[Made]], None]) -> Callable[[Path, int], Work]:
    def start(folder: Path, size: int) -> Work:
        contacts = [make(number) for number in range(size)]
        file = folder / f"{write.__name__}.db"

        def work() -> Done:
            seconds = fill(folder, file, contacts, write)
            with closing(sqlite3.connect(file)) as connection:
                return Done(answer=_counts(connection), seconds=seconds)

        return work

    return start


def fill(folder: Path, file: Path, contacts: Sequence[Made], write: Callable[[Store, Sequence[Made]], None]) -> float:
    """Write into a new database; return the seconds that the writing took."""
    _renew(folder, file)
    store = open_store(_address(file), ZONE)
    with store.reading() as tx:
        tx.contacts.find("nobody")  # the connection is open
    began = perf_counter()
    write(store, contacts)
    seconds = perf_counter() - began
    store.close()
    return seconds


def _renew(folder: Path, file: Path) -> None:
    for old in folder.glob(f"{file.name}*"):
        old.unlink()
    shutil.copyfile(folder / "empty.db", file)


def _raw(folder: Path, size: int) -> Work:
    filled, file = folder / "filled.db", folder / "raw.db"
    fill(folder, filled, [make(number) for number in range(size)], one_by_one)
    first, by_contact = _statements(filled)

    def work() -> Done:
        _renew(folder, file)
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
                connection.execute(f"PRAGMA {pragma}")
            began = perf_counter()
            for statements in (first, *by_contact):
                connection.execute("BEGIN IMMEDIATE")
                for statement, rows in statements:
                    connection.executemany(statement, rows)
                connection.execute("COMMIT")
            seconds = perf_counter() - began
            return Done(answer=_counts(connection), seconds=seconds)

    return work


Statements = list[tuple[str, list[tuple[Any, ...]]]]


def _statements(filled: Path) -> tuple[Statements, list[Statements]]:
    """Return what inserts the rows of no contact, and those of each contact, tables in the order of references."""
    others: Statements = []
    by_contact: dict[str, Statements] = defaultdict(list)
    with closing(sqlite3.connect(filled)) as connection:
        for table in _tables(connection):
            cursor = connection.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in cursor.description]
            insert = f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})"
            key = "id" if table == "contact" else "contact_id"
            rows: dict[str | None, list[tuple[Any, ...]]] = defaultdict(list)
            for row in cursor:
                rows[row[columns.index(key)] if key in columns else None].append(row)
            for contact_id, found in rows.items():
                (others if contact_id is None else by_contact[contact_id]).append((insert, found))
    return others, list(by_contact.values())


def _tables(connection: sqlite3.Connection) -> list[str]:
    """Return the tables that hold rows of their own: the full-text index follows by itself. Contacts come first."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name != 'contact', rowid")
    left_out = ("sqlite_", "utterance_index", "alembic_")
    return [name for (name,) in names if not name.startswith(left_out)]


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    counted = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in _tables(connection)}
    return {name: count for name, count in counted.items() if count}
