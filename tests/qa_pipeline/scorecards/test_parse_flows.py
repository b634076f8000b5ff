"""Signs in phrases and checks inside checks: every mistake with its line and key, every list written out."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_pipeline.detectors.registry import detector_names
from qa_pipeline.scorecards import check_scorecard, read_scorecard

CARD = """id: mine
version: 1
name: {zh: 一, en: One}
kind: call
pass_points: 80
phrases:
  refusals: [不用了, "不(太)需要"]
sections:
  - id: one
    name: {zh: 一, en: One}
    criteria:
      - id: retain
        name: {zh: 挽留, en: Retain}
        weight: 5
        check:
          detector: flow
          steps:
            - {any: ["我是[姓名]"], within_utterances: 2}
            - when: {role: customer, any: ["@refusals", 取消]}
              then:
                - {check: {detector: phrase, any: ["@zh.greeting"]}}
                - {move: further_help, optional: true}
              otherwise:
                - {any: [为您办理], within_s: 30}
      - id: sorry
        name: {zh: 致歉, en: Sorry}
        weight: 5
        check: {detector: near, cue: {role: customer, any: [投诉]}, after: 2, check: {detector: phrase, any: [抱歉]}}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "card.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_lists_are_written_out_wherever_they_are_cited(tmp_path: Path) -> None:
    path = written(tmp_path, CARD)
    assert check_scorecard(path) == ()
    retain, sorry = read_scorecard(path).criteria
    branch = retain.check.params["steps"][1]
    assert branch["when"]["any"] == ["不用了", "不(太)需要", "取消"]
    assert "您好" in branch["then"][0]["check"]["any"][0]
    assert detector_names(retain.check) == {"flow", "phrase", "move"}
    assert detector_names(sorry.check) == {"near", "phrase"}


@pytest.mark.parametrize(
    ("old", "new", "row", "field", "says"),
    [
        ("我是[姓名]", "我是[姓名", 18, "steps[0].any[0]", "not closed"),
        ("不(太)需要", "不(太需要", 7, "phrases.refusals[1]", "add “)”"),
        ("within_utterances: 2", "within_utterances: 0", 18, "steps[0].within_utterances", "at least 1"),
        ("within_s: 30", "within_m: 30", 24, "otherwise[0].within_m", "no key within_m"),
        ("move: further_help", "move: farther_help", 22, "then[1].move", "did you mean 'further_help'"),
        ('["@zh.greeting"]', '["@zh.gretings"]', 21, "then[0].check.any[0]", "no phrase list zh.gretings"),
        (
            '{detector: phrase, any: ["@zh.greeting"]}',
            "{detector: fraze, any: [好]}",
            21,
            "check.detector",
            "no detector fraze",
        ),
        (
            "              then:\n",
            "              then: []\n              x:\n",
            20,
            "steps[1].then",
            "at least 1 entries",
        ),
        ("{any: [为您办理], within_s: 30}", "{within_s: 30}", 24, "otherwise[0]", "exactly one of any, move and check"),
        ("after: 2,", "", 28, "check", "give after, before or same"),
        ("any: [抱歉]", "any: [], none: []", 28, "check.check.any", "at least 1 entries"),
    ],
)
def test_mistakes_are_told_where_they_stand(
    tmp_path: Path, old: str, new: str, row: int, field: str, says: str
) -> None:
    assert old in CARD
    errors = check_scorecard(written(tmp_path, CARD.replace(old, new)))
    assert any(error.row == row and str(error.field).endswith(field) and says in error.render() for error in errors), [
        (error.row, error.field, error.render()) for error in errors
    ]
