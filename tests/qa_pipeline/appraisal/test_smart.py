"""Each letter of SMART: what breaks it, whether that is an error, and where it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qa_pipeline.appraisal.smart import find_unproven, judge_items
from qa_pipeline.appraisal.templates import TemplateCheck, check_template, read_template
from qa_pipeline.domain.performance import DimensionResult, Evaluation
from qa_pipeline.errors import TemplateError
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.resources import Document, read_yaml
from tests.factories import evaluation, item
from tests.qa_pipeline.appraisal.test_templates import GOOD, write

CSAT = "{indicator: csat, weight: 70, goal: keep-customers}"
UPDATES = "{indicator: knowledge_updates, weight: 70, target: 4, floor: 0, stretch: 8, goal: keep-customers}"
MONTHS = ("2026-09", "2026-10")


def broken(problems: TemplateCheck) -> list[tuple[str, int | None, object, object]]:
    found = [("error", one) for one in problems.errors] + [("warning", one) for one in problems.warnings]
    return [
        (level, one.row, one.params.get("smart"), one.params.get("indicator"))
        for level, one in found
        if "smart" in one.params
    ]


def check(tmp_path: Path, *changes: tuple[str, str]) -> TemplateCheck:
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return check_template(write(tmp_path, text), shipped())


def test_a_template_that_says_everything_breaks_nothing(tmp_path: Path) -> None:
    assert broken(check(tmp_path)) == []


def test_an_item_without_a_goal_is_not_relevant_and_a_wrong_goal_an_error(tmp_path: Path) -> None:
    aimless = check(tmp_path, (CSAT, "{indicator: csat, weight: 70}"))
    assert broken(aimless) == [("warning", 15, "relevant", "csat")]
    wrong = check(tmp_path, (CSAT, CSAT.replace("keep", "win")))
    assert broken(wrong) == [("error", 15, "relevant", "csat")]
    assert wrong.errors[0].render_hint() == "Goals of this template: keep-customers."


def test_a_goal_that_nothing_serves_is_doubtful_and_one_twice_an_error(tmp_path: Path) -> None:
    line = "  - {id: keep-customers, name: {zh: 留住客户, en: Customers stay}}\n"
    idle = check(tmp_path, (line, line + line.replace("keep-customers", "sell")))
    assert [(one.row, one.field, one.params["goal"]) for one in idle.warnings] == [(10, "goals[1]", "sell")]
    assert idle.template is not None
    twice = check(tmp_path, (line, line + line))
    assert [(one.row, one.field) for one in twice.errors] == [(10, "goals[1].id")]


def test_without_a_period_ratios_are_doubtful_and_amounts_an_error(tmp_path: Path) -> None:
    found = check(tmp_path, ("period: month\n", ""), (CSAT, UPDATES))
    # 4 updates: in a week or in a year? A handle time is the same number of seconds in either.
    assert broken(found) == [
        ("error", 14, "time_bound", "knowledge_updates"),
        ("warning", 15, "time_bound", "average_handle_time"),
        ("warning", 20, "time_bound", "script_compliance"),
        ("warning", 25, "time_bound", "service_attitude_score"),
    ]
    assert found.template is None
    assert broken(check(tmp_path, (CSAT, UPDATES))) == []


@pytest.mark.parametrize("period", ["week", "quarter", "''"])
def test_only_months_are_evaluated(tmp_path: Path, period: str) -> None:
    found = check(tmp_path, ("period: month", f"period: {period}"))
    assert [(one.row, one.field) for one in found.errors] == [(6, "period")]


def test_an_unknown_indicator_is_not_specific_and_one_without_target_not_measurable(tmp_path: Path) -> None:
    unknown = check(tmp_path, ("indicator: csat", "indicator: happiness"))
    assert broken(unknown) == [("error", 15, "specific", "happiness")]
    boundless = check(tmp_path, ("indicator: csat", "indicator: refund_rate"))
    assert broken(boundless) == [("error", 15, "measurable", "refund_rate")]


def test_an_indicator_without_a_formula_is_not_measurable(tmp_path: Path) -> None:
    catalogue = {**shipped(), "csat": replace(shipped()["csat"], formula=None)}
    found = check_template(write(tmp_path, GOOD), catalogue)
    assert broken(found) == [("warning", 15, "measurable", "csat")]


def month(agent_id: str, period: str, csat: float | None, handle: float | None, script: float | None) -> Evaluation:
    points = {"csat": csat, "average_handle_time": handle, "script_compliance": script, "service_attitude_score": None}
    items = tuple(item(name, None if value is None else 1.0, value, 25.0) for name, value in points.items())
    dimension = DimensionResult(id="performance", points=None, weight=100.0, effective_weight=100.0, items=items)
    return evaluation(agent_id, period=period, dimensions=(dimension,))


def unproven(tmp_path: Path, evaluations: list[Evaluation]) -> list[TemplateError]:
    path = write(tmp_path, GOOD)
    document: Document = read_yaml(path, TemplateError)
    return list(find_unproven(document, read_template(path, shipped()), MONTHS, evaluations))


def test_months_show_what_has_no_value_and_what_all_or_none_reach(tmp_path: Path) -> None:
    # Five agents in two months: csat always above 100, handle time never, the script once of ten.
    evaluations = [
        month(f"A{agent}", period, 104.0, 80.0, 101.0 if (agent, period) == (1, "2026-10") else 60.0)
        for agent in range(5)
        for period in MONTHS
    ]
    found = unproven(tmp_path, evaluations)
    assert [(one.row, one.params["smart"], one.params["indicator"], one.params.get("count")) for one in found] == [
        (15, "attainable", "csat", 10),
        (16, "attainable", "average_handle_time", 10),
        (26, "measurable", "service_attitude_score", None),
    ]
    assert found[0].render() == "csat: all 10 values from 2026-09 to 2026-10 reach the target."
    assert found[1].render() == "average_handle_time: none of 10 values from 2026-09 to 2026-10 reaches the target."


def test_four_agents_are_too_few_to_call_a_target_easy(tmp_path: Path) -> None:
    evaluations = [month(f"A{agent}", "2026-10", 104.0, 80.0, 99.0) for agent in range(4)]
    assert [one.params["smart"] for one in unproven(tmp_path, evaluations)] == ["measurable"]


def test_a_role_without_any_data_is_said_once(tmp_path: Path) -> None:
    (found,) = unproven(tmp_path, [month("A1", "2026-10", None, None, None)])
    assert (found.field, found.params["smart"]) == ("dimensions", "measurable")


def test_every_item_is_judged_letter_by_letter_and_unknown_is_no_answer(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace(CSAT, "{indicator: csat, weight: 70}"))
    checked = check_template(path, shipped())
    assert checked.template is not None
    sure = {"specific": True, "relevant": True, "time_bound": True}
    without = judge_items(checked.template, checked.warnings, None)
    assert without["csat"] == sure | {"relevant": False, "measurable": None, "attainable": None}
    evaluations = [month(f"A{agent}", "2026-10", 104.0, 120.0 - 15 * agent, None) for agent in range(5)]
    warnings = [*checked.warnings, *unproven(tmp_path, evaluations)]
    found = judge_items(checked.template, warnings, evaluations)
    assert found["csat"] == sure | {"relevant": False, "measurable": True, "attainable": False}
    assert found["average_handle_time"] == sure | {"measurable": True, "attainable": True}
    assert found["script_compliance"] == sure | {"measurable": False, "attainable": None}
