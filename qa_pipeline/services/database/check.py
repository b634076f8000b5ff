"""Whether a database is in order: what is wrong with it, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlalchemy.exc import DatabaseError

from qa_pipeline.errors import N_, Message
from qa_pipeline.services.audit import verify_store
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store, Transaction, schema, tables
from qa_pipeline.store.listing import INDEXED, count_unsearchable
from qa_pipeline.store.tables import UTTERANCE_INDEX

NAMED_MAX = 5  # of what is wrong, that many are named
COUNTED_MAX = 1_000_000
# Stages whose outputs are files; the search index keeps the fingerprint of what it was made from.
_NO_FILE = INDEXED


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is not as it should be, and what to do; ``kind`` for programs."""

    kind: str
    problem: Message
    remedy: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was looked at, and the faults that were found."""

    contacts_count: int
    artifacts_count: int
    unnamed_files_count: int
    audit_count: int
    faults: tuple[Fault, ...]


def check_database(store: Store, artifacts: ArtifactFolder) -> Examined:
    """Look at everything that must hold of a database and its stage outputs; changes nothing.

    Raises
    ------
    StoreError
        The database cannot be read at all.
    """
    with store.reading() as tx:
        faults = [
            *_integrity(tx.connection),
            *_schema(tx.connection),
            *_listing(tx),
            *_search(tx.connection),
        ]
        contacts_count = tx.contacts.count()
        named = {(row.stage, row.fingerprint) for row in tx.connection.execute(_artifact_rows())}
    faults += _artifacts(named, artifacts)
    audit = verify_store(store)
    broken = audit.message()
    if broken is not None:
        keep = N_("Keep the database as it is, and compare it with the last export of the audit and the last backup.")
        faults.append(Fault(kind="audit", problem=broken, remedy=Message(keep)))
    return Examined(
        contacts_count=contacts_count,
        artifacts_count=len(named),
        unnamed_files_count=_unnamed(named, artifacts),
        audit_count=audit.count,
        faults=tuple(faults),
    )


def _integrity(connection: Connection) -> Iterator[Fault]:
    restore = Message(N_("Restore the last backup: callqa db restore FILE --replace"))
    if connection.dialect.name == "sqlite":
        said = [row[0] for row in connection.exec_driver_sql(f"PRAGMA integrity_check({NAMED_MAX})")]
        if said != ["ok"]:
            problem = Message(N_("The file is damaged: {said}"), {"said": "; ".join(said)})
            yield Fault(kind="integrity", problem=problem, remedy=restore)
        orphans = [row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]
        if orphans:
            params = {"count": len(orphans), "tables": ", ".join(sorted(set(orphans)))}
            problem = Message(N_("{count} rows belong to something that is not there, in {tables}."), params)
            yield Fault(kind="orphans", problem=problem, remedy=restore)
        return
    unsound = [
        *connection.exec_driver_sql("SELECT conname FROM pg_constraint WHERE NOT convalidated").scalars(),
        *connection.exec_driver_sql(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid OR NOT indisready"
        ).scalars(),
    ]
    if unsound:
        problem = Message(N_("These constraints or indexes are not valid: {names}."), {"names": ", ".join(unsound)})
        yield Fault(
            kind="integrity",
            problem=problem,
            remedy=Message(N_("Let the administrator of the server run REINDEX DATABASE, then check again.")),
        )


def _schema(connection: Connection) -> Iterator[Fault]:
    differences = schema.differences(connection)
    if differences:
        problem = Message(
            N_("The tables differ from those of this callqa in {count} places: {first}"),
            {"count": len(differences), "first": str(differences[0])[:200]},
        )
        remedy = N_("Somebody has changed them by hand. Make a backup and restore it into an empty database.")
        yield Fault(kind="schema", problem=problem, remedy=Message(remedy))


def _listing(tx: Transaction) -> Iterator[Fault]:
    wrong = [*tx.listing.missing(COUNTED_MAX), *tx.listing.stale(COUNTED_MAX)]
    if wrong:
        problem = Message(
            N_("Lists and searches do not show {count} contacts as they are: {names}."),
            {"count": len(wrong), "names": _some(wrong)},
        )
        yield Fault(kind="listing", problem=problem, remedy=Message(N_("Run: callqa db upgrade")))


def _search(connection: Connection) -> Iterator[Fault]:
    reindex = Message(N_("Run: callqa search --reindex"))
    count = count_unsearchable(connection, COUNTED_MAX)
    if count:
        problem = Message(N_("{count} inspected contacts cannot be found by what was said in them."), {"count": count})
        yield Fault(kind="search", problem=problem, remedy=reindex)
    if connection.dialect.name != "sqlite":
        return  # its index follows the rows by itself
    try:
        connection.exec_driver_sql(
            f"INSERT INTO {UTTERANCE_INDEX} ({UTTERANCE_INDEX}, rank) VALUES ('integrity-check', 1)"  # noqa: S608
        )
    except DatabaseError:
        problem = Message(N_("The search index does not hold what was said."))
        yield Fault(kind="search", problem=problem, remedy=reindex)


def _artifact_rows() -> Select[Any]:
    table = tables.artifact.c
    return select(table.stage, table.fingerprint).where(table.stage != _NO_FILE).distinct()


def _artifacts(named: set[tuple[str, str]], artifacts: ArtifactFolder) -> Iterator[Fault]:
    missing = sorted(one for one in named if not artifacts.path(*one).is_file())
    if missing:
        problem = Message(
            N_("{count} stage outputs are missing: {names}."),
            {"count": len(missing), "names": _some([str(artifacts.path(*one)) for one in missing])},
        )
        remedy = N_("Restore them from a backup with --artifacts, or score the recordings again.")
        yield Fault(kind="artifacts", problem=problem, remedy=Message(remedy))


def _unnamed(named: set[tuple[str, str]], artifacts: ArtifactFolder) -> int:
    """Return how many files no contact names: earlier outputs, which retention removes."""
    return sum((path.parent.parent.name, path.stem) not in named for path in artifacts.root.rglob("*.json"))


def _some(names: list[str]) -> str:
    return ", ".join(names[:NAMED_MAX]) + ("…" if len(names) > NAMED_MAX else "")
