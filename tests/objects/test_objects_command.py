"""A site whose stage outputs lie in a bucket: everything that people do with them works as with a folder."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from api.readiness import check_all
from benchmarks.faults.whole import write_night
from callqa import site_wiring, wiring
from callqa.cli.main import main
from callqa.server import application
from callqa.settings import read_settings
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import ConfigurationError
from tests.accounts import an_account
from tests.api.conftest import client_of
from tests.callqa.commands import run
from tests.objects.server import BUCKET, S3Server

SPEECH = Path(__file__).parents[1] / "data" / "speech"
CHATS = 3


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Three transcripts, and a recording with what was said in it."""
    folder = write_night(tmp_path / "calls", CHATS)
    shutil.copy(SPEECH / "number_8k.flac", folder / "order.flac")
    said = [{"speaker": "agent", "start": 0.5, "end": 3, "text": "Hello, A01 speaking, what is your order number?"}]
    (folder / "order.json").write_text(json.dumps({"segments": said}))
    (folder / "calls.csv").write_text("audio_file,started_at,agent_id\norder.flac,2020-08-03 10:00,A01\n")
    return folder


def of_stage(s3: S3Server, stage: str, site: str = "site") -> list[str]:
    return [name for name in s3.names() if name.startswith(f"{site}/{stage}/")]


