"""``callqa kpi``, ``callqa evaluate`` and ``callqa templates`` as a user runs them: documents and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.main import main
from callqa.settings import read_settings
from qa_pipeline.kpi.catalogue import list_indicators
from qa_pipeline.store import open_store
from tests.factories import month_of_contacts

KPIS = "agent,period,csat,csat n,fcr,fcr n\nA01,2026-10,86%,120,82%,90\nA02,2026-10,4.6,120,79%,90\n"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "kpi.csv"
    path.write_text(KPIS, encoding="utf-8")
    return path


def test_import_reports_what_was_refused_and_ends_with_3(capsys: pytest.CaptureFixture[str], table: Path) -> None:
    code, document = run(capsys, "kpi", "import", str(table))
    assert code == 3
    assert (document["imported"], document["unchanged"]) == (3, 0)
    assert [(one["row"], one["field"]) for one in document["rejected"]] == [(3, "csat")]
    assert "satisfaction_rating" in document["rejected"][0]["message"]


def test_a_clean_import_ends_with_0_and_again_changes_nothing(capsys: pytest.CaptureFixture[str], table: Path) -> None:
    table.write_text(KPIS.replace("4.6", "91%"), encoding="utf-8")
    assert run(capsys, "kpi", "import", str(table))[0] == 0
    code, document = run(capsys, "kpi", "import", str(table))
    assert (code, document["imported"], document["unchanged"]) == (0, 0, 4)


def test_values_are_listed(capsys: pytest.CaptureFixture[str], table: Path) -> None:
    run(capsys, "kpi", "import", str(table))
    code, document = run(capsys, "kpi", "list", "--period", "2026-10", "--indicator", "csat")
    assert code == 0
    assert document["values"] == [
        {
            "agent": "A01",
            "period": "2026-10",
            "indicator": "csat",
            "value": 0.86,
            "n": 120,
            "sd": None,
            "source": "kpi.csv",
        }
    ]


def test_a_table_of_no_use_ends_with_1_and_a_wrong_mapping_with_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: Path
) -> None:
    site = tmp_path / "site.csv"
    site.write_text("Day,Answer rate\n1,94%\n", encoding="utf-8")
    code, document = run(capsys, "kpi", "import", str(site))
    assert (code, document["error"]["type"], document["error"]["field"]) == (1, "TableError", "agent")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("columns:\n  csat: joy\n", encoding="utf-8")
    code, document = run(capsys, "kpi", "import", str(table), "--mapping", str(mapping))
    assert (code, document["error"]["type"], document["error"]["row"]) == (2, "MappingError", 2)
    assert run(capsys, "kpi", "import", str(tmp_path / "absent.csv"))[0] == 1


def test_the_catalogue_is_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "kpi", "catalogue")
    assert code == 0
    by_id = {one["id"]: one for one in document["indicators"]}
    assert by_id["csat"]["target"] == 0.85
    assert by_id["average_handle_time"]["opposing"] == ["first_contact_resolution", "csat"]


@pytest.mark.parametrize("width", [80, 200])
def test_the_catalogue_cuts_no_id_in_a_narrow_window(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr("callqa.cli.console.out.width", width)
    assert main(["kpi", "catalogue", "--lang", "zh"]) == 0
    printed = capsys.readouterr().out
    assert all(definition.id in printed for definition in list_indicators())
    assert ("满意率" in printed) is (width == 200)


def test_evaluate_gives_the_document_of_the_contract(capsys: pytest.CaptureFixture[str], table: Path) -> None:
    settings = read_settings()
    store = open_store(settings.store_url, settings.zone)
    with store.transaction() as tx:
        tx.runs.start("r1", "score")
        for found, judged in month_of_contacts():
            tx.contacts.put(found)
            tx.inspections.add(judged, "r1")
    store.close()
    run(capsys, "kpi", "import", str(table))
    code, document = run(capsys, "evaluate", "--period", "2026-10")
    assert (code, document["period"], document["template"]) == (0, "2026-10", "front-line")
    one = next(found for found in document["evaluations"] if found["agent"] == "A01")
    assert one["ci95"][0] < one["total"] < one["ci95"][1]
    assert (one["grade"] in "ABCD", one["group"], one["n_contacts"], one["n_reviews"]) == (True, "within", 12, 0)
    assert set(one["dimensions"]) == {"performance", "ability", "attitude"}
    csat = one["dimensions"]["performance"]["items"][0]
    # (.86 - .85) / (.95 - .85) x 20 above 100
    assert (csat["indicator"], csat["attainment"]) == ("csat", pytest.approx(102.0))
    script = one["dimensions"]["ability"]["items"][0]
    assert len(script["contacts"]) == 12
    # Names, not ids, in the notes: complaints were not in the table.
    assert any(note.startswith("Complaint rate has no value") for note in one["notes"])


def test_a_month_without_anything_ends_with_1(capsys: pytest.CaptureFixture[str], table: Path) -> None:
    run(capsys, "kpi", "import", str(table))
    code, document = run(capsys, "evaluate", "--period", "2026-01")
    assert (code, document["error"]["type"]) == (1, "NotFound")
    assert "2026-10" in document["error"]["hint"]
    assert run(capsys, "evaluate", "--period", "January")[0] == 2


def test_templates_are_checked_listed_and_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, document = run(capsys, "templates", "check")
    assert code == 0
    assert [(one["id"], one["errors"], one["warnings"]) for one in document["templates"]] == [
        ("front-line", [], []),
        ("online-shop", [], []),
    ]
    code, document = run(capsys, "templates", "list")
    assert [one["id"] for one in document["templates"]] == ["front-line", "online-shop"]
    code, document = run(capsys, "templates", "show", "front-line")
    assert (code, document["dimensions"][0]["items"][0]["target"]) == (0, 0.85)
    broken = tmp_path / "broken.yaml"
    broken.write_text("schema: 1\nid: x\n", encoding="utf-8")
    code, document = run(capsys, "templates", "check", str(broken))
    assert code == 2
    assert {error["field"] for error in document["templates"][0]["errors"]} >= {"version", "dimensions"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("kpi", "catalogue"),
        ("kpi", "list"),
        ("templates", "list"),
        ("templates", "show", "front-line"),
        ("templates", "check"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_people_get_text_in_both_languages(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], language: str
) -> None:
    assert main([*arguments, "--lang", language]) == 0
    assert capsys.readouterr().out.strip()
