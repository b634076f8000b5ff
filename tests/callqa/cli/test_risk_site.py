"""``callqa risk`` from personnel's tables to the list, as the person who answers for it runs it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.console import COULD_NOT_RUN, DONE, INCOMPLETE, USAGE, out
from callqa.cli.main import main
from coaching.simulation.centre import CentreSettings, simulate_centre
from coaching.simulation.files import CentreFiles, write_centre
from tests.callqa.commands import run

Capsys = pytest.CaptureFixture[str]
TERMS = ("--capacity", "3", "--cost", "100", "--effect", "0.25", "--replacement-cost", "20000")
BY = ("--by", "hr-zhao")
MONTH = ("--as-of", "2026-10")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> CentreFiles:
    """Sixty posts over a year, of which about forty are left by their holders' own will."""
    settings = CentreSettings(agents=60, teams=3, months=12, first_month="2025-11", monthly_exit_ratio=0.07, seed=3)
    return write_centre(simulate_centre(settings), tmp_path_factory.mktemp("files"))


@pytest.fixture
def proofs(tmp_path: Path) -> tuple[str, str]:
    """Both documents, filled in."""
    found = []
    for name in ("impact.md", "notice.md"):
        path = tmp_path / name
        path.write_text("We look at figures that often come before people leave. " * 10, encoding="utf-8")
        found.append(str(path))
    return found[0], found[1]


def bring_in(capsys: Capsys, files: CentreFiles) -> None:
    """Import who works where, who left, and personnel's figures."""
    for command, path in (
        (("assignments", "import"), files.assignments),
        (("risk", "departures"), files.departures),
        (("risk", "figures"), files.staff_months),
    ):
        assert run(capsys, *command, str(path))[0] == DONE


def open_module(capsys: Capsys, proofs: tuple[str, str]) -> Any:
    """Complete the checklist."""
    given = ("--impact-assessment", proofs[0], "--staff-notice", proofs[1], "--owner", "Zhao Lin")
    code, found = run(capsys, "risk", "checklist", "complete", *BY, *given)
    assert code == DONE
    return found


def test_from_tables_to_a_list(capsys: Capsys, files: CentreFiles, proofs: tuple[str, str]) -> None:
    bring_in(capsys, files)
    code, found = run(capsys, "risk", "fit", *BY, *MONTH)
    assert (code, found["error"]["type"]) == (COULD_NOT_RUN, "Conflict")
    checklist = open_module(capsys, proofs)
    assert (checklist["is_complete"], checklist["owner"], checklist["completed_by"]) == (True, "Zhao Lin", "hr-zhao")
    code, found = run(capsys, "risk", "fit", *BY, *MONTH)
    assert (code, found["as_of"], found["model"]["fitted_by"]) == (DONE, "2026-10", "hr-zhao")
    assert found["model"]["exits"] >= 30
    code, listed = run(capsys, "risk", "score", *BY, *MONTH, *TERMS)
    assert (code, listed["model"], listed["n"]) == (DONE, found["model"]["version"], len(listed["agents"]))
    assert listed["break_even"] == pytest.approx(0.02)  # 100 / (.25 x 20,000)
    for one in listed["agents"]:
        assert 0 <= one["probabilities"]["1"] <= one["probabilities"]["2"] <= one["probabilities"]["3"] <= 1
    above = [one for one in listed["agents"] if one["probabilities"]["3"] >= 0.02]
    assert [one["band"] for one in listed["agents"]].count("now") == min(3, len(above))
    code, said = run(capsys, "risk", "explain", "--agent", listed["agents"][0]["agent"])
    assert (code, said["runs"][0]["probabilities"]) == (DONE, listed["agents"][0]["probabilities"])
    code, watched = run(capsys, "risk", "monitor", *MONTH)
    assert (code, watched["model"]["version"]) == (DONE, listed["model"])
    assert watched["months"][-1]["month"] == "2026-09"  # of October it is not known yet
    code, found = run(capsys, "risk", "checklist", "withdraw", *BY)
    assert (code, found["is_complete"]) == (DONE, False)
    code, found = run(capsys, "risk", "explain", "--agent", listed["agents"][0]["agent"])
    assert (code, found["error"]["type"]) == (COULD_NOT_RUN, "Conflict")


