"""What is kept for a short while only."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from qa_pipeline.services.housekeeping import TidiedUp, tidy_up
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
    assert tidy_up(store, tmp_path, NOW) == TidiedUp(answers=1, uploads=1)
    assert [path.name for path in (tmp_path / "b-1").iterdir()] == [".arriving-fresh"]
    with store.reading() as tx:
        assert (tx.answers.find("u", "old"), tx.answers.find("u", "fresh") is not None) == (None, True)
    assert tidy_up(store, tmp_path / "nowhere", NOW) == TidiedUp(answers=0, uploads=0)
