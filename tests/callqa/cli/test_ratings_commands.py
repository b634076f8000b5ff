"""``callqa ratings``, ``incidents`` and ``objectives`` as a user sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from callqa.cli.main import main
from tests.callqa.commands import run


@pytest.fixture(autouse=True)
def _staff() -> None:
    for agent in ("A1", "A2"):
        main(["assignments", "add", "--agent", agent, "--role", "agent", "--from", "2025-01-01", "--by", "z"])


def test_rating_from_the_form_to_the_value_that_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    form = str(tmp_path / "form.csv")
    month = ("--period", "2025-10")
    code, document = run(capsys, "ratings", "sheet", "--agent", "A1", *month, "--class", "manager", "-o", form)
    assert (code, document["rows"]) == (0, 3)
    # Names and anchors are in the form for the rater alone.
    code, document = run(capsys, "ratings", "import", form, *month)
    assert (document["ignored_columns"], document["imported"]) == ([], 0)
    path = tmp_path / "ratings.csv"
    path.write_text("agent,rater,class,indicator,value\nA1,m,manager,collaboration,2\nA9,m,manager,learning,3\n")
    code, document = run(capsys, "ratings", "import", str(path), *month)
    assert (code, document["imported"], [one["row"] for one in document["rejected"]]) == (3, 1, [3])
    assert [one["row"] for one in document["warnings"]] == [2]
    own = ("--agent", "A1", *month, "--rater", "A1", "--class", "self", "--indicator", "Teamwork", "--value", "5")
    assert run(capsys, "ratings", "add", *own) == (0, {"outcome": "added", "lacks_reason": True})
    when = ("--agent", "A1", "--on", "2025-10-12", "--kind", "good", "--title", "helped", "--evidence", "seen by m")
    code, document = run(capsys, "incidents", "add", *when, "--by", "m")
    assert (code, document["added"]) == (0, True)
    code, document = run(capsys, "ratings", "show", "A1", *month)
    item = next(one for one in document["items"] if one["indicator"] == "collaboration")
    # .3 x 5 + .7 x 2
    assert (code, item["value"], item["n"]) == (0, pytest.approx(2.9), 2)
    assert [one["title"] for one in document["incidents"]] == ["helped"]
    assert run(capsys, "ratings", "add", *own[:-1], "6")[0] == 1
    code, document = run(capsys, "ratings", "list", "--history")
    assert [(one["class"], one["value"]) for one in document["ratings"]] == [("self", 5), ("manager", 2)]
    for arguments in (["ratings", "list"], ["ratings", "show", "A1", *month], ["incidents", "list"]):
        assert main(arguments) == 0
        assert "helped" in (text := capsys.readouterr().out) or "Collaboration" in text


def test_an_incident_is_withdrawn_with_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    when = (
        "--agent",
        "A1",
        "--on",
        "2025-10-12",
        "--kind",
        "bad",
        "--title",
        "no call",
        "--evidence",
        "x",
        "--by",
        "m",
    )
    _, document = run(capsys, "incidents", "add", *when)
    assert run(capsys, "incidents", "withdraw", document["id"], "--by", "A1", "--reason", "x")[0] != 0
    assert run(capsys, "incidents", "withdraw", document["id"], "--by", "boss", "--reason", "checked")[0] == 0
    assert run(capsys, "incidents", "list", "--period", "2025-10")[1] == {"incidents": []}
    _, document = run(capsys, "incidents", "list", "--withdrawn")
    assert [one["state"] for one in document["incidents"]] == ["withdrawn"]


def test_an_objective_is_added_tracked_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    goal = (
        "--agent",
        "A1",
        "--period",
        "2025-Q4",
        "--objective",
        "Fewer calls",
        "--key-result",
        "Repeats",
        "--by",
        "m",
    )
    code, document = run(capsys, "objectives", "add", *goal, "--start", "14", "--target", "9")
    assert (code, document["outcome"]) == (0, "added")
    assert run(capsys, "objectives", "add", *goal, "--start", "9", "--target", "9")[0] == 1
    reported = ("objectives", "progress", document["objective"], "Repeats", "12", "--by", "A1", "--on", "2025-10-20")
    assert run(capsys, *reported) == (0, {"added": True})
    _, document = run(capsys, "objectives", "list", "--on", "2025-11-20")
    (found,) = document["objectives"]
    # 2 of 5, and 31 days of silence.
    assert (found["ratio"], found["stale"]) == (pytest.approx(0.4), True)
    assert main(["objectives", "list", "--on", "2025-11-20"]) == 0
    assert "30 days on: Repeats" in capsys.readouterr().out


def test_templates_show_who_rates(capsys: pytest.CaptureFixture[str]) -> None:
    _, document = run(capsys, "templates", "show", "front-line")
    assert document["raters"] == {"self": 30, "manager": 70}
    assert main(["templates", "show", "front-line"]) == 0
    assert "Who rates: self 30 %, manager 70 %" in capsys.readouterr().out