@pytest.mark.parametrize(("language", "now"), [("zh", "现在支持"), ("en", "support now")])
def test_people_read_words_and_no_probability(
    capsys: Capsys, files: CentreFiles, proofs: tuple[str, str], language: str, now: str
) -> None:
    bring_in(capsys, files)
    open_module(capsys, proofs)
    printed = {}
    for name, *arguments in (
        ("show", "checklist", "show"),
        ("fit", "fit", *BY, *MONTH),
        ("score", "score", *BY, *MONTH, *TERMS),
        ("monitor", "monitor", *MONTH),
    ):
        capsys.readouterr()
        assert main(["risk", *arguments, "--lang", language]) == DONE
        printed[name] = capsys.readouterr().out
    assert printed["show"].count(".md") == 6  # both documents, and four templates
    assert now in printed["score"]
    assert "%" not in printed["score"]
    assert "2026-09" in printed["monitor"]
    agent = next(word for word in printed["score"].split() if word.startswith("S0"))
    capsys.readouterr()
    assert main(["risk", "explain", "--agent", agent, "--lang", language]) == DONE
    said = capsys.readouterr().out
    assert "log_tenure" not in said
    assert "%" not in said.replace("80%", "").replace("80 %", "")  # the limit of satisfied customers


def test_refused_rows_are_told_and_the_rest_is_kept(capsys: Capsys, files: CentreFiles, tmp_path: Path) -> None:
    bring_in(capsys, files)
    path = tmp_path / "left.csv"
    path.write_text("agent,last_day,kind\nS0001,2026-10-31,transfer\nS0001,soon,voluntary\nNobody,2026-10-01,leave\n")
    code, found = run(capsys, "risk", "departures", str(path))
    assert (code, found["imported"]) == (INCOMPLETE, 1)
    assert [(one["row"], one["field"]) for one in found["rejected"]] == [(3, "last_day"), (4, "agent")]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("risk", "fit", *BY, "--as-of", "2099-01"), "2099-01 is not over."),
        (("risk", "score", *BY, *TERMS, "--as-of", "2026"), "2026 is not a month."),
        (("risk", "monitor", "--as-of", "2099-01"), "2099-01 is not over."),
        (("risk", "explain", "--agent", "S0001"), "checklist is not complete"),
        (("risk", "checklist", "complete", *BY, "--staff-notice", "/nowhere.md"), "cannot be read"),
    ],
)
def test_what_cannot_be_is_told(capsys: Capsys, arguments: tuple[str, ...], told: str) -> None:
    code, found = run(capsys, *arguments)
    assert code in (COULD_NOT_RUN, USAGE)  # usage: what was asked for is wrong by itself
    assert told in found["error"]["message"]
    assert found["error"]["hint"]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_look_is_kept_though_the_reader_went_away(
    capsys: Capsys, monkeypatch: pytest.MonkeyPatch, files: CentreFiles, proofs: tuple[str, str], form: tuple[str, ...]
) -> None:
    """`callqa risk score … | head -1` has scored and shown."""
    bring_in(capsys, files)
    open_module(capsys, proofs)
    reader, writer = os.pipe()
    os.close(reader)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", os.fdopen(writer, "w"))
        patched.setattr(out, "quiet", False)  # rich silences it for good; later tests have readers again
        with suppress(SystemExit):  # of rich, when its reader is gone
            main(["risk", "score", *BY, *MONTH, *TERMS, *form])
    code, found = run(capsys, "audit", "list")
    assert code == DONE
    assert [entry["action"] for entry in found["entries"]].count("risk.score") == 1
