"""Template files: what is accepted, and every mistake with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_pipeline.appraisal.attainment import levels_of, make_curve
from qa_pipeline.appraisal.evaluate import Grounds, evaluate_month
from qa_pipeline.appraisal.observed import Observed
from qa_pipeline.appraisal.templates import check_template, get_template, list_templates, read_template, template_paths
from qa_pipeline.errors import NotFound, TemplateError
from qa_pipeline.kpi.catalogue import shipped

GOOD = """\
schema: 1
id: night-desk
version: 1
name: {zh: 夜班坐席, en: Night desk}
role: front-line
period: month
min_contacts: 3
goals:
  - {id: keep-customers, name: {zh: 留住客户, en: Customers stay}}
dimensions:
  - id: performance
    name: {zh: 业绩, en: Performance}
    weight: 60
    items:
      - {indicator: csat, weight: 70, goal: keep-customers}
      - {indicator: average_handle_time, weight: 30, goal: keep-customers}
  - id: ability
    name: {zh: 能力, en: Ability}
    weight: 20
    items:
      - {indicator: script_compliance, weight: 100, goal: keep-customers}
  - id: attitude
    name: {zh: 态度, en: Attitude}
    weight: 20
    items:
      - {indicator: service_attitude_score, weight: 100, goal: keep-customers}
grades:
  - {grade: A, from_points: 100}
  - {grade: B, from_points: 0}
