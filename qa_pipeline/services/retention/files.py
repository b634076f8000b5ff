"""Files of this site that retention removes: uploads, and artifacts of deleted contacts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import ColumnElement, not_, or_, select

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.job import ENDED
from qa_pipeline.domain.retention import Deletion
from qa_pipeline.errors import N_, StoreError
from qa_pipeline.services.retention.contacts import ARTIFACTS, doomed_artifact, in_uploads
from qa_pipeline.services.retention.keeping import Kept, holds_text
from qa_pipeline.stages.artifacts import Artifacts, fingerprint_in, remove_file
from qa_pipeline.store import Store, Transaction, job_tables, tables
from qa_pipeline.store.documents import load

_FILES_AT_ONCE = 500
_UNNAMED_FOR = timedelta(days=1)  # a batch writes an artifact before its row; no contact takes so long


def uploaded(home: Path) -> ColumnElement[bool]:
    """Return the condition that a contact has a file among the uploads of this site."""
    folders = {home / "uploads", (home / "uploads").absolute(), (home / "uploads").resolve()}
    return or_(
        *(holds_text(f'"uri":{json.dumps(f"{folder}/", ensure_ascii=False)[:-1]}') for folder in sorted(folders))
    )


def audio_files(contact: Contact, home: Path) -> Sequence[Path]:
    """Return the uploaded recordings of a contact that are still there."""
    found = [in_uploads(source.uri, home) for source in contact.audio]
    return [path for path in found if path is not None and path.is_file()]


def due_uploads(tx: Transaction, kept: Kept, home: Path, before: datetime) -> tuple[Sequence[Path], int]:
    """Return the uploaded files that no contact needs and nobody has changed since, and how many a hold keeps.

    Recordings stay as long as their contacts, for people to listen to; what waits for a batch stays too.
    """
    old = [path for path in _files_below(home / "uploads") if _changed_at(path) < before]
    if not old:
        return [], 0
    job = job_tables.job
    running = set(
        tx.connection.execute(select(job.c.id).where(job.c.state.not_in([state.value for state in ENDED]))).scalars()
    )
    needed, held = _named_uploads(tx, kept, home)
    root = (home / "uploads").resolve()
    due = [path for path in old if path not in needed and path.relative_to(root).parts[0] not in running]
    return [path for path in due if path not in held], sum(path in held for path in due)


def remove_doomed(store: Store, deletion: Deletion, home: Path, artifacts: Artifacts) -> None:
    """Remove the files whose rows are gone; what is gone already counts as removed.

    Raises
    ------
    StoreError
        A file cannot be removed; the next run tries again.
    """
    root = home.resolve()
    while True:
        with store.reading() as tx:
            paths = tx.deletions.doomed(deletion.id, _FILES_AT_ONCE)
        if not paths:
            return
        names = [path.removeprefix(ARTIFACTS) for path in paths if path.startswith(ARTIFACTS)]
        size_bytes = artifacts.remove(names)
        size_bytes += sum(_remove(root / path, root) for path in paths if not path.startswith(ARTIFACTS))
        with store.transaction() as tx:
            tx.deletions.removed(deletion.id, paths, size_bytes)


def doom_unnamed(store: Store, deletion: Deletion, artifacts: Artifacts, now: datetime) -> None:
    """Have artifacts removed that belong to no contact: of earlier judgements or trials, old enough to be sure."""
    kept = (each for stage in artifacts.stages() for each in artifacts.list(stage))
    old = (each.name for each in kept if each.changed_at < now - _UNNAMED_FOR)
    column = tables.artifact.c.fingerprint
    # Some at a time: a list takes long where many lie, and writers are not to wait for it.
    while names := list(islice(old, _FILES_AT_ONCE)):
        with store.transaction() as tx:
            named_here = select(column).where(column.in_({fingerprint_in(name) for name in names})).distinct()
            named = set(tx.connection.execute(named_here).scalars())
            tx.deletions.doom(
                deletion.id, [doomed_artifact(name) for name in names if fingerprint_in(name) not in named]
            )


def _named_uploads(tx: Transaction, kept: Kept, home: Path) -> tuple[set[Path], set[Path]]:
    """Return the recordings of contacts, and all files of contacts that must stay."""
    stays = or_(*kept.keeps_contact().values())
    recordings: set[Path] = set()
    held: set[Path] = set()
    for is_held in (True, False):
        query = select(tables.contact.c.document).where(uploaded(home), stays if is_held else not_(stays))
        for document in tx.connection.execute(query.execution_options(yield_per=200)).scalars():
            contact = load(Contact, document)
            files = {path for source in contact.sources if (path := in_uploads(source.uri, home))}
            recordings |= files & set(audio_files(contact, home))
            held |= files if is_held else set()
    return recordings, held


def _files_below(folder: Path) -> Iterator[Path]:
    root = folder.resolve()
    return (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())


def _changed_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.max.replace(tzinfo=UTC)


def _remove(path: Path, root: Path) -> int:
    # What was noted may have been edited: nothing outside the home folder is ever touched.
    if not path.resolve().is_relative_to(root):
        raise StoreError(
            N_("{path} lies outside the home folder and is not removed."),
            hint=N_("Somebody has changed the list of files to remove; restore the database from a backup."),
            path=path,
        )
    return remove_file(path)