def test_a_site_lives_with_its_stage_outputs_in_a_bucket(
    s3: S3Server,
    site_url: str,
    calls: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, run_of = run(capsys, "score", str(calls), "--metadata", str(calls / "calls.csv"), "--workers", "0")
    assert (code, run_of["done"], run_of["failed"]) == (0, CHATS + 1, []), run_of
    assert not (tmp_path / "home" / "artifacts").exists()
    assert [len(of_stage(s3, stage)) for stage in ("annotate", "transcribe", "listen")] == [CHATS + 1, CHATS + 1, 1]

    settings = read_settings()
    store = site_wiring.service_store(settings)
    app = application(settings, store)
    with client_of(app, an_account(StaffRole.QA)) as client:
        (listed,) = [one for one in client.get("/api/v1/contacts").json()["contacts"] if "order" in one["id"]]
        shown = client.get(f"/api/v1/contacts/{listed['id']}").json()
    assert shown["transcript"]["utterances"][0]["text"].startswith("Hello")
    assert [one.name for one in check_all(app.state.sources, datetime.now(UTC)) if one.problem] == []

    # A backup goes into another bucket's prefix, and a check finds it whole there.
    file = str(tmp_path / "site.zip")
    assert run(capsys, "db", "backup", file, "--artifacts")[1]["artifacts"] == len(s3.names())
    monkeypatch.setenv("CALLQA_ARTIFACTS_URL", f"s3://{BUCKET}/copy")
    home = ("--home", str(tmp_path / "copy"))
    assert run(capsys, "db", "restore", file, "--artifacts", *home)[0] == 0
    code, found = run(capsys, "db", "check", *home)
    assert (code, found["artifacts"], found["unnamed_files"], found["faults"]) == (0, 2 * (CHATS + 1) + 1, 0, [])
    missing = of_stage(s3, "annotate", "copy")[0]
    s3.client.delete_object(Bucket=BUCKET, Key=missing)
    code, found = run(capsys, "db", "check", *home)
    assert (code, [one["kind"] for one in found["faults"]]) == (3, ["artifacts"])
    assert f"s3://{BUCKET}/{missing}" in found["faults"][0]["problem"]

    # Words are found again, given to the person, and go with the name: the masked ones stay.
    monkeypatch.setenv("CALLQA_ARTIFACTS_URL", site_url)
    assert run(capsys, "search", "order number", "--reindex")[1]["total"] == 1
    assert run(capsys, "people", "export", "A01", "--out", file)[0] == 0
    with ZipFile(file) as archive:
        assert any(b"what is your order number" in archive.read(name) for name in archive.namelist())
    code, _ = run(capsys, "people", "erase", "A01", "--by", "dpo", "--reason", "Asked.", "--yes")
    assert (code, [len(of_stage(s3, stage)) for stage in ("annotate", "transcribe")]) == (0, [CHATS + 1, CHATS])

    # What is due goes from the bucket: the one call that has a date, of 2020.
    monkeypatch.setenv("CALLQA_RETENTION__CONTACT_DAYS", "365")
    (planned, *_) = run(capsys, "retention", "plan")[1]["rules"]
    assert (planned["count"], planned["bytes"] > 0) == (1, True)
    (deleted,) = run(capsys, "retention", "apply", "--by", "dpo")[1]["deleted"]
    assert (deleted["subjects"], deleted["files"]) == (1, 3)
    assert [len(of_stage(s3, stage)) for stage in ("annotate", "transcribe", "listen")] == [CHATS, CHATS, 0]
    store.close()


def test_a_server_that_goes_in_the_middle_ends_the_batch_and_the_same_command_goes_on(
    s3: S3Server, site_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    night = write_night(tmp_path / "night", 12)
    s3.puts_left = 1 + 7  # the first tells whether anything can be put
    code = main(["score", str(night), "--workers", "2", "--json"])
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert (code, error["type"], "Traceback" in printed.err) == (1, "StoreError", False)
    assert f"{site_url} cannot be used" in error["message"]
    assert "nothing is lost" in error["hint"]
    doctor = run(capsys, "doctor")
    assert (doctor[0], doctor[1]["artifacts"]["ok"]) == (1, False)

    s3.start()
    s3.lead_here(monkeypatch)
    assert len(s3.names()) == 7
    code, after = run(capsys, "score", str(night), "--workers", "0")
    assert (code, after["done"] + after["skipped"], after["failed"]) == (0, 12, [])
    code, found = run(capsys, "db", "check")
    assert (code, found["artifacts"], found["faults"]) == (0, 24, [])
    assert len(s3.names()) == 24, "none of them twice, and nothing that nobody names"


@pytest.mark.parametrize(
    ("bucket", "strictly", "said"), [("elsewhere", False, "is not there"), (BUCKET, True, "let us in")]
)
def test_a_wrong_bucket_or_credentials_are_told_before_work_begins(
    s3: S3Server,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    bucket: str,
    strictly: bool,
    said: str,
) -> None:
    monkeypatch.setenv("CALLQA_ARTIFACTS_URL", f"s3://{bucket}/site")
    night = write_night(tmp_path / "night", 1)
    settings = read_settings()
    store = site_wiring.service_store(settings)
    app = application(settings, store)
    s3.ask_who(strictly)
    try:
        refused = run(capsys, "score", str(night), "--workers", "0")
        doctor = run(capsys, "doctor")
        checks = {one.name: one.problem for one in check_all(app.state.sources, datetime.now(UTC))}
    finally:
        s3.ask_who(strictly=False)
    assert (refused[0], refused[1]["error"]["field"]) == (1, "artifacts_url")
    assert said in refused[1]["error"]["message"]
    with store.reading() as tx:
        assert tx.contacts.count() == 0
    assert (doctor[0], doctor[1]["artifacts"]["address"]) == (1, f"s3://{bucket}/site")
    assert said in doctor[1]["artifacts"]["hint"]
    assert said in (checks["artifacts"] or "")
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "s3://KEY:hidden-word@quality/site",
        "s3://quality/site?token=hidden-word",
        "s3://quality#hidden-word",
        "memory://quality",
        "simplecache::s3://quality",
        "file://server/folder",
        "s3://",
        "s3:///site",
    ],
)
def test_addresses_that_are_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLQA_ARTIFACTS_URL", url)
    with pytest.raises(ConfigurationError) as refused:
        read_settings()
    assert refused.value.field == "artifacts_url"
    assert "hidden-word" not in str(refused.value) + refused.value.render_hint()


def test_a_folder_may_be_named_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared place"
    for url in (str(shared), shared.as_uri()):
        monkeypatch.setenv("CALLQA_ARTIFACTS_URL", url)
        found = wiring.artifacts(read_settings())
        assert (found.where(), found.folder) == (str(shared), shared)
