"""``callqa awards`` as a user sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.main import main
from callqa.settings import read_settings
from qa_pipeline.store import open_store
from tests.qa_pipeline.appraisal.awards.results import evaluation, publication


@pytest.fixture(autouse=True)
def _published() -> None:
    settings = read_settings()
    opened = open_store(settings.store_url, settings.zone)
    with opened.transaction() as tx:
        tx.publications.add(publication(evaluation("A01", grade="A", resolution=(112.0, 2.0))))
        low = evaluation("A02", 65.0, group="below", attitude=(60.0, 4.0), resolution=(70.0, 3.0), grade="D")
        tx.publications.add(publication(low))
    opened.close()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main(["awards", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_propose_approve_and_the_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "propose", "--period", "2026-10")
    assert (code, document["new"], document["rules"]) == (0, 3, "standard@1")
    by_kind = {one["kind"]: one for one in document["proposals"]}
    assert set(by_kind) == {"points", "badge", "improvement_plan"}
    badge, plan = by_kind["badge"], by_kind["improvement_plan"]
    assert badge["title"] == {"zh": "解决能手", "en": "Problem solver"}
    assert badge["evidence"][0].startswith("First contact resolution: 112.0 points of attainment")
    assert badge["figures"][0]["ci95"] == pytest.approx([108.08, 115.92], abs=0.01)
    assert plan["due_on"] == "2026-11-10"

    ids = [by_kind["points"]["id"], badge["id"], plan["id"]]
    code, document = run(capsys, "approve", *ids, "--by", "Chen")
    assert code == 3
    assert [one["id"] for one in document["decided"]] == ids[:2]
    assert [one["id"] for one in document["refused"]] == [plan["id"]]
    assert "words of your own" in document["refused"][0]["message"]

    code, document = run(capsys, "points")
    assert (code, document["points"]) == (0, {"A01": 30.0})
    assert [entry["points"] for entry in document["ledger"]] == [20.0, 10.0]


def test_all_points_of_a_period_are_approved_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "propose", "--period", "2026-10")
    code, document = run(capsys, "approve", "--all-points-of", "2026-10", "--by", "Chen")
    assert (code, [one["kind"] for one in document["decided"]]) == (0, ["points"])
    assert main(["awards", "approve", "--by", "Chen"]) == 2
    assert "Say which proposals are meant." in capsys.readouterr().err


def test_people_read_tables_with_all_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    main(["awards", "propose", "--period", "2026-10"])
    told = capsys.readouterr().out
    assert "3 proposals, 3 of them new. Each waits for a person." in told
    assert "Best agent by the template front-line: 2 can be compared, 5 are needed." in told
    _, document = run(capsys, "list", "--agent", "A02")
    assert main(["awards", "show", document["proposals"][0]["id"]]) == 0
    told = capsys.readouterr().out
    assert "Improvement plan (proposed)" in told and "costs 18.0 points of the total" in told


def test_a_single_refusal_is_an_error_with_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["awards", "approve", "nothing", "--by", "Chen"]) == 1
    assert "There is no proposal with the id nothing." in capsys.readouterr().err
    assert main(["awards", "propose", "--period", "2026-09"]) == 1
    assert "Nothing of 2026-09 is published." in capsys.readouterr().err
    assert main(["awards", "propose", "--period", "2026-10", "--rules", "none"]) == 1
    assert "no award rules with the id none" in capsys.readouterr().err


def test_rules_with_money_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "check")
    assert (code, document["files"][0]["id"], document["files"][0]["errors"]) == (0, "standard", [])
    path = tmp_path / "own.yaml"
    shipped = Path("qa_pipeline/resources/awards/standard.yaml").read_text(encoding="utf-8")
    path.write_text(shipped.replace("Service star", "Service star for 200 yuan"), encoding="utf-8")
    code, document = run(capsys, "check", str(path))
    assert (code, document["files"][0]["errors"][0]["field"]) == (2, "money")
    assert main(["awards", "check", str(path)]) == 2
    assert "200 yuan" in capsys.readouterr().err
