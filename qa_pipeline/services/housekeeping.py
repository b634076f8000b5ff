"""What is kept for a short while only: answers to repeated requests, and files whose upload broke off."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from qa_pipeline.store import Store

# Programs repeat a request within minutes; an upload that has stood still for a day is not coming any more.
ANSWERS_KEPT = timedelta(hours=24)
ARRIVALS_KEPT = timedelta(hours=24)
ARRIVING = ".arriving-"  # how the folders of uploads that are under way begin


@dataclass(frozen=True, slots=True, kw_only=True)
class TidiedUp:
    """How many answers and broken uploads are gone."""

    answers: int
    uploads: int


def tidy_up(store: Store, uploads: Path, now: datetime) -> TidiedUp:
    """Forget answers from before a day ago, and remove what broke off while it arrived.

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
    return TidiedUp(answers=answers, uploads=len(broken))
