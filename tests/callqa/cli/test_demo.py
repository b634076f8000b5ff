"""``callqa demo`` runs the real services over the real set; most English calls have transcripts here, to be quick."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callqa.cli.main import main
from callqa.demo import DATA, install_set
from coaching.effect.cohorts import TOTAL, read_effect, read_lists
from coaching.effect.verdict import Verdict
from coaching.plans import list_plans as list_coaching_plans
from coaching.risk.runs import latest_list
from qa_pipeline.domain.contact import Contact, ContactKind
from qa_pipeline.services.awards import list_proposals
from qa_pipeline.services.calibration.sessions import list_sessions
from qa_pipeline.services.cycle.advance import states_of
from qa_pipeline.services.cycle.periods import MACHINE
from qa_pipeline.services.cycle.plans import list_plans
from qa_pipeline.store import Transaction, open_store
from tools.demo_set.dialogues import read_calls


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CALLQA_BATCH__WORKERS", "0")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The test's home with the set in it, and a transcript beside each English call but one."""
    found = tmp_path / "home"
    shutil.copytree(DATA, found / "demo")
    for call in read_calls("calls_en.yaml", "en"):
        if call.id != "EN1011":  # the shortest goes through the embedded engine
            lines = [f"{turn.role}: {turn.text}\n" for turn in call.spoken]
            (found / "demo" / "recordings" / f"{call.id}.txt").write_text("".join(lines), encoding="utf-8")
    return found


