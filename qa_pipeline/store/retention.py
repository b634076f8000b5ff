"""Legal holds, and what was deleted, in the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from qa_pipeline.domain.retention import Deletion, HoldKind, LegalHold, RuleName
from qa_pipeline.errors import N_, Conflict, NotFound
from qa_pipeline.store import retention_tables

MARK = "deleted-"  # stands in results where the id of a deleted contact was
_NO_IDS = sha256(b"").hexdigest()


def digest_of_id(contact_id: str) -> str:
    """Return what is kept of the id of a deleted contact; a mark gives the digest that it holds."""
    if contact_id.startswith(MARK) and len(contact_id) == len(MARK) + 16:
        return contact_id[len(MARK) :]
    return sha256(contact_id.encode()).hexdigest()[:16]


class LegalHolds:
    """Legal holds; none is ever removed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, hold: LegalHold) -> None:
        """Keep a new hold."""
        self._connection.execute(insert(retention_tables.legal_hold).values(asdict(hold) | {"kind": hold.kind.value}))

    def get(self, hold_id: str) -> LegalHold:
        """Return a hold; raises NotFound."""
        table = retention_tables.legal_hold
        row = self._connection.execute(select(table).where(table.c.id == hold_id)).mappings().first()
        if row is None:
            hint = N_("`callqa retention holds` shows them all.")
            raise NotFound(N_("There is no legal hold with the id {id}."), hint=hint, id=hold_id)
        return _hold(row)

    def list(self, *, released: bool = False) -> Sequence[LegalHold]:
        """Return the holds in force, oldest first; with `released` all."""
        table = retention_tables.legal_hold
        query = select(table).order_by(table.c.held_at, table.c.id)
        if not released:
            query = query.where(table.c.released_at.is_(None))
        return [_hold(row) for row in self._connection.execute(query).mappings()]

    def release(self, hold_id: str, by: str, reason: str, at: datetime) -> LegalHold:
        """End a hold; raises NotFound, or Conflict when somebody has released it before."""
        table = retention_tables.legal_hold
        values = {"released_by": by, "release_reason": reason, "released_at": at}
        done = self._connection.execute(
            update(table).where(table.c.id == hold_id, table.c.released_at.is_(None)).values(values)
        )
        found = self.get(hold_id)
        if done.rowcount != 1:
            raise Conflict(
                N_("{name} has released the legal hold {id} before."), name=found.released_by or "–", id=hold_id
            )
        return found


class Deletions:
    """What was deleted, and the files of it that are still there."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start(self, run_id: str, rule: RuleName, by: str, at: datetime) -> Deletion:
        """Keep that a run begins to delete by a rule."""
        row = {
            "run_id": run_id,
            "rule": rule.value,
            "deleted_by": by,
            "subject_count": 0,
            "row_count": 0,
            "file_count": 0,
            "size_bytes": 0,
            "ids_digest": _NO_IDS,
            "started_at": at,
        }
        key = self._connection.execute(insert(retention_tables.deletion).values(row)).inserted_primary_key
        assert key is not None
        return self.get(key[0])

    def get(self, deletion_id: int) -> Deletion:
        """Return a deletion."""
        table = retention_tables.deletion
        return _deletion(self._connection.execute(select(table).where(table.c.id == deletion_id)).mappings().one())

    def list(self, *, unfinished: bool = False) -> Sequence[Deletion]:
        """Return what was deleted, oldest first; with `unfinished` what a killed run has left to be finished."""
        table = retention_tables.deletion
        query = select(table).order_by(table.c.id)
        if unfinished:
            query = query.where(table.c.ended_at.is_(None))
        return [_deletion(row) for row in self._connection.execute(query).mappings()]

    def count(self, deletion_id: int, ids: Sequence[str], row_count: int) -> None:
        """Count what has just been deleted; the digest grows by the ids in this order."""
        table = retention_tables.deletion
        before = self.get(deletion_id)
        digest = sha256("\n".join([before.ids_digest, *ids]).encode()).hexdigest()
        values = {
            "subject_count": before.subject_count + len(ids),
            "row_count": before.row_count + row_count,
            "ids_digest": digest,
        }
        self._connection.execute(update(table).where(table.c.id == deletion_id).values(values))

    def end(self, deletion_id: int, at: datetime) -> Deletion:
        """Keep that all of a deletion is done."""
        table = retention_tables.deletion
        self._connection.execute(update(table).where(table.c.id == deletion_id).values(ended_at=at))
        return self.get(deletion_id)

    def note_contacts(self, ids: Iterable[str], rule: RuleName, at: datetime) -> None:
        """Keep by their digests that contacts were deleted."""
        table = retention_tables.deleted_contact
        digests = sorted({digest_of_id(one) for one in ids})
        self._connection.execute(delete(table).where(table.c.id_digest.in_(digests)))
        rows = [{"id_digest": one, "rule": rule.value, "deleted_at": at} for one in digests]
        if rows:
            self._connection.execute(insert(table), rows)

    def contact_digests(self) -> frozenset[str]:
        """Return the digests of all deleted contacts."""
        return frozenset(self._connection.execute(select(retention_tables.deleted_contact.c.id_digest)).scalars())

    def find_contact(self, contact_id: str) -> tuple[str, datetime] | None:
        """Return by which rule and when a contact was deleted, None when it was not. Takes marks of results too."""
        table = retention_tables.deleted_contact
        row = self._connection.execute(select(table).where(table.c.id_digest == digest_of_id(contact_id))).first()
        return None if row is None else (row.rule, row.deleted_at)

    def doom(self, deletion_id: int, paths: Collection[str]) -> None:
        """Keep which files, below the home folder, are to be removed."""
        table = retention_tables.doomed_file
        wanted = sorted(set(paths))
        known = set(self._connection.execute(select(table.c.path).where(table.c.path.in_(wanted))).scalars())
        rows: list[dict[str, Any]] = [
            {"path": path, "deletion_id": deletion_id} for path in wanted if path not in known
        ]
        if rows:
            self._connection.execute(insert(table), rows)

    def doomed(self, deletion_id: int, limit: int) -> Sequence[str]:
        """Return some of the files of a deletion that are still to be removed."""
        table = retention_tables.doomed_file
        query = select(table.c.path).where(table.c.deletion_id == deletion_id).order_by(table.c.path).limit(limit)
        return self._connection.execute(query).scalars().all()

    def removed(self, deletion_id: int, paths: Sequence[str], size_bytes: int) -> None:
        """Forget files that are gone, and count them."""
        files, table = retention_tables.doomed_file, retention_tables.deletion
        self._connection.execute(delete(files).where(files.c.path.in_(paths)))
        self._connection.execute(
            update(table)
            .where(table.c.id == deletion_id)
            .values(file_count=table.c.file_count + len(paths), size_bytes=table.c.size_bytes + size_bytes)
        )


def _hold(row: RowMapping) -> LegalHold:
    return LegalHold(**{**row, "kind": HoldKind(row["kind"])})


def _deletion(row: RowMapping) -> Deletion:
    return Deletion(**{**row, "rule": RuleName(row["rule"])})
