"""The cycle by its commands, from the goals to the end of the appeals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.main import main
from callqa.settings import read_settings
from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.store import open_store
from tests.callqa.commands import run
from tests.factories import agents, month_of_contacts

PERIOD = "2025-10"  # long over, so that it can be closed on any day on which the tests run


@pytest.fixture(autouse=True)
def site() -> None:
    """October of six agents with satisfaction and resolution, and twelve inspected calls each."""
    settings = read_settings()
    store = open_store(settings.store_url, settings.zone)
    with store.transaction() as tx:
        tx.runs.start("r1", "score")
        for one in agents():
            tx.agents.put(one)
        for contact, inspection in month_of_contacts():
            assert contact.started_at is not None
            tx.contacts.put(replace(contact, started_at=contact.started_at.replace(year=2025)))
            tx.inspections.add(inspection, "r1")
        for number in range(1, 7):
            tx.kpis.put(_kpi(f"A0{number}", 0.8 + 0.02 * number))
    store.close()


def _kpi(agent_id: str, value: float, indicator: str = "csat") -> KpiRecord:
    return KpiRecord(
        indicator=indicator, agent_id=agent_id, period=PERIOD, value=round(value, 2), n=200, source="kpi.csv"
    )


def done(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    code, document = run(capsys, *arguments)
    assert code == 0, document
    return document


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    code, document = run(capsys, *arguments)
    assert code == 1, document
    error: dict[str, str] = document["error"]
    return error


def publish(capsys: pytest.CaptureFixture[str]) -> Any:
    done(capsys, "periods", "open", PERIOD, "--by", "Chen")
    done(capsys, "evaluate", "--period", PERIOD)
    done(capsys, "periods", "close", PERIOD, "--by", "Chen")
    return done(capsys, "periods", "publish", PERIOD, "--by", "Chen")


def test_plans(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "plans", "propose", "--period", PERIOD, "--by", "Wu")[0] == 2
    found = done(capsys, "plans", "propose", "--period", PERIOD, "--all", "--by", "Wu")
    assert {one["outcome"] for one in found["plans"]} == {"proposed"} and len(found["plans"]) == 6
    done(capsys, "plans", "confirm", "--period", PERIOD, "--agent", "A01", "--by", "A01")
    error = refused(capsys, "plans", "confirm", "--period", PERIOD, "--agent", "A02", "--by", "A01")
    assert (error["type"], error["message"]) == ("NotAllowed", "Only A02 may take the step 'Confirm'.")
    in_chinese = refused(
        capsys, "plans", "confirm", "--period", PERIOD, "--agent", "A02", "--by", "A01", "--lang", "zh"
    )
    assert "本人确认" in in_chinese["message"]
    disputed = ("plans", "dispute", "--period", PERIOD, "--agent", "A02", "--by", "A02", "--reason", "too high")
    assert done(capsys, *disputed)["state"] == "disputed"
    states = [one["state"] for one in done(capsys, "plans", "list", "--period", PERIOD)["plans"]]
    assert states == ["confirmed", "disputed", "proposed", "proposed", "proposed", "proposed"]
    assert done(capsys, "periods", "show", PERIOD)["plans"] == {"confirmed": 1, "disputed": 1, "proposed": 4}
    notes = {
        one["agent"]: " ".join(one["notes"]) for one in done(capsys, "evaluate", "--period", PERIOD)["evaluations"]
    }
    assert "disputes the indicators of this period: too high" in notes["A02"]
    assert "has not confirmed the indicators" in notes["A03"]
    assert "only, after the end of the period" in notes["A01"]


def test_a_period_from_its_opening_to_a_correction(capsys: pytest.CaptureFixture[str]) -> None:
    done(capsys, "periods", "open", PERIOD, "--by", "Chen")
    error = refused(capsys, "periods", "close", PERIOD, "--by", "Chen")
    assert error["message"].startswith("6 agents of 2025-10 are not evaluated: A01, A02")
    running = done(capsys, "running", "--period", PERIOD, "--agent", "A01")
    csat = next(one for one in running["items"] if one["indicator"] == "csat")
    assert (csat["value"], csat["n"], csat["needed"] is not None) == (0.82, 200, True)
    done(capsys, "evaluate", "--period", PERIOD)
    done(capsys, "periods", "close", PERIOD, "--by", "Chen")
    assert refused(capsys, "running", "--period", PERIOD, "--agent", "A01")["type"] == "Conflict"
    assert done(capsys, "periods", "publish", PERIOD, "--by", "Chen")["published"] == 6

    settings = read_settings()
    store = open_store(settings.store_url, settings.zone)
    with store.transaction() as tx:
        tx.kpis.put(_kpi("A02", 0.95))
    store.close()
    assert "A02" in done(capsys, "periods", "show", PERIOD)["changed"]
    assert done(capsys, "results", "show", "--period", PERIOD, "--agent", "A02")["version"] == 1
    correct = ("periods", "correct", PERIOD, "--agent", "A02", "--reason", "late survey", "--by", "Chen")
    found = done(capsys, *correct)
    assert {"indicator": "csat", "field": "value", "before": 0.84, "after": 0.95} in found["changes"]
    shown = done(capsys, "results", "show", "--period", PERIOD, "--agent", "A02")
    assert (shown["version"], [one["reason"] for one in shown["versions"]]) == (2, ["", "late survey"])
    first = done(capsys, "results", "show", "--period", PERIOD, "--agent", "A02", "--version", "1")
    assert next(one["value"] for one in first["items"] if one["indicator"] == "csat") == 0.84
    assert refused(capsys, "results", "show", "--period", PERIOD, "--agent", "A02", "--version", "3")["hint"]
    assert refused(capsys, *correct)["message"].startswith("Today's inputs give the published result of A02")


def test_an_appeal_by_commands(capsys: pytest.CaptureFixture[str]) -> None:
    publish(capsys)
    items = done(capsys, "appeals", "items", "--agent", "A05", "--period", PERIOD)["items"]
    assert any(one["indicator"] == "csat" for one in items)
    statement = ("--statement", "the survey was of another day", "--by", "A05")
    appeal = ("appeals", "file", "--agent", "A05", "--period", PERIOD, "--indicator", "csat", *statement)
    filed = done(capsys, *appeal)
    assert (filed["state"], filed["open"], filed["overdue"]) == ("filed", True, False)
    assert refused(capsys, *appeal)["type"] == "Conflict"
    sheet = done(capsys, "appeals", "sheet", filed["id"], "--by", "Lin")
    assert (sheet["indicator"], sheet["n"], sheet["source"]) == ("csat", 200, "kpi.csv")
    assert not {"agent", "value", "attainment", "contested"} & set(sheet)
    decide = ("appeals", "decide", filed["id"], "--reason", "the export is right", "--outcome", "rejected")
    assert refused(capsys, *decide, "--by", "A05")["type"] == "NotAllowed"
    assert done(capsys, *decide, "--by", "Lin")["state"] == "decided"
    done(capsys, "appeals", "escalate", filed["id"], "--by", "A05", "--reason", "please look again")
    assert refused(capsys, *decide, "--instance", "2", "--by", "Lin")["type"] == "NotAllowed"
    final = done(capsys, *decide, "--instance", "2", "--by", "Zhao")
    assert (final["state"], [one["by"] for one in final["decisions"]]) == ("final", ["Lin", "Zhao"])
    assert [one["id"] for one in done(capsys, "appeals", "list", "--period", PERIOD)["appeals"]] == [filed["id"]]
    assert "Appeals may be filed until" in refused(capsys, "periods", "finish", PERIOD, "--by", "Chen")["message"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_people_get_text_in_both_languages(capsys: pytest.CaptureFixture[str], language: str) -> None:
    publish(capsys)
    statement = ("--statement", "the survey was of another day", "--by", "A05")
    appeal = ("appeals", "file", "--agent", "A05", "--period", PERIOD, "--indicator", "csat", *statement)
    filed = done(capsys, *appeal)["id"]
    commands = (
        ("periods", "open", "2026-01", "--by", "Chen"),
        ("plans", "propose", "--period", "2026-01", "--all", "--by", "Wu"),
        ("plans", "confirm", "--period", "2026-01", "--agent", "A01", "--by", "A01"),
        ("plans", "list"),
        ("periods", "show", PERIOD),
        ("results", "show", "--agent", "A05", "--period", PERIOD),
        ("appeals", "items", "--agent", "A05", "--period", PERIOD),
        ("appeals", "list"),
        ("appeals", "sheet", filed, "--by", "Lin"),
        ("appeals", "decide", filed, "--outcome", "rejected", "--reason", "looked", "--by", "Lin"),
        ("appeals", "show", filed),
    )
    for command in commands:
        assert main([*command, "--lang", language]) == 0, command
        assert capsys.readouterr().out.strip(), command
    assert main(["periods", "show", PERIOD, "--lang", language]) == 0
    assert {"zh": "已公布", "en": "published"}[language] in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        ("periods", "open", PERIOD),
        ("plans", "propose", "--period", PERIOD, "--all"),
        ("samples", "draw", "--period", PERIOD, "--kind", "random"),
        ("calibration", "hold", "zh-telephone", "greeting", "--reason", "x"),
        ("awards", "approve", "x"),
        ("appeals", "accept", "x"),
        ("incidents", "withdraw", "x", "--reason", "x"),
    ],
)
def test_a_blank_name_is_a_mistake_in_the_command(capsys: pytest.CaptureFixture[str], command: tuple[str, ...]) -> None:
    code, document = run(capsys, *command, "--by", " ")
    assert (code, document["error"]["type"], document["error"]["field"]) == (2, "ConfigurationError", "by")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("plans", "list"), "There are no goal plans."),
        (("appeals", "list"), "There are no appeals."),
        (("plans", "propose", "--period", PERIOD, "--all", "--by", "Wu"), "No agent is known yet"),
    ],
)
def test_lists_of_nothing_say_so(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.setenv("CALLQA_HOME", str(tmp_path / "empty"))
    assert main([*command, "--lang", "en"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(words)
    assert "┏" not in printed
