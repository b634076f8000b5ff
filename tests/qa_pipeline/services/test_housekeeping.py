"""What is kept for a short while only."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from qa_pipeline.services.housekeeping import TidiedUp, tidy_up
from qa_pipeline.services.jobs import draft, start
from qa_pipeline.store import Store
from qa_pipeline.store.answers import Answer

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_answers_and_broken_uploads_go_after_a_day(store: Store, tmp_path: Path) -> None:
    for name, age_h in (("fresh", 23), ("old", 25)):
        folder = tmp_path / "b-1" / f".arriving-{name}"
        folder.mkdir(parents=True)
        (folder / "call.wav").write_bytes(b"RIFF")
        at = NOW - timedelta(hours=age_h)
        os.utime(folder, (at.timestamp(), at.timestamp()))
        with store.transaction() as tx:
            tx.answers.add(Answer(user_id="u", key=name, request_digest="d", status=201, document=None, answered_at=at))
    assert tidy_up(store, tmp_path, NOW) == TidiedUp(answers=1, uploads=1, drafts=0)
    assert [path.name for path in (tmp_path / "b-1").iterdir()] == [".arriving-fresh"]
    with store.reading() as tx:
        assert (tx.answers.find("u", "old"), tx.answers.find("u", "fresh") is not None) == (None, True)
    assert tidy_up(store, tmp_path / "nowhere", NOW) == TidiedUp(answers=0, uploads=0, drafts=0)


def test_drafts_that_nobody_starts_go_after_a_week_with_their_files(store: Store, tmp_path: Path) -> None:
    # Made so many days ago, the last file so many: only what is older than a week by both goes; what was started stays.
    ages = {"old": (8, 8), "just": (6, 6), "goes on": (8, 1), "started": (8, 8), "empty": (8, None)}
    ids = {}
    for name, (made, last) in ages.items():
        with store.transaction() as tx:
            ids[name] = draft(tx, {"files": 0}, by="qa", now=NOW - timedelta(days=made)).id
        if last is not None:
            folder = tmp_path / ids[name]
            folder.mkdir()
            (folder / "call.wav").write_bytes(b"RIFF")
            at = (NOW - timedelta(days=last)).timestamp()
            os.utime(folder, (at, at))
    with store.transaction() as tx:
        start(tx, ids["started"])
    assert tidy_up(store, tmp_path, NOW) == TidiedUp(answers=0, uploads=0, drafts=2)
    kept = {ids[name] for name in ("just", "goes on", "started")}
    assert {path.name for path in tmp_path.iterdir() if path.is_dir() and path.name in ids.values()} == kept
    with store.reading() as tx:
        assert {job.id for job in tx.jobs.list()} == kept
        told = [row["subject"] for row in tx.audit.rows() if row["action"] == "batch.discard"]
    assert sorted(told) == sorted([ids["old"], ids["empty"]])
    assert tidy_up(store, tmp_path, NOW).drafts == 0