def run_json(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = main(["demo", "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_the_whole_way_and_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    printed = capsys.readouterr().out
    # 11 English calls, 8 of the 9 Chinese ones, 57 chats.
    assert "19 calls and 57 chats" in printed
    assert "serve --home home" in printed
    reports = [home / "reports" / f"2026-10-{language}.html" for language in ("en", "zh")]
    assert all(str(path) in printed and path.stat().st_size > 10_000 for path in reports)

    assert all(f"demo-{who}" in printed for who in ("agent", "supervisor", "qa", "hr", "admin"))
    _something_for_everybody(home)

    code, document = run_json(capsys)
    assert (code, document["done"], document["skipped"]) == (0, 0, 76)
    _something_for_everybody(home)  # and nothing twice
    assert document["contacts"] == {"call": 19, "chat": 57}
    assert [Path(item["path"]).name for item in document["pending"]] == ["ZH2009.flac"]
    assert sorted(Path(item["path"]).name for item in document["failed"]) == ["night-0415.wav", "readme-copy.wav"]
    assert {"EN1005", "ZH2005"} <= set(document["flags"]["red_line"])
    # Four leads need no contacts. Eight agents have at least three contacts in October, none that many before.
    assert document["evaluations"] == {"2026-08": 4, "2026-09": 4, "2026-10": 12}
    # 20 agents, 3 months, 11 indicators: calls handled, 5 shares, 4 other numbers, attendance.
    assert document["kpis"] == {"imported": 0, "unchanged": 660, "rejected": 0}
    assert document["reviews"] == {"imported": 0, "unchanged": 43, "rejected": 0}
    # 20 agents, one of whom changes teams. 14 rate themselves and are rated by a lead on 3 items, 2 new ones on 2; 4
    # leads are rated on 2 items by themselves, one manager, 4 of their team and 3 other leads.
    assert document["assignments"] == {"imported": 0, "unchanged": 21, "rejected": 0}
    assert document["ratings"] == {"imported": 0, "unchanged": 14 * 2 * 3 + 2 * 2 * 2 + 4 * 9 * 2, "rejected": 0}
    assert document["incidents"] == {"imported": 0, "unchanged": 4, "rejected": 0}


def _something_for_everybody(home: Path) -> None:
    """Check that there is one thing of each kind that waits for somebody."""
    store = open_store(f"sqlite:///{home / 'callqa.db'}", ZoneInfo("Asia/Shanghai"))
    with store.reading() as tx:
        states = states_of(tx, MACHINE, ("2026-09", "2026-10", "2026-11"))
        assert states == {"2026-09": "published", "2026-10": "published", "2026-11": "open"}
        own = tx.publications.latest("2026-10", ["A202"])
        assert [one.evaluation.total is not None for one in own] == [True]
        assert [one.agent_id for one in tx.appeals.list("2026-10")] == ["A202"]
        assert [one.agent_id for one in tx.talks.list(None, None)] == ["A202"]
        # 成都二组 has five people; the lead and two new ones get their plans too.
        assert len(list_plans(tx, "2026-11")) == 5
        assert len(list_sessions(tx)) == 1
        assert tx.jobs.count() == 1
        assert len(tx.webhooks.list()) == 1
        assert [(one.plan.agent_id, one.state) for one in list_coaching_plans(tx)] == [("A202", "offered")]
        _two_years_of_another_floor(tx)
    assert list_proposals(store, datetime.now(UTC))
    store.close()


def _two_years_of_another_floor(tx: Transaction) -> None:
    """Check what HR sees of it: whom to support, and that coaching helped."""
    listed = latest_list(tx)  # raises where the checklist is not complete
    assert listed is not None
    assert (listed.run.as_of, listed.run.gate, len(tx.risk.runs())) == ("2026-10", "open", 1)
    agents = {one.agent_id: one for one in listed.predictions}
    # All 20 of the demo's own people, and of 60 posts those that nobody left in October.
    left = [one for one in tx.risk.departures() if f"{one.left_on:%Y-%m}" == "2026-10"]
    assert len(agents) == 20 + 60 - len(left)
    assert 1 <= sum(one.band == "now" for one in listed.predictions) <= 5
    assert agents["A202"].inputs["overtime_above_team"] is not None
    assert next(iter(tx.risk.models())).exits >= 30
    (waiting,) = tx.waiting_lists.list()
    # The other floor has scores of inspections; the demo's own evaluations are of three months.
    assert [one.verdict for one in read_lists(tx, [waiting])] == [Verdict.HELPED]
    assert [one.verdict for one in read_lists(tx, [waiting], TOTAL)] == [Verdict.CANNOT_TELL]
    assert read_effect(tx).verdict is Verdict.CANNOT_TELL


def test_unexpected_pending_calls_are_an_incomplete_run_and_the_home_lies_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALLQA_HOME")
    monkeypatch.setenv("CALLQA_ASR__ENGINE", "import")
    code, document = run_json(capsys)
    assert code == 3
    # All English calls and the Chinese one without a transcript.
    assert len(document["pending"]) == 12
    assert document["home"] == str(tmp_path / ".demo")
    assert (tmp_path / ".demo" / "callqa.db").is_file()


def test_invented_contacts_are_not_mixed_with_the_users_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own_home = tmp_path / "home"
    store = open_store(f"sqlite:///{own_home / 'callqa.db'}", ZoneInfo("Asia/Shanghai"))
    with store.transaction() as tx:
        tx.contacts.put(Contact(id="own", kind=ContactKind.CALL, sources=()))
    store.close()
    code, document = run_json(capsys)
    assert code == 2
    assert document["error"]["file"] == str(own_home)
    assert not (own_home / "demo").exists()


def test_copying_again_keeps_what_is_there_and_refuses_another_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'home' / 'callqa.db'}", ZoneInfo("Asia/Shanghai"))
    installed = install_set(tmp_path / "home", store)
    own = installed.recordings / "mine.txt"
    own.write_text("agent: hello\n", encoding="utf-8")
    (installed.recordings / "EN1001.flac").unlink()
    assert install_set(tmp_path / "home", store) == installed
    store.close()
    assert own.is_file()
    assert (installed.recordings / "EN1001.flac").read_bytes() == (DATA / "recordings" / "EN1001.flac").read_bytes()

    older = installed.chats / "shop-en.csv"
    older.write_text("of an older version", encoding="utf-8")
    code, document = run_json(capsys)
    assert code == 2
    assert document["error"]["file"] == str(older)
