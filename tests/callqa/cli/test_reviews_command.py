"""``callqa reviews`` and ``callqa samples`` as people and programs use them."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callqa.cli.main import main
from qa_pipeline.domain.inspection import Flag
from qa_pipeline.scorecards import get_scorecard
from qa_pipeline.store import open_store
from tests.callqa.commands import run
from tests.conftest import ZONE
from tests.factories import contact, inspection, score

CARD = get_scorecard("phone-zh")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path) -> None:
    """A home with six inspected calls of two agents."""
    store = open_store(f"sqlite:///{tmp_path / 'home' / 'callqa.db'}", ZONE)
    with store.transaction() as tx:
        for number in range(6):
            contact_id = f"C-{number}"
            tx.contacts.put(contact(contact_id, agent_id=f"A0{number % 2 + 1}"))
            judged = inspection(
                contact_id,
                scorecard_id=CARD.id,
                scorecard_version=CARD.version,
                fingerprint=contact_id.ljust(64, "0"),
                findings=(),
                score=score(80.0 + number),
            )
            tx.inspections.add(judged, "run")
    store.close()


def test_import_and_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "reviews.csv"
    table.write_text("通话编号,质检员,总分,抽样方式,入样概率,心情\nC-0,孙倩,72,随机,0.5,好\nC-7,孙倩,70,随机,,\n")
    code, document = run(capsys, "reviews", "import", str(table))
    assert code == 3
    (refused,) = document.pop("rejected")
    assert (refused["row"], refused["field"]) == (3, "通话编号")
    assert "C-7" in refused["message"] and refused["hint"]
    assert document == {
        "imported": 1,
        "unchanged": 0,
        "replaced": 0,
        "waiting": 0,
        "held_back": 0,
        "ignored_columns": ["心情"],
        "holds": [],
    }

    code, document = run(capsys, "reviews", "list", "--period", "2026-10")
    assert code == 0
    (review,) = document["reviews"]
    assert (review["contact"], review["selection"], review["targeted"]) == ("C-0", "random", False)
    assert (review["machine"]["points"], review["values"]["points"]) == (80.0, 72.0)
    assert (review["in_force"], review["not_comparable"], review["scorecard"]) == (True, None, CARD.key)
    (counts,) = document["effective"]
    assert (counts["contact"], counts["agent"], counts["values"]["points"]) == ("C-0", "A01", 72.0)

    assert main(["reviews", "import", str(table)]) == 3
    told = capsys.readouterr()
    assert "0 reviews imported (0 replace an earlier one by the same person), 1 unchanged." in told.out
    assert "row 3, field 通话编号" in told.err
    assert main(["reviews", "list", "--contact", "C-0"]) == 0
    assert "孙倩" in capsys.readouterr().out
    assert main(["reviews", "list", "--contact", "C-9"]) == 1
    assert main(["reviews", "list", "--period", "2026-13"]) == 2


def test_from_the_draw_to_the_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = (
        "samples",
        "draw",
        "--period",
        "2026-10",
        "--kind",
        "random",
        "--per-agent",
        "2",
        "--seed",
        "5",
        "--by",
        "lin",
    )
    code, document = run(capsys, *draw)
    sample = document["sample"]
    assert (code, document["new"], sample["id"], sample["drawn"], sample["frame"]) == (0, True, "S2026-10-1", 4, 6)
    assert {one["inclusion_probability"] for one in sample["contacts"]} == {2 / 3}
    assert run(capsys, *draw)[1]["new"] is False

    sheet = tmp_path / "sheet.csv"
    code, document = run(capsys, "samples", "show", "S2026-10-1", "--output", str(sheet), "--reviewer", "孙倩")
    assert (code, document["contacts"]) == (0, 4)
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    first = rows[0]["contact"]
    for row in rows:
        row["outcome"] = "met" if row["contact"] == first else ""
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    code, document = run(capsys, "reviews", "import", str(sheet))
    assert (code, document["imported"], document["waiting"]) == (0, 1, 3)

    shown = run(capsys, "samples", "show", "S2026-10-1")[1]["sample"]["contacts"]
    assert [one["contact"] for one in shown if one["reviewed"]] == [first]
    (listed,) = run(capsys, "samples", "list")[1]["samples"]
    assert (listed["reviewed"], listed["seed"], listed["plan"]) == (1, 5, {"per_agent": "2"})
    audit = run(capsys, "samples", "audit", "S2026-10-1")[1]
    assert (audit["repeated"], audit["frame_changed"], len(audit["waiting"])) == (True, False, 3)
    (review,) = run(capsys, "reviews", "list")[1]["reviews"]
    assert (review["sample"], review["selection"], review["blind"]) == ("S2026-10-1", "random", True)

    for told in (["samples", "list"], ["samples", "show", "S2026-10-1"], ["samples", "audit", "S2026-10-1"], [*draw]):
        assert main(told) == 0
        assert "S2026-10-1" in capsys.readouterr().out


def test_names_with_brackets_are_shown_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "reviews.csv"
    table.write_text("contact,reviewer,points\nC-0,li[/b],72\n")
    assert main(["reviews", "import", str(table)]) == 0
    assert main(["reviews", "list"]) == 0
    assert "li[/b]" in capsys.readouterr().out
    assert main(["samples", "draw", "--period", "2026-10", "--kind", "calibration", "--by", "li[/b]"]) == 0
    assert main(["samples", "list"]) == 0
    assert "li[/b]" in capsys.readouterr().out


def test_what_cannot_be_drawn_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    base = ["samples", "draw", "--period", "2026-10", "--by", "lin", "--kind"]
    assert main([*base, "risk", "--per-agent", "2"]) == 2
    assert main([*base, "guess"]) == 2
    assert main([*base, "double"]) == 1
    assert "second look" in capsys.readouterr().err
    assert main(["samples", "show", "S1"]) == 1
    assert main(["samples", "show", "S1", "--reviewer", "lin"]) == 2


def test_the_queue_says_what_waits_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reviews", "queue", "--by", "li"]) == 0
    assert "Nothing waits." in capsys.readouterr().out
    store = open_store(f"sqlite:///{tmp_path / 'home' / 'callqa.db'}", ZONE)
    with store.transaction() as tx:
        tx.contacts.put(contact("red", started_at=datetime.now(UTC) - timedelta(days=1)))
        tx.inspections.add(inspection("red", flags=(Flag.RED_LINE,), findings=(), score=score(90.0)), "run")
    store.close()
    code, document = run(capsys, "reviews", "queue", "--by", "li")
    assert (code, document["total"]) == (0, 1)
    (waiting,) = document["contacts"]
    assert (waiting["contact"], waiting["selection"], waiting["points"]) == ("red", "risk", 8.0)
    assert waiting["reasons"][0] == "A red line was crossed."
    assert run(capsys, "reviews", "queue", "--by", "a01")[1]["contacts"] == []  # nobody reviews own contacts
