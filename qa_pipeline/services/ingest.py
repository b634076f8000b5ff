"""Files and metadata into the store: contacts are kept, what cannot be used is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.performance import Agent
from qa_pipeline.errors import CallqaError
from qa_pipeline.intake.discover import Discovered, Duplicate, IgnoredFiles, content_key, discover
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.intake.walk import IntakeProblem
from qa_pipeline.store import Store, Transaction

# Contacts per transaction: one flush to the disk for many rows, and little work lost when killed.
BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One file or row that could not be used."""

    path: str
    error: CallqaError

    @property
    def subject(self) -> str:
        """What it is kept under: the path, with the row behind it."""
        return self.path if self.error.row is None else f"{self.path}#{self.error.row}"


@dataclass(slots=True, kw_only=True)
class Ingested:
    """What an ingest found. ``contact_ids`` in the order of discovery, each once."""

    run_id: str
    contact_ids: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    ignored: IgnoredFiles = field(default_factory=lambda: IgnoredFiles(0, ()))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one ingest has found, and what it needs to know of it only until its end."""

    result: Ingested
    files: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)


def ingest_paths(
    store: Store, paths: Sequence[Path], metadata: Path | None, options: IntakeOptions, run_id: str
) -> Ingested:
    """Keep every contact below `paths` with its metadata; the same content twice is one contact.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    metadata : Path, optional
        A CSV or XLSX table.

    Returns
    -------
    Ingested
        Ids of all contacts found, new or known, and what could not be used.
    """
    reading = _Reading(Ingested(run_id=run_id))

    def stored_content(contact_id: str) -> str | None:
        with store.reading() as tx:
            known = tx.contacts.find(contact_id)
        return content_key(known) if known else None

    for batch in _batches(discover(paths, metadata, options, stored_content=stored_content)):
        with store.transaction() as tx:
            tx.contacts.lock()
            if metadata is not None:
                _forget(tx, str(metadata), reading)
            for item in batch:
                _keep(tx, item, reading)
    return reading.result


def _forget(tx: Transaction, path: str, reading: _Reading) -> None:
    """Drop what was wrong with a file at an earlier reading, once per run."""
    if path not in reading.files:
        reading.files.add(path)
        tx.problems.clear_file(path)


def _keep(tx: Transaction, item: Discovered, reading: _Reading) -> None:
    match item:
        case Contact():
            _keep_contact(tx, item, reading)
        case Duplicate():
            reading.result.duplicates.append(item)
        case IgnoredFiles():
            reading.result.ignored = item
        case IntakeProblem():
            _fail(tx, item.path, item.error, reading)


def _keep_contact(tx: Transaction, contact: Contact, reading: _Reading) -> None:
    path = contact.sources[0].uri
    _forget(tx, path, reading)
    try:
        stored = tx.contacts.put(contact)
    except CallqaError as error:
        _fail(tx, path, error, reading)
        return
    if stored.agent_id:
        tx.agents.put(Agent(id=stored.agent_id, name=stored.agent_name, team=stored.team))
    if stored.id in reading.ids:
        reading.result.duplicates.append(Duplicate(path, stored.id, stored.sources[0].uri))
        return
    reading.ids.add(stored.id)
    reading.result.contact_ids.append(stored.id)


def _fail(tx: Transaction, path: str, error: CallqaError, reading: _Reading) -> None:
    _forget(tx, path, reading)
    failure = Failure(path=path, error=error)
    tx.problems.put(failure.subject, "failed", error, reading.result.run_id)
    reading.result.failed.append(failure)


def _batches(items: Iterator[Discovered]) -> Iterator[list[Discovered]]:
    while batch := list(islice(items, BATCH)):
        yield batch
