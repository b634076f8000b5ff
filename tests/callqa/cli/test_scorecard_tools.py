"""``callqa scorecards try``, ``lint``, ``flips`` and ``calibrate`` as a user types them, on files and on the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.main import main
from tests.qa_pipeline.services.rules.samples import CLOSING, GREETING, criterion, write_card, write_chats
from tests.tables import write_json_lines

CHATS = [
    ("c: 在吗", "a: 您好，请讲", "a: 祝您生活愉快"),
    ("c: 在吗", "a: 您好，请稍等", "a: 再见"),
    ("c: 在吗", "a: 有的", "a: 再见"),
]


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def document(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    code, printed, told = run(capsys, *arguments, "--json")
    assert code == 0, told
    return json.loads(printed)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return write_card(tmp_path / "card.yaml", GREETING, CLOSING)


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    return write_chats(tmp_path / "chats.jsonl", CHATS)


def test_try_in_json(
    capsys: pytest.CaptureFixture[str], card: Path, chats: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQA_HOME", str(tmp_path / "new"))
    found = document(capsys, "scorecards", "try", card, "--on", chats, "--against", card)
    assert (found["scorecard"], found["n"]) == ("small@1", 3)
    greeting, closing = found["criteria"]
    assert (greeting["outcomes"]["met"], closing["outcomes"]["met"]) == (2, 1)
    assert greeting["hit_rate"]["value"] == pytest.approx(2 / 3)
    assert greeting["examples"]["met"][0]["evidence"][0]["quote"] == "您好"
    assert found["scores"]["distribution"]["90-100"] == 1
    assert found["time"]["expected_s"] > 0
    assert (found["against"]["changed"], found["against"]["changes"]) == (0, [])
    # Nothing was stored, not even a folder.
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("lang", "word"), [("en", "small@1 Test on 3 contacts"), ("zh", "祝您生活愉快")])
def test_try_for_people(capsys: pytest.CaptureFixture[str], card: Path, chats: Path, lang: str, word: str) -> None:
    code, printed, _ = run(capsys, "scorecards", "try", card, "--on", chats, "--lang", lang)
    assert code == 0
    assert word in printed
    assert "10,000" in printed


def test_try_on_the_stored_contacts(capsys: pytest.CaptureFixture[str], card: Path, chats: Path) -> None:
    code, _, told = run(capsys, "score", chats, "--workers", 0, "--json")
    assert code == 0, told
    found = document(capsys, "scorecards", "try", card)
    assert (found["n"], found["time"]["read_ms"]) == (3, None)
    again = document(capsys, "score", chats, "--workers", 0)
    assert (again["done"], again["skipped"]) == (0, 3)


def test_try_without_contacts(capsys: pytest.CaptureFixture[str], card: Path) -> None:
    code, printed, _ = run(capsys, "scorecards", "try", card, "--json")
    assert code == 2
    assert json.loads(printed)["error"]["field"] == "on"


def test_a_card_by_id_and_version(capsys: pytest.CaptureFixture[str], chats: Path) -> None:
    assert document(capsys, "scorecards", "try", "chat@1", "--on", chats, "--limit", 1)["n"] == 1
    code, _, told = run(capsys, "scorecards", "try", "chat@one", "--on", chats)
    assert code == 2
    assert "one" in told
    code, _, told = run(capsys, "scorecards", "try", "chat@99", "--on", chats)
    assert code == 1
    assert "chat@99" in told


def test_lint_exits_with_2_on_errors_alone(capsys: pytest.CaptureFixture[str], card: Path, tmp_path: Path) -> None:
    found = document(capsys, "scorecards", "lint", card)
    assert found["scorecards"][0]["remarks"] == []
    never = criterion("never", "{detector: measure, measure: silence_ratio, met: {at_least: 20}}")
    short = criterion("short", "{detector: phrase, any: [好]}")
    write_card(tmp_path / "card.yaml", GREETING, short)
    (linted,) = document(capsys, "scorecards", "lint", card)["scorecards"]
    (remark,) = linted["remarks"]
    assert (remark["severity"], remark["rule"], remark["row"]) == ("warning", "too-short", 19)
    write_card(tmp_path / "card.yaml", GREETING, never)
    code, _, told = run(capsys, "scorecards", "lint", card)
    assert code == 2
    assert "line 19" in told


def test_lint_on_contacts(capsys: pytest.CaptureFixture[str], card: Path, chats: Path) -> None:
    (linted,) = document(capsys, "scorecards", "lint", card, "--on", chats)["scorecards"]
    assert (linted["n"], linted["remarks"]) == (3, [])


def test_flips(capsys: pytest.CaptureFixture[str], card: Path, chats: Path) -> None:
    found = document(capsys, "scorecards", "flips", card, "--on", chats, "--kind", "paraphrase", "--seed", 3)
    closing = found["variations"]["paraphrase"]["criteria"]["closing"]
    assert closing["changed"] == 1
    assert closing["examples"][0]["before"] == "met"
    code, printed, _ = run(capsys, "scorecards", "flips", card, "--on", chats, "--kind", "paraphrase")
    assert code == 0
    assert "closing" in printed


def write_labels(path: Path, *, wrong: int, right: int) -> Path:
    """Write labels of the greeting of `chat`: people do not count what the rule takes for one in `wrong` contacts."""
    rows = []
    for place in range(right + wrong):
        said = [{"role": "customer", "text": f"在吗{place}"}, {"role": "agent", "text": "您好"}]
        label = "met" if place < right else "not_met"
        rows.append({"contact": {"utterances": said}, "scorecard": "chat", "labels": {"greeting": label}})
    return write_json_lines(path, *rows)


def test_calibrated_confidence_is_used_from_then_on(
    capsys: pytest.CaptureFixture[str], chats: Path, tmp_path: Path
) -> None:
    def greeting() -> Any:
        scored = document(capsys, "score", chats, "--workers", 0, "--scorecard", "chat")
        contact = next(item for item in scored["contacts"] if item["id"] == "chat0")
        return next(item for item in contact["criteria"] if item["id"] == "greeting"), scored["done"]

    before, done = greeting()
    assert (before["outcome"], done) == ("met", 3)
    labels = write_labels(tmp_path / "labels.jsonl", right=54, wrong=6)
    made = document(capsys, "scorecards", "calibrate", labels)
    assert (made["labels"], made["own_curves"], made["silenced"]) == (60, 1, [])
    assert made["ece_after"] < made["ece_before"]
    assert (tmp_path / "home" / "models" / "confidence.json").is_file()
    after, done = greeting()
    # Its identity is part of what was judged: everything is judged anew, and the same labels are 90 % right.
    assert (after["outcome"], done) == ("met", 3)
    assert 0.9 < after["confidence"] < before["confidence"]
    validated = document(capsys, "validate", "compliance", labels)["metrics"]
    raw = document(capsys, "validate", "compliance", labels, "--uncalibrated")["metrics"]
    assert validated["accuracy"] == raw["accuracy"]
    assert validated["ece"]["value"] < raw["ece"]["value"]
    assert raw["accuracy_at_50"]["value"] == pytest.approx(0.9)


def test_a_rule_that_people_disagree_with_stops_deciding(
    capsys: pytest.CaptureFixture[str], chats: Path, tmp_path: Path
) -> None:
    labels = write_labels(tmp_path / "labels.jsonl", right=20, wrong=40)
    (silenced,) = document(capsys, "scorecards", "calibrate", labels, "--card", "chat")["silenced"]
    assert (silenced["criterion"], silenced["outcome"], silenced["n"], silenced["wrong"]) == ("greeting", "met", 60, 40)
    found = document(capsys, "scorecards", "try", "chat", "--on", chats)
    outcomes = found["criteria"][0]["outcomes"]
    assert (outcomes["met"], outcomes["undetermined"]) == (0, 2)
    assert document(capsys, "validate", "compliance", labels)["metrics"]["abstained"]["value"] == 1


def test_too_few_labels(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    labels = write_labels(tmp_path / "labels.jsonl", right=3, wrong=1)
    code, printed, _ = run(capsys, "scorecards", "calibrate", labels, "--json")
    assert code == 1
    assert "4 labels of 4 contacts" in json.loads(printed)["error"]["message"]
    assert not (tmp_path / "home" / "models").exists()


def test_a_damaged_calibration_is_named(capsys: pytest.CaptureFixture[str], chats: Path, tmp_path: Path) -> None:
    path = tmp_path / "home" / "models" / "confidence.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}", encoding="utf-8")
    code, printed, _ = run(capsys, "score", chats, "--json")
    assert code == 2
    assert json.loads(printed)["error"]["file"] == str(path)
