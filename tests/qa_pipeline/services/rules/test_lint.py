"""Lint: each remark has a card that earns it and one beside it that does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qa_pipeline.engines.text import EMBEDDED_TEXT
from qa_pipeline.scorecards import read_scorecard, scorecard_paths
from qa_pipeline.services.rules.lint import Linted, lint_scorecard, phi, phi_interval
from qa_pipeline.services.rules.remarks import Severity
from tests.qa_pipeline.services.rules.samples import criterion, sample, write_card, write_chats

FINE = criterion("fine", "{detector: phrase, any: [请稍等]}")


def linted(tmp_path: Path, *criteria: str) -> Linted:
    return lint_scorecard(write_card(tmp_path / "card.yaml", *criteria), EMBEDDED_TEXT)


def rules(found: Linted) -> list[str]:
    return [remark.rule for remark in found.remarks]


@pytest.mark.parametrize(
    ("rule", "severity", "wrong", "right"),
    [
        ("too-short", "warning", "{detector: phrase, any: [好]}", "{detector: phrase, any: [好的]}"),
        (
            "cancelled",
            "error",
            "{detector: phrase, none: [您妈妈的], unless: [妈妈]}",
            "{detector: phrase, none: [妈的], unless: [妈妈的]}",
        ),
        ("masked", "warning", "{detector: phrase, any: [请拨打13812345678]}", "{detector: phrase, any: [请拨打10086]}"),
        (
            "language",
            "warning",
            "{detector: phrase, any: ['@en.greeting']}",
            "{detector: phrase, any: ['@zh.greeting']}",
        ),
        (
            "role",
            "warning",
            "{detector: phrase, any: ['@zh.customer_trouble']}",
            "{detector: phrase, role: customer, any: ['@zh.customer_trouble']}",
        ),
        ("role", "warning", "{detector: phrase, role: any, none: [白痴啊]}", "{detector: phrase, none: [白痴啊]}"),
        (
            "doubled",
            "note",
            "{detector: phrase, any: [24小时, 二十四小时]}",
            "{detector: phrase, any: [24小时, 48小时]}",
        ),
        (
            "range",
            "error",
            "{detector: measure, measure: silence_ratio, met: {at_least: 20}}",
            "{detector: measure, measure: silence_ratio, met: {at_most: 0.2}}",
        ),
        (
            "range",
            "warning",
            "{detector: measure, measure: duration_s, met: {at_least: 0}}",
            "{detector: measure, measure: duration_s, met: {at_least: 10}}",
        ),
        (
            "range",
            "warning",
            "{detector: attitude, met: {at_least: 3}, partly: {at_least: 4}}",
            "{detector: attitude, met: {at_least: 3}, partly: {at_least: 2}}",
        ),
        (
            "broad-pattern",
            "warning",
            "{detector: pattern, any: ['.+']}",
            "{detector: pattern, any: ['退款.{0,5}到账']}",
        ),
        ("endless-pattern", "note", "{detector: pattern, any: ['退款.*到账']}", "{detector: pattern, any: ['退款']}"),
        (
            "too-short",
            "warning",
            "{detector: flow, steps: [{any: [请稍等]}, {any: [好]}]}",
            "{detector: near, cue: {any: [请稍等]}, after: 2, check: {detector: pattern, any: [好]}}",
        ),
        ("too-short", "warning", "{detector: phrase, any: ['(好)的']}", "{detector: phrase, any: ['(请)稍等']}"),
        ("nested-pattern", "note", "{detector: pattern, any: ['(退+)+款']}", "{detector: pattern, any: ['退+款']}"),
    ],
)
def test_remark_of_one_criterion(tmp_path: Path, rule: str, severity: str, wrong: str, right: str) -> None:
    found = linted(tmp_path, FINE, criterion("odd", wrong))
    (remark,) = [remark for remark in found.remarks if remark.rule == rule]
    assert remark.severity is Severity(severity)
    assert (remark.problem.file, remark.problem.row) == (str(tmp_path / "card.yaml"), 19)
    assert "criteria[1].check" in str(remark.problem.field)
    assert found.has_errors == (severity == "error")
    assert rule not in rules(linted(tmp_path, FINE, criterion("odd", right)))


def test_a_wording_that_one_criterion_wants_and_another_forbids(tmp_path: Path) -> None:
    wanted = criterion("wanted", "{detector: phrase, any: [我保证处理好]}")
    found = linted(tmp_path, wanted, criterion("forbidden", "{detector: phrase, none: [我保证]}"))
    assert rules(found) == ["opposed"]
    assert found.remarks[0].problem.params["other"] == "forbidden"
    excused = criterion("forbidden", "{detector: phrase, none: [我保证], unless: [我保证处理]}")
    assert rules(linted(tmp_path, wanted, excused)) == []
    negated = criterion("forbidden", "{detector: not, check: {detector: phrase, any: [我保证]}}")
    assert rules(linted(tmp_path, wanted, negated)) == ["opposed"]


def test_one_sentence_for_two_criteria(tmp_path: Path) -> None:
    other = criterion("other", "{detector: phrase, any: [请稍等, 好的呢]}")
    assert rules(linted(tmp_path, FINE, other)) == ["shared"]
    # One at the start, one at the end: no sentence is both.
    early = criterion("early", "{detector: phrase, any: [请稍等], within_utterances: 2}")
    late = criterion("late", "{detector: phrase, any: [请稍等], in_last_utterances: 2}")
    assert rules(linted(tmp_path, early, late)) == []


def test_what_the_card_as_a_whole_shows(tmp_path: Path) -> None:
    check = "{detector: phrase, any: [请稍等]}"
    assert rules(linted(tmp_path, criterion("c", check, f"applies_when: {check}"))) == ["condition"]
    assert rules(linted(tmp_path, FINE, criterion("c", "{detector: phrase, any: [好的呢]}", weight=0))) == [
        "weightless"
    ]
    fatal = ("fatal: true", "fatal_cap_points: 0")
    assert rules(linted(tmp_path, FINE, criterion("c", "{detector: phrase, any: [好的呢]}", *fatal))) == ["proofless"]
    assert rules(linted(tmp_path, FINE, criterion("c", "{detector: phrase, none: [好的呢]}", *fatal))) == []


def test_a_file_that_is_wrong_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    path.write_text("id: x\n", encoding="utf-8")
    found = lint_scorecard(path, EMBEDDED_TEXT)
    assert found.has_errors
    assert set(rules(found)) == {"file"}


def test_the_shipped_cards_have_nothing_that_is_probably_wrong() -> None:
    for path in scorecard_paths():
        found = lint_scorecard(path, EMBEDDED_TEXT)
        assert [remark.problem.render() for remark in found.remarks if remark.severity is not Severity.NOTE] == []


@pytest.mark.parametrize(("contacts", "accused"), [(10, False), (80, True)])
def test_a_small_sample_accuses_nobody(tmp_path: Path, contacts: int, accused: bool) -> None:
    criteria = (
        criterion("never", "{detector: phrase, any: [祝您生活愉快]}"),
        criterion("always", "{detector: phrase, any: [您好]}"),
        criterion("forbidden", "{detector: phrase, none: [白痴啊]}"),
        criterion("untimed", "{detector: measure, measure: duration_s, met: {at_least: 5}}"),
        criterion("rare", "{detector: phrase, any: [您好]}", "applies_when: {detector: phrase, any: [转接]}"),
    )
    path = write_card(tmp_path / "card.yaml", *criteria)
    card = read_scorecard(path)
    chats = write_chats(tmp_path / "chats.jsonl", [("c: 在吗", f"a: 您好，第{n}位") for n in range(contacts)])
    found = lint_scorecard(path, EMBEDDED_TEXT, sample(chats, card, tmp_path))
    assert found.n == contacts
    said = [remark.rule for remark in found.remarks if remark.rule not in ("shared",)]
    assert sorted(said) == (["always-met", "never-met", "no-occasion", "undecided"] if accused else [])


def test_two_criteria_that_say_the_same(tmp_path: Path) -> None:
    one, other = "{detector: phrase, any: [退款到账]}", "{detector: phrase, any: [到账了呢]}"
    third = criterion("third", "{detector: phrase, any: [包邮哦]}")
    path = write_card(tmp_path / "card.yaml", criterion("one", one), criterion("other", other), third)
    said = {0: "a: 退款到账了呢", 1: "a: 没有", 2: "a: 没有，包邮哦", 3: "a: 退款到账了呢，包邮哦"}
    chats = write_chats(tmp_path / "chats.jsonl", [(f"c: {n}", said[n % 4]) for n in range(100)])
    found = lint_scorecard(path, EMBEDDED_TEXT, sample(chats, read_scorecard(path), tmp_path))
    (same,) = [remark for remark in found.remarks if remark.rule == "same"]
    assert (same.problem.params["one"], same.problem.params["other"]) == ("one", "other")


def test_phi_by_hand() -> None:
    # (30 * 40 - 10 * 20) / sqrt(50 * 50 * 40 * 60)
    counts = np.array([[30.0, 20.0], [10.0, 40.0]])
    assert phi(counts) == pytest.approx(1000 / np.sqrt(40 * 60 * 50 * 50))
    interval = phi_interval(counts)
    assert interval is not None
    assert interval[0] < phi(counts) < interval[1]
    assert phi_interval(np.array([[0.0, 0.0], [3.0, 4.0]])) is None
