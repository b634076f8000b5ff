"""``callqa work`` and ``callqa jobs``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from callqa.cli.main import main
from callqa.settings import read_settings
from qa_pipeline.domain.job import JobKind
from qa_pipeline.services.jobs import enqueue
from qa_pipeline.store import open_store
from tests.callqa.commands import run


@pytest.fixture
def job_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CALLQA_BATCH__WORKERS", "0")
    folder = tmp_path / "night"
    folder.mkdir()
    (folder / "c1.txt").write_text("agent: Hello, how may I help you?\ncustomer: My order has not come.\n")
    (folder / "bad.wav").write_bytes(b"no sound")
    settings = read_settings()
    store = open_store(settings.store_url, settings.zone)
    with store.transaction() as tx:
        made = enqueue(tx, JobKind.SCORE, {"folder": str(folder)}, by="qa", now=datetime.now(UTC))
    store.close()
    return made.id


def test_a_job_is_worked_on_and_shown(job_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "work", "--once") == (0, {"jobs": 1})
    code, shown = run(capsys, "jobs", "show", job_id)
    assert (code, shown["state"], shown["done"], shown["failed"]) == (0, "done", 1, 1)
    (bad,) = shown["items"]
    assert bad["path"].endswith("bad.wav")
    assert bad["problem"]
    code, listed = run(capsys, "jobs", "list", "--state", "done")
    assert [job["id"] for job in listed["jobs"]] == [job_id]
    assert main(["jobs", "show", job_id]) == 0
    assert "bad.wav" in capsys.readouterr().out


def test_a_job_that_waits_is_cancelled(job_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "jobs", "cancel", job_id, "--by", "wang") == (0, {"id": job_id, "state": "cancelled"})
    code, refused = run(capsys, "jobs", "cancel", job_id, "--by", "wang")
    assert (code, refused["error"]["type"]) == (1, "Conflict")
    assert run(capsys, "work", "--once") == (0, {"jobs": 0})
    code, missing = run(capsys, "jobs", "show", "none")
    assert (code, missing["error"]["type"]) == (1, "NotFound")


def test_no_jobs_are_said_to_be_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs", "list"]) == 0
    assert capsys.readouterr().out.strip()
