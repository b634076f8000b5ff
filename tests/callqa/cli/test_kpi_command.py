"""``callqa kpi`` with exports, mappings and sources that contradict each other, as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from callqa.cli.main import main
from tests.callqa.commands import run

TICKETS = "id,assignee_id,created_at,solved_at,status\n1,A1,2026-09-30 18:00,2026-09-30 20:00,solved\n2,A1,soon,,open\n"


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_mapping_that_ships(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = write(tmp_path, "tickets.csv", TICKETS)
    code, document = run(capsys, "kpi", "import", path, "--mapping", "tickets-utc")
    assert (code, document["form"], document["periods"], document["imported"]) == (3, "tickets", ["2026-10"], 2)
    assert [(one["row"], one["field"]) for one in document["rejected"]] == [(3, "created_at")]
    code, document = run(capsys, "kpi", "import", path, "--mapping", "tickets-fr")
    assert (code, document["error"]["type"]) == (2, "MappingError")
    code, document = run(capsys, "kpi", "mappings")
    assert code == 0
    assert {"name", "title", "form", "columns", "file"} == document["mappings"][0].keys()
    assert "tickets-utc" in [one["name"] for one in document["mappings"]]


def test_conflicts_until_one_source_replaces_the_other(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    first = write(tmp_path, "crm.csv", "agent,period,csat,csat n\nA1,2026-10,86%,120\n")
    second = write(tmp_path, "survey.csv", "agent,period,csat,csat n\nA1,2026-10,70%,40\n")
    run(capsys, "kpi", "import", first)
    code, document = run(capsys, "kpi", "import", second)
    where = {"agent": "A1", "period": "2026-10", "indicator": "csat"}
    assert (code, document["contradicted"]) == (0, [where])
    code, document = run(capsys, "kpi", "conflicts", "--period", "2026-10")
    (conflict,) = document["conflicts"]
    assert conflict == where | {
        "counts": {"value": 0.86, "n": 120, "sd": None, "source": "crm.csv"},
        "others": [{"value": 0.7, "n": 40, "sd": None, "source": "survey.csv"}],
    }
    assert run(capsys, "kpi", "import", second, "--replace")[1]["replaced"] == 1
    assert run(capsys, "kpi", "conflicts")[1] == {"conflicts": []}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_people_read_what_a_file_leaves_open(capsys: pytest.CaptureFixture[str], tmp_path: Path, language: str) -> None:
    surveys = "Agent ID,Response ID,Response Date,CSAT,NPS\nA1,1,2026-10-01,5,\nA2,2,2026-10-01,,9\nA2,3,,,\n"
    path = write(tmp_path, "survey.csv", surveys)
    assert main(["kpi", "import", path, "--form", "surveys", "--lang", language]) == 0
    printed = capsys.readouterr().out
    assert "67" in printed  # two of three were answered
    for command in ("conflicts", "mappings", "list"):
        assert main(["kpi", command, "--lang", language]) == 0
    assert "survey-csat" in capsys.readouterr().out


def test_square_brackets_in_ids_are_printed_as_they_are(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = write(tmp_path, "kpi.csv", "agent,period,csat,csat_n\nA[/b],2026-10,0.9,30\n[red]A2,2026-10,0.8,30\n")
    assert run(capsys, "kpi", "import", path)[0] == 0
    assert main(["kpi", "list", "--lang", "en"]) == 0
    printed = capsys.readouterr().out
    assert "A[/b]" in printed
    assert "[red]A2" in printed
