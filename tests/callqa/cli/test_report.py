"""``callqa report``, ``callqa coaching gaps`` and ``callqa serve`` as people call them."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from callqa import site_wiring
from callqa.cli.main import main
from callqa.settings import read_settings
from qa_pipeline.store import open_store
from tests import factories


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a month of contacts."""
    settings = read_settings(home=tmp_path / "home")
    store = open_store(settings.store_url, settings.zone)
    with store.transaction() as tx:
        tx.runs.start("r", "score")
        for contact, inspection in factories.month_of_contacts():
            tx.contacts.put(contact)
            tx.inspections.add(inspection, "r")
    store.close()
    return settings.home


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any]:
    """Run with --json; return the exit code and the document."""
    code = main([str(argument) for argument in arguments] + ["--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_report_is_written_in_the_language_asked_for(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r.html"
    code, document = run(capsys, "report", "--home", home, "--period", "2026-10", "--out", out, "--lang", "zh")
    assert code == 0
    assert (document["format"], document["contacts"], document["agents"]) == ("html", 72, 6)
    assert document["size_bytes"] == out.stat().st_size
    assert '<html lang="zh-CN">' in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("period", "name", "code", "kind"),
    [
        ("2026-10", "r.doc", 2, "ConfigurationError"),
        ("2026-13", "r.csv", 2, "ConfigurationError"),
        ("2026-09", "r.csv", 1, "NotFound"),
    ],
)
def test_mistakes_are_one_clear_error_and_no_file(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], period: str, name: str, code: int, kind: str
) -> None:
    found, document = run(capsys, "report", "--home", home, "--period", period, "--out", tmp_path / name)
    assert (found, document["error"]["type"]) == (code, kind)
    assert document["error"]["hint"]
    assert not (tmp_path / name).exists()


def test_coaching_gaps_name_criterion_share_advice_and_moments(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "coaching", "gaps", "--home", home, "--period", "2026-10")
    assert code == 0
    ((agent, (gap,)),) = [(each["agent"], each["gaps"]) for each in document["agents"]]
    assert (agent, gap["criterion"], gap["met"], gap["n"]) == ("A05", "greeting", 2, 12)
    assert gap["good"]["quote"].startswith("您好")
    code, document = run(capsys, "coaching", "gaps", "--home", home, "--period", "2026-10", "--agent", "A01")
    assert (code, document["agents"]) == (0, [])


def test_coaching_gaps_for_people(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coaching", "gaps", "--home", str(home), "--period", "2026-10"]) == 0
    text = capsys.readouterr().out
    assert "A05" in text
    assert "met 2 of 12" in text


def test_the_shipped_rules_make_a_rulebook(tmp_path: Path) -> None:
    rulebook = site_wiring.rulebook(read_settings(home=tmp_path))
    assert {card.id for card in rulebook.scorecards} == {"chat", "phone-en", "phone-zh"}
    assert rulebook.find_indicator("csat") is not None


def test_serve_refuses_other_addresses(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "serve", "--home", home, "--host", "0.0.0.0")
    assert (code, document["error"]["type"], document["error"]["field"]) == (2, "ConfigurationError", "host")


def test_serve_answers_on_a_free_port_and_ends_on_ctrl_c(home: Path) -> None:
    command = [sys.executable, "-m", "callqa", "serve", "--home", str(home), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = json.loads(process.stdout.readline())["address"]
            assert address.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(f"{address}api/v1/health", timeout=20) as answer:
                assert json.load(answer)["status"] == "ok"
            rebound = urllib.request.Request(f"{address}api/v1/contacts", headers={"Host": "evil.org"})
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(rebound, timeout=20)
            refused.value.close()
            assert refused.value.code == 421
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()


def test_serve_names_a_port_that_is_taken(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, document = run(capsys, "serve", "--home", home, "--port", port)
    assert (code, document["error"]["field"]) == (2, "port")
