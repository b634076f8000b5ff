"""Every mistake in a scorecard file is found, with its line, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.domain.vocabulary import SpeechHints
from qa_pipeline.errors import ScorecardError
from qa_pipeline.scorecards import check_scorecard, read_scorecard

CARD = """\
id: my-card
version: 1
name: {zh: 我的, en: Mine}
kind: call
language: zh
pass_points: 80
phrases:
  mine: [您好呀]
sections:
  - id: opening
    name: {zh: 开场, en: Opening}
    criteria:
      - id: greeting
        name: {zh: 问候, en: Greeting}
        weight: 5
        indicator: script
        check:
          detector: phrase
          any: ["@mine", 早上好]
      - id: red
        name: {zh: 红线, en: Red}
        weight: 0
        fatal: true
        check:
          detector: not
          check: {detector: pattern, any: ['滚']}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "card.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def errors_of(folder: Path, old: str, new: str) -> list[tuple[int | None, str | None, str]]:
    assert CARD.count(old) == 1
    found = check_scorecard(write(folder, CARD.replace(old, new)))
    return [(error.row, error.field, error.render()) for error in found]


def test_a_card_without_mistakes(tmp_path: Path) -> None:
    path = write(tmp_path, CARD)
    assert check_scorecard(path) == ()
    card = read_scorecard(path)
    assert (card.key, card.kind, card.language, card.pass_points) == ("my-card@1", ContactKind.CALL, "zh", 80.0)
    greeting, red = card.criteria
    assert greeting.check.params == {"any": ["您好呀", "早上好"]}
    assert (red.fatal, red.fatal_cap_points) == (True, 0.0)
    assert red.check.params == {"check": {"detector": "pattern", "any": ["滚"]}}


def test_the_digest_is_of_the_content_not_of_the_layout(tmp_path: Path) -> None:
    plain = read_scorecard(write(tmp_path, CARD)).digest
    assert read_scorecard(write(tmp_path, "# a comment\n" + CARD.replace("zh: 我的", 'zh: "我的"'))).digest == plain
    assert read_scorecard(write(tmp_path, CARD.replace("您好呀", "您好啊哈"))).digest != plain
    assert read_scorecard(write(tmp_path, CARD.replace("weight: 5", "weight: 6"))).digest != plain


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "says"),
    [
        ("pass_points: 80", "pass_point: 80", 6, "pass_point", "did you mean 'pass_points'"),
        ("version: 1", "version: one", 2, "version", "whole number"),
        ("version: 1", "version: 0", 2, "version", "at least 1"),
        ("kind: call", "kind: phone", 4, "kind", "cannot be 'phone'"),
        ("weight: 5", "weight: -5", 15, "sections[0].criteria[0].weight", "at least 0"),
        ("weight: 5", "weight: heavy", 15, "sections[0].criteria[0].weight", "must be a number"),
        ("fatal: true", "fatal: sometimes", 23, "sections[0].criteria[1].fatal", "true or false"),
        ("indicator: script", "indicator: scripts", 16, "sections[0].criteria[0].indicator", "did you mean 'script'"),
        ("id: red", "id: greeting", 20, "sections[0].criteria[1].id", "used twice"),
        ("detector: phrase", "detector: phrases", 18, "sections[0].criteria[0].check.detector", "mean 'phrase'"),
        ('any: ["@mine", 早上好]', "any: 早上好", 19, "sections[0].criteria[0].check.any", "must be a list"),
        ('any: ["@mine", 早上好]', "any: []", 19, "sections[0].criteria[0].check.any", "at least 1"),
        ("@mine", "@mein", 19, "sections[0].criteria[0].check.any[0]", "did you mean 'mine'"),
        ("早上好]", "。。]", 19, "sections[0].criteria[0].check.any[1]", "no words"),
        ("早上好]", "no]", 19, "sections[0].criteria[0].check.any[1]", "must be text"),
        ("['滚']", "['(滚']", 26, "sections[0].criteria[1].check.check.any[0]", "RE2"),
        ("['滚']", r"['(滚)\1']", 26, "sections[0].criteria[1].check.check.any[0]", "RE2"),
        ("['滚']", "['(?=滚)']", 26, "sections[0].criteria[1].check.check.any[0]", "RE2"),
        ("['滚']", "['滚*']", 26, "sections[0].criteria[1].check.check.any[0]", "empty text"),
        ("pass_points: 80", "pass_points: 80\npass_points: 90", 6, "pass_points", "stands twice"),
        ("name: {zh: 问候, en: Greeting}", "name: {zh: 问候}", 14, "sections[0].criteria[0].name.en", "missing"),
        ("weight: 5", "weight: 0", 9, "sections", "No criterion has a weight"),
        (
            "fatal: true",
            "fatal: true\n        fatal_cap_points: 90",
            24,
            "sections[0].criteria[1].fatal_cap_points",
            "below pass_points",
        ),
        ("indicator: script", "fatal_cap_points: 3", 13, "sections[0].criteria[0]", "fatal: true"),
    ],
)
def test_one_mistake(tmp_path: Path, old: str, new: str, line: int, field: str, says: str) -> None:
    found = errors_of(tmp_path, old, new)
    told = [(row, key) for row, key, message in found if says in message]
    assert told == [(line, field)]


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ("{detector: phrase, any: [a], none: [b]}", "exactly one"),
        ("{detector: phrase, any: [a], in_last: 3}", "did you mean 'in_last_utterances'"),
        ("{detector: phrase, any: [a], min_hits: 2, partly_hits: 2}", "less than"),
        ("{detector: measure, measure: longest_silense_s, met: {at_most: 3}}", "did you mean 'longest_silence_s'"),
        ("{detector: measure, measure: duration_s, met: {}}", "at_least, at_most or both"),
        ("{detector: measure, measure: duration_s, met: {at_least: 3, at_most: 2}}", "greater than"),
        ("{detector: measure, measure: duration_s, met: {below: 3}}", "no key below"),
        ("{detector: order, steps: [{any: [a]}]}", "at least 2"),
        ("{detector: time_limit, within_s: 9, partly_s: 3}", "greater than within_s"),
        ("{detector: time_limit, any: [a], within_s: soon}", "must be a number"),
        ("{detector: sentiment, at: middle, met: {at_least: 0}}", "cannot be 'middle'"),
        ("{detector: attitude, dimension: charm, met: {at_least: 3}}", "cannot be 'charm'"),
        ("{detector: any, checks: []}", "at least 1"),
        ("{detector: any, checks: [{detector: phrase}]}", "exactly one"),
        ("{detector: any, checks: [7]}", "block of keys"),
        ("{detector: [phrase]}", "no detector"),
        ("[]", "block of keys"),
    ],
)
def test_mistakes_inside_checks(tmp_path: Path, check: str, says: str) -> None:
    text = CARD.replace('          detector: phrase\n          any: ["@mine", 早上好]', f"          {check}")
    (error,) = check_scorecard(write(tmp_path, text))
    assert says in error.render()
    assert error.row in (17, 18)
    assert error.render_hint()


