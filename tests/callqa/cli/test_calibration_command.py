"""``callqa calibration`` as people run it, on a store with reviews."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.main import main
from callqa.settings import read_settings
from qa_pipeline.domain.review import Selection
from qa_pipeline.store import Store, open_store
from tests.qa_pipeline.services.calibration.site import CARD, CRITERION, MET, NOT, add_judged, add_points, start


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Store]:
    """The store of the user's home."""
    settings = read_settings()
    opened = open_store(settings.store_url, settings.zone)
    start(opened)
    yield opened
    opened.close()


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main(["calibration", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def _text(capsys: pytest.CaptureFixture[str], *arguments: str, lang: str = "en") -> str:
    assert main(["calibration", *arguments, "--lang", lang]) == 0
    return capsys.readouterr().out


def test_holds_are_made_listed_and_released(own: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add_judged(own, [MET] * 20, [[NOT]] * 12 + [[MET]] * 8)
    code, found = _run(capsys, "holds")
    assert (code, found["new"], found["holds"]) == (0, [], [])
    assert found["error_rates"][0]["reviewed"]["wrong"] == 12
    code, found = _run(capsys, "holds", "--update")
    assert [(each["criterion"], each["held_by"]) for each in found["new"]] == [(CRITERION, "callqa")]
    assert "12 of 20 blind random reviews disagree" in found["holds"][0]["reason"]
    assert "on hold since" in _text(capsys, "holds")
    assert CRITERION in _text(capsys, "holds", lang="zh")

    code, found = _run(capsys, "release", CARD.id, CRITERION, "--reason", "new wording", "--by", "Chen")
    assert (code, found["released_by"], found["release_reason"]) == (0, "Chen", "new wording")
    code, found = _run(capsys, "holds", "--update")
    assert found["new"] == []
    code, found = _run(capsys, "hold", CARD.id, CRITERION, "--reason", "drift", "--by", "Li")
    assert (code, found["held_by"]) == (0, "Li")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("hold", "phone-xx", "greeting", "--reason", "r", "--by", "Li"), 1, "phone-xx"),
        (("hold", CARD.id, "nonsense", "--reason", "r", "--by", "Li"), 2, "nonsense"),
        (("hold", CARD.id, CRITERION, "--reason", " ", "--by", "Li"), 2, "--reason"),
        (("release", CARD.id, CRITERION, "--reason", "r", "--by", "Li"), 1, "not on hold"),
        (("agreement", "--period", "2026-13"), 2, "2026-13"),
        (("agreement", "--period", "2026-10"), 1, "no review"),
        (("severity", "--period", "2026-10"), 1, "no review"),
        (("overrides", "--period", "2026-Q4"), 1, "no review"),
        (("groups", "--period", "2026"), 1, "no review"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    arguments: tuple[str, ...], code: int, words: str, own: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    found_code, found = _run(capsys, *arguments)
    assert (found_code, words in found["error"]["message"]) == (code, True)


def test_agreement_severity_and_overrides_are_printed(own: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add_judged(own, [MET] * 5 + [NOT] * 5, [[MET, MET]] * 4 + [[NOT, MET]] + [[NOT, NOT]] * 5)
    add_judged(own, [MET] * 2, [[MET], [NOT]], blind=False)
    add_points(own, seed=2, shared=4, severity={"li": -9.0}, agents=30)
    code, found = _run(capsys, "agreement", "--period", "2026-10", "--scorecard", CARD.id)
    assert code == 0
    (one,) = found["criteria"]
    assert (one["scorecard"], one["id"], one["gate"], one["missing"]) == (CARD.id, CRITERION, "too_few", 190)
    assert one["people"]["raw"]["value"] == pytest.approx(0.9)
    assert one["machine_shown"]["n"] == 2
    assert "190 more contacts" in _text(capsys, "agreement", "--period", "2026-10")

    code, found = _run(capsys, "severity", "--period", "2026-10")
    by_name = {each["reviewer"]: each for each in found["reviewers"]}
    assert by_name["li"]["ci95"][1] < 0
    assert len(found["calibration"]["contacts"]) == 4
    assert "strict" in _text(capsys, "severity", "--period", "2026-10")

    code, found = _run(capsys, "overrides", "--period", "2026-Q4")
    assert [(each["reviewer"], each["changed"], each["alarm"]) for each in found["reviewers"]] == [("a", 1, False)]
    assert "no alarm is raised" in _text(capsys, "overrides", "--period", "2026-10")


def test_drift_proposes_a_hold_and_leaves_it_to_a_person(own: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add_judged(own, [MET] * 15, [[MET]] * 15, month="2026-09")
    add_judged(own, [MET] * 15, [[NOT]] * 9 + [[MET]] * 6)
    code, found = _run(capsys, "drift", "--period", "2026-10")
    assert (code, found["proposed_holds"]) == (0, [{"scorecard": CARD.id, "criterion": CRITERION}])
    assert f"callqa calibration hold {CARD.id} {CRITERION}" in _text(capsys, "drift", "--period", "2026-10")
    assert _run(capsys, "holds")[1]["holds"] == []


def test_groups_from_outside_are_read_and_not_kept(
    own: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_points(own, seed=7, unfair_points=6.0)
    table = tmp_path / "groups.csv"
    rows = [f"G{n:03d},{'hill' if n % 3 == 0 else 'plain'}" for n in range(60)]
    table.write_text("agent,dialect\n" + "\n".join([*rows, ",hill"]) + "\n", encoding="utf-8")
    code, found = _run(capsys, "groups", "--period", "2026-10", "--groups", str(table), "--by", "queue")
    assert code == 3  # one row has no id
    assert [(one["row"], one["field"]) for one in found["rejected"]] == [(62, "agent")]
    queue, dialect = found["groupings"]
    assert [each["verdict"] for each in queue["groups"]] == ["gap", "gap"]
    assert [each["group"] for each in dialect["groups"]] == ["hill", "plain"]
    assert dialect["groups"][0]["difference"] == pytest.approx(queue["groups"][1]["difference"])
    database = Path(own.engine.url.database or "")
    assert not any(b"hill" in each.read_bytes() for each in database.parent.iterdir() if each.is_file())
    assert "a gap" in _text(capsys, "groups", "--period", "2026-10", "--by", "queue")


def test_targeted_reviews_are_left_out_and_told(own: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add_judged(own, [MET], [[NOT]], selection=Selection.COMPLAINT)
    code, found = _run(capsys, "agreement", "--period", "2026-10")
    assert (code, found["targeted_reviews"], found["criteria"]) == (0, 1, [])
