"""``callqa score`` on recordings that something is wrong with: what their owner sees. docs/facts.md states the same."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from callqa import site_wiring, wiring
from callqa.cli.main import main
from callqa.settings import read_settings
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.store import open_store
from tests.accounts import an_account, bearer
from tests.qa_pipeline.audio.sounds import chords, clip, line, sines, wav_bytes, write

AGENT, CUSTOMER = clip("agent_8k"), clip("customer_8k")


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder of bad recordings, scored; its home and the printed document."""
    folder, home = tmp_path_factory.mktemp("night"), tmp_path_factory.mktemp("home")
    speech = line(12.0, [(1.0, AGENT), (8.0, AGENT)], noise=0.0005)
    answer = line(12.0, [(4.0, CUSTOMER)], noise=0.0005)
    whole = wav_bytes(np.stack([speech, answer]))
    (folder / "truncated.wav").write_bytes(whole[: len(whole) // 2])
    torn = bytearray(write(folder / "damaged.flac", np.stack([speech, answer])).read_bytes())
    torn[len(torn) // 2 : len(torn) // 2 + 200] = bytes(200)
    (folder / "damaged.flac").write_bytes(torn)
    write(folder / "one-empty-channel.wav", np.stack([speech, np.zeros_like(speech)]))
    write(folder / "loud.wav", np.stack([speech, answer]) * 30)
    write(folder / "silence.wav", np.zeros((2, 40_000), np.float32))
    write(folder / "fax.wav", np.stack([line(9.0, [(1.0, sines((1100,), 0.5)), (4.5, sines((1100,), 0.5))])] * 2))
    (folder / "notes.wav").write_text("agent: good morning\n" * 50)
    write(folder / "pair_agent.wav", speech)
    write(folder / "pair_customer.wav", answer[: 8 * 8000])
    held = line(30.0, [(1.0, AGENT), (5.0, chords(15.0)), (24.0, AGENT)])
    keyed = line(30.0, [(3.6, CUSTOMER), (27.0, sines((770, 1336), 0.1)), (27.3, sines((852, 1477), 0.1))])
    write(folder / "hold.wav", np.stack([held, keyed]))
    for name in ("truncated", "damaged", "one-empty-channel", "loud", "hold", "pair", "silence", "fax"):
        (folder / f"{name}.txt").write_text("agent: Good morning.\ncustomer: My line is dead.\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALLQA_HOME", str(home))
        printed = _printed("score", str(folder), "--language", "en")
    return home, printed


def _printed(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main([*arguments, "--workers", "0", "--json"])
    assert code == 3, out.getvalue()  # done, but some items failed
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def test_what_can_be_judged_is_judged_and_says_what_is_wrong(scored: tuple[Path, dict[str, Any]]) -> None:
    flags = {contact["id"]: set(contact["flags"]) for contact in scored[1]["contacts"]}
    assert set(flags) == {"truncated", "damaged", "one-empty-channel", "loud", "pair", "hold"}
    assert {name for name, raised in flags.items() if "audio_incomplete" in raised} == {"truncated", "damaged"}
    assert {name for name, raised in flags.items() if "clocks_differ" in raised} == {"pair"}


def test_what_holds_no_speech_is_named_with_a_reason(scored: tuple[Path, dict[str, Any]]) -> None:
    failed = {Path(item["path"]).name: item for item in scored[1]["failed"]}
    assert {name: item["type"] for name, item in failed.items()} == {
        "silence.wav": "NoSpeech", "fax.wav": "NoSpeech", "notes.wav": "NotAudio"
    }  # fmt: skip
    assert all(item["hint"] for item in failed.values())


def test_facts_and_sounds_are_shown(scored: tuple[Path, dict[str, Any]]) -> None:
    settings = read_settings(home=scored[0], lang="en")
    store = open_store(settings.store_url, settings.zone)
    app = create_app(
        store=store,
        artifacts=wiring.artifacts(settings),
        rulebook=site_wiring.rulebook(settings),
        site=site_wiring.site(settings),
        options=site_wiring.service_options(settings),
    )
    client = TestClient(app, base_url="http://localhost", headers=bearer(store, an_account(StaffRole.QA)))
    document = client.get("/api/v1/contacts/hold").json()
    facts = document["facts"]
    assert facts["hold_count"] == 1
    assert facts["hold_s"] == pytest.approx(24.0 - 5.3, abs=1.0)  # from the customer's last word to the agent's return
    assert len(facts["thirds"]) == 3
    assert [sound["kind"] for sound in document["sounds"]] == ["music", "dtmf"]
    page = client.get("/contacts/hold?lang=en").text
    for words in ("Time on hold", "By thirds of the call", "Sounds besides speech", "Music", "Keys pressed", "dBFS"):
        assert words in page
    empty = client.get("/api/v1/contacts/one-empty-channel").json()["facts"]
    assert (empty["customer_talk_s"], empty["customer_speech_db"]) == (0.0, None)
    assert client.get("/api/v1/contacts/pair").json()["facts"]["overlap_ratio"] is None


def test_times_are_not_judged_where_the_clocks_differ(scored: tuple[Path, dict[str, Any]]) -> None:
    contacts = {contact["id"]: contact for contact in scored[1]["contacts"]}
    outcomes = {name: {item["id"]: item["outcome"] for item in contacts[name]["criteria"]} for name in ("pair", "loud")}
    # The same words and sound, once in two files of 12 and 8 s, once in one file.
    assert outcomes["loud"]["no_interrupting"] == "met"
    assert outcomes["pair"]["no_interrupting"] == "undetermined"
