"""The shipped catalogue holds every indicator of the field, and broken files name line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_pipeline.errors import NotFound, TemplateError
from qa_pipeline.intake.tables import match_headers, normalise_header
from qa_pipeline.kpi.catalogue import get_indicator, header_aliases, list_indicators, read_catalogue

# Targets as the sources of the field state them.
STATED = {
    "answer_rate": 0.90,
    "average_speed_of_answer": 15,
    "average_handle_time": 600,
    "first_contact_resolution": 0.80,
    "repeat_contact_rate": 0.10,
    "service_attitude_score": 4.5,
    "script_compliance": 0.95,
    "csat": 0.85,
    "nps": 40,
    "complaint_rate": 0.05,
    "resolution_rate": 0.90,
    "response_within_24h": 0.95,
    "ticket_handle_time": 4,
    "cost_per_contact": 5,
}
WITHOUT_TARGET = [
    "calls_handled",
    "calls_handled_weekly",
    "satisfaction_index",
    "sla_attainment",
    "punctuality_rate",
    "inspection_pass_rate",
    "inspection_score",
    "satisfaction_rating",
    "long_term_satisfaction",
    "revisit_rate",
    "contacts_per_head",
    "error_rate",
    "knowledge_updates",
    "fault_repair_time",
    "improvement_proposals",
    "process_violations",
    "attendance_rate",
    "enquiry_conversion",
    "average_response_time",
    "customer_churn_rate",
    "order_amount",
    "valid_order_share",
    "payment_rate",
    "refund_rate",
    "average_order_value",
    "complaint_share",
    "abnormal_order_share",
    "report_timeliness",
    "report_truthfulness",
]
# Targets of the product.
RATED = [
    "task_completion",
    "collaboration",
    "service_spirit",
    "professional_ability",
    "learning",
    "people_leadership",
    "report_quality",
]

ONE = """\
schema: 1
indicators:
  - id: speed
    group: efficiency
    name: {zh: 速度, en: Speed}
    unit: s
    direction: down
    target: 10
    floor: 20
    minimum: 0
    maximum: 100
    aliases: [快慢]
"""


def test_a_share_may_be_everything() -> None:
    # Two complaints on two contacts are 100 %: few contacts reach what many never do.
    shares = [one for one in list_indicators() if one.unit == "ratio"]
    assert {(one.minimum, one.maximum) for one in shares} == {(0.0, 1.0)}


def test_the_catalogue_is_complete_with_the_stated_targets() -> None:
    found = {definition.id: definition.target for definition in list_indicators()}
    assert found == STATED | dict.fromkeys(WITHOUT_TARGET) | dict.fromkeys(RATED, 4)
    assert get_indicator("average_handle_time").target_low == 180
    assert get_indicator("cost_per_contact").target_low == 2
    assert get_indicator("answer_rate").other_targets == (0.92,)


def test_every_indicator_is_measurable_and_has_plausible_values() -> None:
    for found in list_indicators():
        assert found.formula is not None and found.formula.zh and found.formula.en, found.id
        assert found.minimum is not None and found.maximum is not None, found.id
    assert {found.id for found in list_indicators() if found.accumulates} == {
        "order_amount",
        "contacts_per_head",
        "knowledge_updates",
        "improvement_proposals",
        "process_violations",
    }


def test_no_header_means_two_indicators() -> None:
    owners: dict[str, str] = {}
    for indicator, names in header_aliases(list_indicators()).items():
        for name in {normalise_header(name) for name in (indicator, *names)}:
            assert owners.setdefault(name, indicator) == indicator, name


@pytest.mark.parametrize(
    ("header", "indicator"),
    [
        ("CSAT", "csat"),
        ("客户满意度（%）", "csat"),
        ("First Call Resolution", "first_contact_resolution"),
        ("首次解决率", "first_contact_resolution"),
        ("平均通话时长(秒)", "average_handle_time"),
        ("AHT (min)", "average_handle_time"),
        ("answer_rate", "answer_rate"),
        ("退款率", "refund_rate"),
        ("质检得分", "inspection_score"),
        ("每周通话量", "calls_handled_weekly"),
        ("日均通话量", "calls_handled"),
        ("接听数", "contacts_per_head"),
        ("回访满意度", "long_term_satisfaction"),
    ],
)
def test_headers_that_people_write_are_understood(header: str, indicator: str) -> None:
    assert match_headers([header], header_aliases(list_indicators())) == {indicator: header}


def test_unknown_indicators_are_not_found() -> None:
    with pytest.raises(NotFound):
        get_indicator("happiness")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("unit: s\n", "unit: minutes\n", 6, "one of"),
        ("target: 10", "target: ten", 8, "number"),
        ("floor: 20", "floor: 200", 3, "outside"),
        ("aliases: [快慢]", "aliases: [速度]\n    opposing: [haste]", 13, "no indicator"),
        ("aliases: [快慢]", "source: inspection", 12, "measure"),
        ("schema: 1", "schema: 2", 1, "one of"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(ONE.replace(old, new), encoding="utf-8")
    with pytest.raises(TemplateError, match=words) as caught:
        read_catalogue([path])
    assert (caught.value.file, caught.value.row) == (str(path), line)


def test_a_name_belongs_to_one_indicator(tmp_path: Path) -> None:
    for name, indicator in (("a.yaml", "speed"), ("b.yaml", "haste")):
        (tmp_path / name).write_text(ONE.replace("id: speed", f"id: {indicator}"), encoding="utf-8")
    with pytest.raises(TemplateError, match="already belongs to the indicator speed"):
        read_catalogue(sorted(tmp_path.glob("*.yaml")))