def test_all_mistakes_of_a_file_are_told_in_order(tmp_path: Path) -> None:
    text = CARD
    for old, new in (("weight: 5", "weight: -5"), ("kind: call", "kind: x"), ("detector: not", "detector: nor")):
        text = text.replace(old, new)
    path = write(tmp_path, text)
    assert [error.row for error in check_scorecard(path)] == [4, 15, 25]
    with pytest.raises(ScorecardError) as caught:
        read_scorecard(path)
    assert "3 mistakes" in caught.value.render_hint()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"id: [", "not valid YAML"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"", "empty"),
        (b"- a\n- b\n", "must begin with keys"),
        (b"id: x\n", "missing"),
    ],
)
def test_files_that_are_no_cards(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "card.yaml"
    path.write_bytes(content)
    assert says in check_scorecard(path)[0].render()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (error,) = check_scorecard(tmp_path / "none.yaml")
    assert "cannot be read" in error.render()
    assert error.file == str(tmp_path / "none.yaml")


SPEECH = "pass_points: 80\nspeech: {prompt: 您好，这里是长河宽带。, hot_words: [光猫, 千兆]}"


def test_hints_for_recognisers_are_no_part_of_what_a_card_judges_by(tmp_path: Path) -> None:
    plain = read_scorecard(write(tmp_path, CARD))
    assert plain.hints == SpeechHints()
    card = read_scorecard(write(tmp_path, CARD.replace("pass_points: 80", SPEECH)))
    assert card.hints == SpeechHints(prompt="您好，这里是长河宽带。", hot_words=("光猫", "千兆"))
    assert card.digest == plain.digest


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ("prompt:", "promt:", "speech.promt", "did you mean 'prompt'"),
        ("[光猫, 千兆]", "光猫", "speech.hot_words", "must be a list"),
        ("[光猫, 千兆]", "[光猫, '']", "speech.hot_words[1]", "is empty"),
    ],
)
def test_mistakes_in_hints(tmp_path: Path, old: str, new: str, field: str, says: str) -> None:
    ((row, where, message),) = errors_of(tmp_path, "pass_points: 80", SPEECH.replace(old, new))
    assert (row, where) == (7, field)
    assert says in message
