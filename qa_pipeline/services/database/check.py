"""Whether a database is in order: what is wrong with it, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.exc import DatabaseError

from qa_pipeline.errors import N_, Message
from qa_pipeline.services.audit import verify_store
from qa_pipeline.stages.artifacts import Artifacts, fingerprint_in, name_of
from qa_pipeline.store import Store, Transaction, schema, tables
from qa_pipeline.store.listing import INDEXED, count_unsearchable
from qa_pipeline.store.tables import UTTERANCE_INDEX

NAMED_MAX = 5  # of what is wrong, that many are named
COUNTED_MAX = 10_000  # and counted: neither time nor memory grows with how much is wrong
# Stages whose outputs are files; the search index keeps the fingerprint of what it was made from.
_NO_FILE = INDEXED
_ROWS_AT_ONCE = 1000


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


def check_database(store: Store, artifacts: Artifacts) -> Examined:
    """Look at everything that must hold of a database and its stage outputs; changes nothing.

    Raises
    ------
    StoreError
        The database cannot be read at all, or the place of the stage outputs.
    """
    with store.reading() as tx:
        faults = [
            *_integrity(tx.connection),
            *_schema(tx.connection),
            *_listing(tx),
            *_search(tx.connection),
        ]
        contacts_count = tx.contacts.count()
        compared = _compare(tx.connection, artifacts)
    faults += _missing(compared)
    audit = verify_store(store)
    broken = audit.message()
    if broken is not None:
        keep = N_("Keep the database as it is, and compare it with the last export of the audit and the last backup.")
        faults.append(Fault(kind="audit", problem=broken, remedy=Message(keep)))
    return Examined(
        contacts_count=contacts_count,
        artifacts_count=compared.named_count,
        unnamed_files_count=compared.unnamed_count,
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
    wrong = (tx.listing.missing(COUNTED_MAX) + tx.listing.stale(COUNTED_MAX))[:COUNTED_MAX]
    if wrong:
        params = {"count": _count(len(wrong)), "names": _some(wrong)}
        problem = Message(N_("Lists and searches do not show {count} contacts as they are: {names}."), params)
        yield Fault(kind="listing", problem=problem, remedy=Message(N_("Run: callqa db upgrade")))


def _search(connection: Connection) -> Iterator[Fault]:
    reindex = Message(N_("Run: callqa search --reindex"))
    count = count_unsearchable(connection, COUNTED_MAX)
    if count:
        params = {"count": _count(count)}
        problem = Message(N_("{count} inspected contacts cannot be found by what was said in them."), params)
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


@dataclass(slots=True)
class _Compared:
    """Stage outputs that rows name, those of them that are missing, and files that no row names."""

    named_count: int = 0
    missing_count: int = 0
    unnamed_count: int = 0
    missing: tuple[str, ...] = ()


def _compare(connection: Connection, artifacts: Artifacts) -> _Compared:
    """Walk along the rows and the files in the same order, so that neither has to be held."""
    found = _Compared()
    table = tables.artifact.c
    named = set(connection.execute(select(table.stage).where(table.stage != _NO_FILE).distinct()).scalars())
    for stage in sorted(named | set(artifacts.stages())):
        rows = select(table.fingerprint).where(table.stage == stage, table.stage != _NO_FILE).distinct()
        wanted = connection.execute(rows.order_by(table.fingerprint).execution_options(yield_per=_ROWS_AT_ONCE))
        kept = (fingerprint_in(each.name) for each in artifacts.list(stage))
        _merge(found, stage, wanted.scalars(), kept, artifacts)
    return found


def _merge(found: _Compared, stage: str, wanted: Iterable[str], kept: Iterable[str], artifacts: Artifacts) -> None:
    files = iter(kept)
    file = next(files, None)
    for fingerprint in wanted:
        found.named_count += 1
        while file is not None and file < fingerprint:
            found.unnamed_count += 1
            file = next(files, None)
        if file == fingerprint:
            file = next(files, None)
        else:
            found.missing_count += 1
            if len(found.missing) <= NAMED_MAX:
                found.missing += (artifacts.where(name_of(stage, fingerprint)),)
    found.unnamed_count += (file is not None) + sum(1 for _ in files)


def _missing(compared: _Compared) -> Iterator[Fault]:
    if compared.missing_count:
        problem = Message(
            N_("{count} stage outputs are missing: {names}."),
            {"count": compared.missing_count, "names": _some(compared.missing)},
        )
        remedy = N_("Restore them from a backup with --artifacts, or score the recordings again.")
        yield Fault(kind="artifacts", problem=problem, remedy=Message(remedy))


def _count(count: int) -> str:
    return f"{count}" if count < COUNTED_MAX else f"{COUNTED_MAX}+"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED_MAX]) + ("…" if len(names) > NAMED_MAX else "")