"""


def write(folder: Path, text: str, name: str = "night-desk.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_templates_are_sound_60_20_20_and_without_warnings() -> None:
    for path in template_paths():
        found = check_template(path, shipped())
        assert (found.errors, list(found.warnings)) == ((), []), path
        assert found.template is not None
        assert {dimension.id: dimension.weight for dimension in found.template.dimensions} == {
            "performance": 60,
            "ability": 20,
            "attitude": 20,
        }
    assert [template.id for template in list_templates(shipped())] == [
        "back-office",
        "front-line",
        "new-hire",
        "online-shop",
        "team-lead",
        "technical-support",
    ]


def test_no_figure_decides_a_shipped_dimension_alone_but_attitude() -> None:
    """One source must not decide: no item outside attitude weighs more than 70 % of its dimension."""
    for template in list_templates(shipped()):
        for dimension in template.dimensions:
            if dimension.id != "attitude":
                assert max(item.weight for item in dimension.items) <= 70, template.id


def test_a_new_hire_who_reaches_the_target_has_70_points_on_the_front_line() -> None:
    experienced = {item.indicator: item for item in get_template("front-line", shipped()).items}
    lowered = []
    for item in get_template("new-hire", shipped()).items:
        if item.indicator not in experienced:  # how well somebody learns is asked of beginners alone
            continue
        new, old = (levels_of(shipped()[item.indicator], one) for one in (item, experienced[item.indicator]))
        if new == old:
            continue
        lowered.append(item.indicator)
        curve = make_curve(old)
        assert new.target is not None
        assert (float(curve.points(new.target)), new.floor) == (pytest.approx(70.0), old.floor)
        if new.target_low is not None:
            assert (float(curve.points(new.target_low)), new.floor_low) == (pytest.approx(70.0), old.floor_low)
        assert new.stretch == (None if old.target_low is not None else old.target)
    assert lowered == [
        "csat",
        "first_contact_resolution",
        "repeat_contact_rate",
        "average_handle_time",
        "inspection_pass_rate",
    ]


@pytest.mark.parametrize("level", ["floor", "target", "stretch"])
def test_whoever_reaches_the_same_level_everywhere_has_its_points_in_each_role(level: str) -> None:
    """At every floor 0 points, at every target 100; at every stretch 120 but for ranges, which end at 100."""
    points = {"floor": 0.0, "target": 100.0, "stretch": 120.0}[level]
    for template in list_templates(shipped()):
        values = {}
        weight_of_ranges = 0.0
        for dimension in template.dimensions:
            for item in dimension.items:
                levels = levels_of(shipped()[item.indicator], item)
                is_range = levels.target_low is not None
                weight_of_ranges += dimension.weight * item.weight / 100 if is_range else 0.0
                value = levels.target if is_range and level == "stretch" else getattr(levels, level)
                values[item.indicator] = Observed(value=value, n=None, se=None, df=None, source="kpi.csv")
        # No contact is needed where nobody takes calls; elsewhere the template's own minimum will do.
        grounds = Grounds(contact_count=template.min_contacts, scored_count=template.min_contacts)
        (found,) = evaluate_month("2026-10", template, {"A1": values}, {"A1": grounds}, shipped())
        lost = weight_of_ranges / 100 * 20 if level == "stretch" else 0.0
        assert found.total == pytest.approx(points - lost), template.id


def test_a_good_file_is_read(tmp_path: Path) -> None:
    template = read_template(write(tmp_path, GOOD), shipped())
    assert (template.id, template.version, template.name.zh, template.min_contacts) == ("night-desk", 1, "夜班坐席", 3)
    assert [item.indicator for item in template.items] == [
        "csat",
        "average_handle_time",
        "script_compliance",
        "service_attitude_score",
    ]
    assert template.grades == (("A", 100.0), ("B", 0.0))


def with_collaboration(raters: str = "") -> str:
    rated = "service_attitude_score, weight: 80, goal: keep-customers}\n      - {indicator: collaboration, weight: 20"
    return raters + GOOD.replace("service_attitude_score, weight: 100", rated)


def test_raters_are_read_and_a_rated_item_needs_them(tmp_path: Path) -> None:
    template = read_template(write(tmp_path, with_collaboration("raters: {self: 30, manager: 70}\n")), shipped())
    assert template.raters == (("self", 30.0), ("manager", 70.0))
    (error,) = check_template(write(tmp_path, with_collaboration()), shipped()).errors
    assert (error.params["indicator"], error.row) == ("collaboration", 27)
    (error,) = check_template(write(tmp_path, with_collaboration("raters: {self: 30, peer: 60}\n")), shipped()).errors
    assert (error.field, error.params["total"]) == ("raters", 90)
    (error, *_) = check_template(write(tmp_path, with_collaboration("raters: {boss: 100}\n")), shipped()).errors
    assert error.field is not None and error.field.startswith("raters")


def test_raters_without_a_rated_item_and_a_single_class_are_doubtful(tmp_path: Path) -> None:
    def said(text: str) -> list[str]:
        found = check_template(write(tmp_path, text), shipped())
        assert found.template is not None
        return [warning.message for warning in found.warnings]

    assert said("raters: {self: 30, manager: 70}\n" + GOOD) == ["The template names raters, and no item is rated."]
    (message,) = said(with_collaboration("raters: {manager: 100}\n"))
    assert message.startswith("A single class rates")


def test_the_digest_follows_the_content_and_not_the_layout(tmp_path: Path) -> None:
    first = read_template(write(tmp_path, GOOD), shipped())
    commented = read_template(write(tmp_path, "# 夜班\n" + GOOD), shipped())
    changed = read_template(write(tmp_path, GOOD.replace("min_contacts: 3", "min_contacts: 4")), shipped())
    assert first.digest == commented.digest
    assert first.digest != changed.digest


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ("min_contacts: 3\n", "", 1, "min_contacts", "missing"),
        ("role: front-line\n", "role: front-line\nrolle: x\n", 6, "rolle", "no key"),
        ("weight: 70", "weight: seventy", 15, "dimensions[0].items[0].weight", "number"),
        ("weight: 70", "weight: 60", 14, "dimensions[0].items", "sum to 90"),
        ("    weight: 60", "    weight: 50", 10, "dimensions", "sum to 90"),
        ("indicator: csat", "indicator: csatt", 15, "dimensions[0].items[0].indicator", "no indicator"),
        ("indicator: average_handle_time", "indicator: csat", 16, "dimensions[0].items[1].indicator", "twice"),
        ("indicator: csat,", "indicator: nps, target: 90,", 15, "dimensions[0].items[0]", "Higher is better"),
        ("indicator: csat,", "indicator: refund_rate,", 15, "dimensions[0].items[0]", "no target"),
        ("id: ability", "id: performance", 17, "dimensions[1].id", "twice"),
        ("id: ability", "id: skill", 17, "dimensions[1].id", "one of"),
        ("from_points: 0}", "from_points: 10}", 27, "grades", "begin at 0"),
        ("grade: B, from_points: 0", "grade: A, from_points: 0", 27, "grades", "twice"),
        ("version: 1", "version: 0", 3, "version", "wrong"),
        ("id: night-desk", "id: Night Desk", 2, "id", "wrong"),
    ],
)
def test_mistakes_name_line_and_key(tmp_path: Path, old: str, new: str, line: int, key: str, words: str) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    found = check_template(path, shipped())
    assert found.template is None
    assert [(error.file, error.row, error.field) for error in found.errors] == [(str(path), line, key)]
    assert words in found.errors[0].render()
    with pytest.raises(TemplateError, match=words):
        read_template(path, shipped())


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    broken = GOOD.replace("weight: 70", "weight: 60").replace("indicator: script_compliance", "indicator: nothing")
    found = check_template(write(tmp_path, broken), shipped())
    assert [error.row for error in found.errors] == [14, 21]


@pytest.mark.parametrize("text", ["", "a: [", "- 1\n- 2\n"])
def test_what_is_no_template_at_all(tmp_path: Path, text: str) -> None:
    found = check_template(write(tmp_path, text), shipped())
    assert found.template is None
    assert len(found.errors) == 1


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("# 末位扣款200元", "pay"),
        ("# 连续三个月末位予以辞退", "dismissal"),
        ("# Ranked last three times: pay cut", "rank"),
        ("# a fixed deduction for each complaint", "pay"),
    ],
)
def test_rules_on_pay_rank_and_dismissal_give_a_warning_and_no_error(tmp_path: Path, rule: str, kind: str) -> None:
    found = check_template(write(tmp_path, GOOD + rule + "\n"), shipped())
    assert found.template is not None
    assert kind in {warning.field for warning in found.warnings}
    assert {warning.row for warning in found.warnings} == {30}


def test_words_that_only_look_alike_give_no_warning(tmp_path: Path) -> None:
    found = check_template(write(tmp_path, GOOD + "# deductible terminals refined 排名不公开\n"), shipped())
    assert list(found.warnings) == []


def test_an_indicator_without_its_opposite_gives_a_warning(tmp_path: Path) -> None:
    alone = GOOD.replace("indicator: csat,", "indicator: complaint_rate,")
    found = check_template(write(tmp_path, alone), shipped())
    assert [(warning.row, warning.params["id"]) for warning in found.warnings] == [(16, "average_handle_time")]


def test_own_templates_come_beside_the_shipped_ones_and_the_newest_version_counts(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD.replace("version: 1", "version: 2"), "night-desk-2.yaml")
    assert get_template("night-desk", shipped(), tmp_path).version == 2
    assert get_template("night-desk@1", shipped(), tmp_path).version == 1
    with pytest.raises(NotFound) as caught:
        get_template("day-desk", shipped(), tmp_path)
    known = "back-office, front-line, new-hire, night-desk, online-shop, team-lead, technical-support"
    assert caught.value.params["known"] == known


def test_one_version_with_two_contents_is_refused(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD.replace("min_contacts: 3", "min_contacts: 9"), "other.yaml")
    with pytest.raises(TemplateError, match="other content"):
        list_templates(shipped(), tmp_path)
