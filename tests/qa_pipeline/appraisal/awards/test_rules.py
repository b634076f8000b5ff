"""Award rules as data: checked, and without any money."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_pipeline.appraisal.awards.rules import FOLDER, check_rules, get_rules, read_rules
from qa_pipeline.errors import NotFound, TemplateError

SHIPPED = (FOLDER / "standard.yaml").read_text(encoding="utf-8")


def written(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_rules_are_in_order_and_in_both_languages() -> None:
    rules = get_rules("standard")
    assert rules.key == "standard@1"
    assert [badge.name.zh for badge in rules.badges] == ["服务之星", "质量之星", "解决能手", "进步之星"]
    assert rules.improvement is not None and rules.improvement.due_days <= 7 and rules.improvement.min_reviews >= 3


@pytest.mark.parametrize(
    "line",
    [
        "# 奖励 500 元",
        "# ¥200 for each badge",
        "# 200 RMB",
        "# a bonus for the first",
        "# 发放奖金",
        "# 与工资挂钩",
        "# USD 30",
        "# 12.5 dollars",
    ],
)
def test_amounts_and_words_of_money_are_refused_with_their_line(tmp_path: Path, line: str) -> None:
    rules, problems = check_rules(written(tmp_path, f"{line}\n{SHIPPED}"))
    assert rules is None
    assert [(problem.row, problem.field) for problem in problems] == [(1, "money")]
    assert "money" in problems[0].render() and problems[0].hint


@pytest.mark.parametrize(("word", "kind"), [("扣款", "pay"), ("末位淘汰", "rank"), ("dismissal", "dismissal")])
def test_consequences_for_pay_and_employment_are_refused(tmp_path: Path, word: str, kind: str) -> None:
    rules, problems = check_rules(written(tmp_path, f"{SHIPPED}\n# {word}\n"))
    assert rules is None and kind in {problem.field for problem in problems}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("points: 30", "points: -1", "best_agent.points"),
        ("due_days: 7", "due_days: 30", "improvement.due_days"),
        ("min_reviews: 3\n  due_days", "min_reviews: 1\n  due_days", "improvement.min_reviews"),
        ("false_ratio: 0.05", "false_ratio: 0.5", "false_ratio"),
        ("sure_ratio: 0.975", "sure_ratio: 0.6", "best_agent.sure_ratio"),
        ("id: quality-star", "id: service-star", "badges[1].id"),
        ("    surely_reaches: [{dimension: ability, points: 100}]\n", "", "badges[1]"),
        ("{dimension: ability, points: 100}", "{points: 100}", "badges[1].surely_reaches[0]"),
        ("periods: 3, points: 3", "periods: 2, points: 3", "badges[3].improves.periods"),
        ("name: {zh: 服务之星, en: Service star}", "name: {zh: 服务之星}", "badges[0].name.en"),
        ("schema: 1", "schema: 1\nbonusses: 3", "bonusses"),
    ],
)
def test_a_wrong_key_is_told_with_its_place(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert old in SHIPPED
    rules, problems = check_rules(written(tmp_path, SHIPPED.replace(old, new, 1)))
    assert rules is None
    assert field in [problem.field for problem in problems]
    assert all(problem.row and problem.file for problem in problems)


def test_repeated_results_need_rules_on_help(tmp_path: Path) -> None:
    text = SHIPPED[: SHIPPED.index("improvement:")] + SHIPPED[SHIPPED.index("repeated:") :]
    _, problems = check_rules(written(tmp_path, text))
    assert "help comes first" in problems[0].hint


def test_own_rules_stand_beside_and_versions_never_change(tmp_path: Path) -> None:
    written(tmp_path, SHIPPED.replace("id: standard", "id: night-shift", 1))
    assert get_rules("night-shift", tmp_path).version == 1
    with pytest.raises(NotFound, match="no award rules with the id day"):
        get_rules("day", tmp_path)
    written(tmp_path, SHIPPED.replace("points: 30", "points: 31"))
    with pytest.raises(TemplateError, match="other content"):
        get_rules("standard", tmp_path)
    written(tmp_path, SHIPPED.replace("points: 30", "points: 31").replace("version: 1", "version: 2", 1))
    assert get_rules("standard", tmp_path).version == 2
    assert get_rules("standard@1", tmp_path).version == 1


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="cannot be read"):
        read_rules(tmp_path / "none.yaml")
    with pytest.raises(TemplateError, match="not valid YAML"):
        read_rules(written(tmp_path, "a: [1"))
