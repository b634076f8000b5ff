"""``callqa plan`` as people type it: by the runs of a home, by a file, measured now, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.batch_memory import make_contact, speech
from callqa.cli.main import main
from callqa.settings import read_settings
from qa_pipeline.services.capacity.costs import list_costs
from qa_pipeline.store import open_store
from tests.callqa.commands import run
from tests.conftest import ZONE

PLAN = ("plan", "--calls-per-day", "20000", "--minutes", "0.05")
SAID = "the worker of an earlier test may have loaded the models already"


@pytest.fixture
def scored(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of six short calls with their words, scored into the home in this process."""
    monkeypatch.setenv("CALLQA_BATCH__WORKERS", "0")
    calls = tmp_path / "calls"
    calls.mkdir()
    samples = speech()
    for number in range(6):
        make_contact(calls, number, samples)
    assert run(capsys, "score", str(calls))[0] == 0
    return calls


def test_the_runs_of_the_home_tell_what_a_site_needs(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, *PLAN, "--machine", "cores=4,memory_gb=16,disk_gb=1", "--retention-days", "30")
    assert code == 0
    costs = found["costs"]
    assert (costs["engine"], costs["runs"], costs["workers"], costs["database"]) == ("import", 1, 1, "sqlite")
    assert costs["contacts"] in (5, 6), SAID
    assert costs["mean_minutes"] == pytest.approx(len(speech()) / 8000 / 60)
    # So many samples on 2 channels of 2 bytes, and a head; planned are calls of 3 s.
    scale = 3 * 8000 / len(speech())
    assert costs["bytes"]["recording"] == pytest.approx((len(speech()) * 4 + 44) * scale)
    assert costs["work_s"]["value"] == pytest.approx(sum(one["value"] for one in costs["stages_s"].values()))
    assert found["core_hours_per_day"]["value"] == pytest.approx(20_000 * costs["work_s"]["value"] / 3600)
    assert found["workers_per_machine"] == 4
    assert [row["calls_per_day"] for row in found["volumes"]] == [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
    machines = [row["machines"]["value"] for row in found["volumes"]]
    assert machines == sorted(machines)
    # 20,000 recordings of 96 kB for 30 days are more than a gigabyte.
    assert {one["name"]: one["reached"] for one in found["limits"]}["disk"]


def test_a_batch_that_finds_its_work_done_tells_no_costs(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Scored again by another card, with all artifacts there, a call costs next to nothing: that is no measurement."""
    settings = read_settings()
    again = run(capsys, "score", str(scored), "--scorecard", "phone-zh")[1]
    assert again["done"] == 6
    store = open_store(settings.store_url, ZONE)
    with store.reading() as tx:
        costs = list_costs(tx)
        assert len(tx.runs.list_totals(10)) == 2
    store.close()
    (kept,) = costs
    assert (kept.contacts, kept.ingested) == (6, 6)


def test_costs_travel_in_a_file(scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "costs.json"
    _, here = run(capsys, *PLAN, "--save-costs", str(file))
    _, there = run(capsys, "--home", str(tmp_path / "other"), *PLAN, "--costs", str(file), "--engine", "import")
    assert there["costs"] == here["costs"]
    assert there["machines"] == here["machines"]
    for broken, field in (
        ("", "costs"),
        ('{"callqa_costs": 1, "machine": "x", "measured": [{"workers": 0}]}', "measured.0.workers"),
        (file.read_text().replace('"busy_s": ', '"busy_s": -'), "measured.0.busy_s"),
    ):
        file.write_text(broken)
        code, found = run(capsys, *PLAN, "--costs", str(file))
        assert (code, found["error"]["file"], found["error"]["field"]) == (2, str(file), field)


def test_people_read_the_same_in_tables(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(list(PLAN)) == 0
    printed = capsys.readouterr().out
    for text in ("decode, detect speech", "homes (databases)", "10,000,000", "one home", "Intervals are 95 %"):
        assert text in printed


def test_without_a_measurement_it_says_what_to_run(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, *PLAN, "--engine", "pocketsphinx")
    assert (code, found["error"]["type"]) == (1, "NotFound")
    assert found["error"]["message"] == (
        "No costs are measured for the engine pocketsphinx: 0 calls, and 3 are needed."
    )
    assert "--measure" in found["error"]["hint"]


def test_an_engine_without_weights_is_not_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQA_BATCH__WORKERS", "0")
    monkeypatch.setenv("CALLQA_ASR__OFFLINE", "1")
    code, found = run(capsys, *PLAN, "--engine", "sherpa-onnx", "--measure")
    assert (code, found["error"]["type"]) == (1, "EngineError")


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--minutes", "nan"), "minutes"),
        (("--minutes", "0"), "minutes"),
        (("--hours", "25"), "hours"),
        (("--headroom", "1"), "headroom"),
        (("--machine", "cores=0"), "machine cores"),
        (("--machine", "memory_gb=much"), "machine memory_gb"),
        (("--machine", "cores=2,cores=4"), "machine"),
        (("--machine", "core=2"), "machine"),
        (("--engine", "whisperx"), None),
        (("--costs", "no-such.json"), "costs"),
        (("--costs", "x.json", "--measure"), "costs"),
    ],
)
def test_wrong_options_are_named(
    arguments: tuple[str, ...], field: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = run(capsys, *PLAN, *arguments)
    assert (code, found["error"].get("field")) == (2, field), json.dumps(found)


def test_measuring_now_scores_the_shipped_calls_and_keeps_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQA_BATCH__WORKERS", "0")
    code, found = run(capsys, *PLAN, "--engine", "import", "--measure")
    assert code == 0
    assert (found["costs"]["engine"], found["costs"]["workers"]) == ("import", 1)
    assert found["costs"]["contacts"] in (7, 8), SAID
    store = open_store(read_settings().store_url, ZONE)
    with store.reading() as tx:
        assert (tx.contacts.count(), tx.runs.list_totals(10)) == (0, [])
    store.close()
    assert not read_settings().artifacts.exists()
