"""What is kept for a short while only: answers to repeated requests, broken uploads, and drafts that nobody starts."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from qa_pipeline.domain.audit import Event
from qa_pipeline.domain.job import Job, JobState
from qa_pipeline.errors import Conflict, NotFound
from qa_pipeline.services.jobs import discard
from qa_pipeline.store import Store

# Programs repeat a request within minutes; an upload that has stood still for a day is not coming any more.
ANSWERS_KEPT = timedelta(hours=24)
ARRIVALS_KEPT = timedelta(hours=24)
# Somebody who comes back after a weekend still finds the recordings sent; nothing else ends what was never scored.
DRAFTS_KEPT = timedelta(days=7)
ARRIVING = ".arriving-"  # how the folders of uploads that are under way begin


@dataclass(frozen=True, slots=True, kw_only=True)
class TidiedUp:
    """How many answers, broken uploads and drafts of batches are gone."""

    answers: int
    uploads: int
    drafts: int


def tidy_up(store: Store, uploads: Path, now: datetime) -> TidiedUp:
    """Forget answers from before a day ago, remove what broke off while it arrived, and drop old drafts of batches.

    Parameters
    ----------
    store : Store
    uploads : Path
        The folder of uploads; need not exist.
    now : datetime
    """
    with store.transaction() as tx:
        answers = tx.answers.forget(now - ANSWERS_KEPT)
    oldest = (now - ARRIVALS_KEPT).timestamp()
    broken = [path for path in uploads.glob(f"**/{ARRIVING}*") if path.is_dir() and path.stat().st_mtime < oldest]
    for path in broken:
        shutil.rmtree(path, ignore_errors=True)
    return TidiedUp(answers=answers, uploads=len(broken), drafts=_drop_drafts(store, uploads, now))


def _drop_drafts(store: Store, uploads: Path, now: datetime) -> int:
    """Drop drafts that are old and that no file has come to for as long, each with its entry in the audit."""
    with store.reading() as tx:
        drafts = [job for job in tx.jobs.list(states=[JobState.DRAFT]) if _stood_still(job, uploads, now)]
    count = 0
    for job in drafts:
        try:
            with store.transaction() as tx:
                discard(tx, job.id)
                event = Event(
                    actor="callqa",
                    role="",
                    action="batch.discard",
                    subject=job.id,
                    details={"days": DRAFTS_KEPT.days, "via": "job"},
                )
                tx.audit.append(event, now)
        except (Conflict, NotFound):
            continue  # somebody has started or dropped it just now
        shutil.rmtree(uploads / job.id, ignore_errors=True)
        count += 1
    return count


def _stood_still(job: Job, uploads: Path, now: datetime) -> bool:
    folder, oldest = uploads / job.id, now - DRAFTS_KEPT
    return job.created_at < oldest and (not folder.exists() or folder.stat().st_mtime < oldest.timestamp())
