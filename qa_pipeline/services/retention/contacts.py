"""Deleting contacts with everything that is kept of them, and what results say of them from then on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Table, delete, func, select, update

from qa_pipeline.disclosure import QUOTING
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.retention import Deletion
from qa_pipeline.services.retention.keeping import holds_text
from qa_pipeline.stages.artifacts import name_of
from qa_pipeline.store import Transaction, appraisal_tables, service_tables, tables, webhook_tables
from qa_pipeline.store.documents import load
from qa_pipeline.store.listing import INDEXED
from qa_pipeline.store.retention import MARK, digest_of_id
from qa_pipeline.store.tables import metadata

BATCH = 100  # contacts in one transaction: a kill undoes so many at most, and writers wait so long
ARTIFACTS = "artifacts/"  # before their names in the list of files to remove
_ID_CHARACTERS_MAX = 200


def delete_contacts(tx: Transaction, ids: Sequence[str], deletion: Deletion, home: Path, now: datetime) -> None:
    """Delete contacts and every row of theirs, and keep which files are to be removed after the commit.

    Reviews go with their contacts; appeals stay without the contact.
    """
    known = tables.contact.c.id.in_(ids)
    documents = tx.connection.execute(select(tables.contact.c.document).where(known)).scalars().all()
    contacts = [load(Contact, document) for document in documents]
    artifacts = _artifact_paths(tx, ids)
    count = 0
    for table in reversed(metadata.sorted_tables):
        if "contact_id" not in table.c:
            continue
        theirs = table.c.contact_id.in_(ids)
        if table is appraisal_tables.appeal:
            tx.connection.execute(update(table).where(theirs).values(contact_id=None))
        else:
            count += tx.connection.execute(delete(table).where(theirs)).rowcount
    for table in (webhook_tables.webhook_delivery, tables.problem):
        named = {*ids, *(source.uri for contact in contacts for source in contact.sources)}
        count += tx.connection.execute(delete(table).where(table.c.subject.in_(sorted(named)))).rowcount
    count += tx.connection.execute(delete(tables.contact).where(known)).rowcount
    uploads = _upload_paths(tx, contacts, home)
    tx.deletions.note_contacts(ids, deletion.rule, now)
    tx.deletions.doom(deletion.id, [*artifacts, *uploads])
    tx.deletions.count(deletion.id, ids, count)


def mark_documents(tx: Transaction) -> int:
    """Put marks into results and plans where the ids of deleted contacts stood, and take out their words.

    Returns how many documents changed. Doing it again changes nothing.
    """
    digests = tx.deletions.contact_digests()
    return sum(_mark_table(tx, table, digests) for table in metadata.sorted_tables if _may_name_contacts(table))


def marked(value: Any, digests: frozenset[str]) -> Any:
    """Return a JSON value without deleted contacts: marks for ids, no words; parts of lists that tell of one go."""
    match value:
        case str():
            is_gone = len(value) <= _ID_CHARACTERS_MAX and digest_of_id(value) in digests
            return f"{MARK}{digest_of_id(value)}" if is_gone else value
        case dict():
            quoting = QUOTING if _tells_of(value, digests) else frozenset()
            return {name: "" if name in quoting else marked(part, digests) for name, part in value.items()}
        case list():
            return [marked(part, digests) for part in value if not _tells_of(part, digests)]
        case _:
            return value


def doomed_artifact(name: str) -> str:
    """Return how an artifact stands in the list of files to remove, wherever it lies."""
    return f"{ARTIFACTS}{name}"


def in_uploads(uri: str, home: Path) -> Path | None:
    """Return the file of a source where it lies among the uploads of this site, else None: others are not ours."""
    uploads = (home / "uploads").resolve()
    path = Path(uri).resolve()
    return path if path.is_relative_to(uploads) and path != uploads else None


def _tells_of(part: Any, digests: frozenset[str]) -> bool:
    contact_id = part.get("contact_id") if isinstance(part, dict) else None
    return isinstance(contact_id, str) and digest_of_id(contact_id) in digests


def _may_name_contacts(table: Table) -> bool:
    if "document" not in table.c or table is service_tables.audit_entry:
        return False
    return "contact_id" not in table.c or table is appraisal_tables.appeal


def _mark_table(tx: Transaction, table: Table, digests: frozenset[str]) -> int:
    keys = list(table.primary_key.columns)
    query = select(*keys, table.c.document).where(table.c.document.is_not(None))
    changed = []
    for row in tx.connection.execute(query.execution_options(yield_per=500)):
        try:
            before = json.loads(row.document)
        except ValueError:
            continue  # not JSON: names nothing by itself
        after = marked(before, digests)
        if after != before:
            changed.append((tuple(row)[: len(keys)], json.dumps(after, ensure_ascii=False, separators=(",", ":"))))
    for values, document in changed:
        where = [column == value for column, value in zip(keys, values, strict=True)]
        tx.connection.execute(update(table).where(*where).values(document=document))
    return len(changed)


def _artifact_paths(tx: Transaction, ids: Sequence[str]) -> Iterable[str]:
    table = tables.artifact
    found = tx.connection.execute(
        select(table.c.stage, table.c.fingerprint)
        .where(table.c.contact_id.in_(ids), table.c.stage != INDEXED)
        .distinct()
    ).all()
    others = set(
        tx.connection.execute(
            select(table.c.fingerprint).where(
                table.c.fingerprint.in_([row.fingerprint for row in found]), table.c.contact_id.not_in(ids)
            )
        ).scalars()
    )
    return [doomed_artifact(name_of(row.stage, row.fingerprint)) for row in found if row.fingerprint not in others]


def _upload_paths(tx: Transaction, contacts: Sequence[Contact], home: Path) -> Iterable[str]:
    for uri in sorted({source.uri for contact in contacts for source in contact.sources}):
        path = in_uploads(uri, home)
        if path is None:
            continue
        # A table of many chats goes with the last of them.
        others = select(func.count()).select_from(tables.contact).where(holds_text(json.dumps(uri, ensure_ascii=False)))
        is_shared = any(source.selector for one in contacts for source in one.sources if source.uri == uri)
        if not is_shared or tx.connection.execute(others).scalar_one() == 0:
            yield path.relative_to(home.resolve()).as_posix()
