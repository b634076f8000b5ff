"""``validate coaching`` as a script calls it, and as people read it."""

from __future__ import annotations

import pytest

from callqa.cli.main import main
from tests.callqa.commands import run


def test_scenarios_and_bars_stand_in_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "validate", "coaching", "--repetitions", "10", "--seed", "3")
    assert code == 0
    assert (found["task"], found["repetitions"]) == ("coaching", 10)
    for each in found["scenarios"]:
        told = "power" if each["effect_points"] else "false_positives"
        assert each[told]["ci95"][0] <= each[told]["value"] <= each[told]["ci95"][1]
    assert {(each["design"], each["agents"]) for each in found["scenarios"]} == {
        (design, agents) for design in ("difference", "waiting_list") for agents in (60, 120, 300)
    }
    assert len(found["bars"]) == 6
    again = run(capsys, "validate", "coaching", "--repetitions", "10", "--seed", "3")[1]
    assert again == found


def test_people_read_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "coaching", "--repetitions", "10", "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "10 simulated centres" in shown
    assert "drawn waiting list" in shown
    assert "0.92" in shown
