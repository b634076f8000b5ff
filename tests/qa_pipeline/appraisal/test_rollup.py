"""Quarters and years from months, with figures derived by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.appraisal.evaluate import Grounds, evaluate_month
from qa_pipeline.appraisal.observed import observe_record
from qa_pipeline.appraisal.pooled import pool
from qa_pipeline.appraisal.rollup import roll_up_months
from qa_pipeline.domain.performance import (
    Evaluation,
    ItemResult,
    KpiRecord,
    Template,
    TemplateDimension,
    TemplateItem,
)
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.kpi.catalogue import shipped

NAME = Text(zh="方案", en="Template")
GRADES = (("A", 100.0), ("B", 85.0), ("C", 70.0), ("D", 0.0))


def template(template_id: str = "phone", version: int = 1, *items: TemplateItem) -> Template:
    chosen = items or (TemplateItem(indicator="csat", weight=100),)
    return Template(
        id=template_id,
        version=version,
        name=NAME,
        role="front-line",
        dimensions=(TemplateDimension(id="performance", name=NAME, weight=100, items=chosen),),
        grades=GRADES,
        min_contacts=0,
        digest=f"{template_id}{version}",
    )


def month(
    period: str, values: dict[str, tuple[float, int | None]], by: Template | None = None, agent_id: str = "A1"
) -> Evaluation:
    observed = {}
    for indicator, (value, n) in values.items():
        record = KpiRecord(
            indicator=indicator, agent_id=agent_id, period=period, value=value, n=n, source=f"kpi-{period}.csv"
        )
        observed[indicator] = observe_record(record, shipped()[indicator])
    grounds = Grounds(contact_count=4, scored_count=4, review_count=1, fingerprint=f"{agent_id}{period}{values}")
    return evaluate_month(period, by or template(), {agent_id: observed}, {agent_id: grounds}, shipped())[0]


def roll_up(*months: Evaluation, period: str = "2026-Q3", templates: tuple[Template, ...] = ()) -> list[Evaluation]:
    known = {(each.id, each.version): each for each in (templates or (template(),))}
    return list(roll_up_months(period, months, known, shipped()))


def item_of(evaluation: Evaluation, indicator: str = "csat") -> ItemResult:
    return next(item for each in evaluation.dimensions for item in each.items if item.indicator == indicator)


def said(evaluation: Evaluation) -> str:
    return " ".join(note.message for note in evaluation.notes)


def test_a_month_of_few_observations_does_not_weigh_like_one_of_many() -> None:
    found = roll_up(
        month("2026-07", {"csat": (0.80, 400)}),
        month("2026-08", {"csat": (0.85, 100)}),
        month("2026-09", {"csat": (0.60, 10)}),
    )[0]
    item = item_of(found)
    # (400 x .80 + 100 x .85 + 10 x .60) / 510 = 411 / 510
    assert item.value == pytest.approx(411 / 510)
    assert item.n == 510
    # floor .60, target .85: (.80588 - .60) / .25 x 100 = 82.35; the mean of the months' totals would be 60.
    assert found.total == pytest.approx(82.3529, abs=1e-4)
    assert (found.period, found.grade, found.n_contacts, found.n_reviews) == ("2026-Q3", "C", 12, 3)
    assert item.source == "kpi-2026-07.csv, kpi-2026-08.csv, kpi-2026-09.csv"


def test_the_error_of_a_quarter_is_nearly_that_of_its_observations_together() -> None:
    found = roll_up(*(month(f"2026-0{number}", {"csat": (0.8, 300)}) for number in (7, 8, 9)))[0]
    # Of 900 observations: sqrt(.8 x .2 / 900) = .013333; Wilson's for 300 each is a little less.
    assert item_of(found).se == pytest.approx(0.01333, rel=0.01)
    assert found.ci95 is not None
    # The slope is 400 points for 1: 80 +- 1.96 x 5.33
    assert found.ci95[0] == pytest.approx(80 - 10.45, abs=0.2)


def test_without_counts_months_weigh_alike_and_that_is_said() -> None:
    found = roll_up(month("2026-07", {"csat": (0.80, 400)}), month("2026-08", {"csat": (0.70, None)}))[0]
    assert item_of(found).value == pytest.approx(0.75)
    assert item_of(found).n is None
    # The month without an error is taken to be as unsure as the other: sqrt(2 x (se / 2)^2) = se / sqrt 2.
    sure = item_of(month("2026-07", {"csat": (0.80, 400)})).se
    assert sure is not None
    assert item_of(found).se == pytest.approx(sure / math.sqrt(2))
    assert "comes without a count in some of its" in said(found)


def test_what_accumulates_is_summed_and_compared_with_the_target_of_the_months_with_data() -> None:
    by = template(
        "office",
        1,
        TemplateItem(indicator="improvement_proposals", weight=60, target=2, floor=0, stretch=4),
        TemplateItem(indicator="csat", weight=40),
    )
    found = roll_up(
        month("2026-07", {"improvement_proposals": (1, None), "csat": (0.8, 50)}, by),
        month("2026-08", {"improvement_proposals": (4, None), "csat": (0.8, 50)}, by),
        month("2026-09", {"csat": (0.8, 50)}, by),
        templates=(by,),
    )[0]
    item = item_of(found, "improvement_proposals")
    # 1 + 4 beside 2 x 2: 5 of 4, 100 + (5 - 4) / (8 - 4) x 20 = 105
    assert (item.value, item.target) == (5, 4)
    assert item.attainment_points == pytest.approx(105)
    assert "is the sum of" in said(found)


def test_missing_months_are_named_and_half_of_them_are_enough() -> None:
    found = roll_up(month("2026-07", {"csat": (0.8, 50)}), month("2026-09", {"csat": (0.8, 50)}))[0]
    assert found.total is not None
    note = next(note for note in found.notes if "these are missing" in note.message)
    assert note.params == {"count": 2, "of": 3, "months": "2026-08"}


def test_fewer_than_half_of_the_months_give_no_total() -> None:
    found = roll_up(*(month(f"2026-0{number}", {"csat": (0.8, 50)}) for number in range(1, 6)), period="2026")[0]
    assert (found.total, found.ci95, found.grade, found.group) == (None, None, None, "insufficient")
    assert found.places is None
    assert "at least half are needed" in said(found)
    assert "The grade is uncertain" not in said(found)
    # What is known still opens.
    assert item_of(found).value == pytest.approx(0.8)


def test_a_month_without_any_value_is_a_missing_month() -> None:
    found = roll_up(month("2026-07", {"csat": (0.8, 50)}), month("2026-08", {}))[0]
    assert found.total is None
    assert roll_up(month("2026-08", {})) == []


def test_after_a_change_of_role_each_part_is_judged_by_its_own_template() -> None:
    phone = template()
    office = template("office", 1, TemplateItem(indicator="csat", weight=100, target=0.9, floor=0.8, stretch=1.0))
    found = roll_up(
        month("2026-07", {"csat": (0.85, 100)}, phone),
        month("2026-08", {"csat": (0.85, 300)}, phone),
        month("2026-09", {"csat": (0.85, 2000)}, office),
        templates=(phone, office),
    )[0]
    # By phone .85 is the target: 100. By office (.85 - .80) / .10 = 50. By months: 2/3 x 100 + 1/3 x 50.
    assert found.total == pytest.approx(250 / 3)
    assert (found.template_id, found.group, found.places) == ("phone", "within", None)
    dimension = found.dimensions[0]
    assert dimension.points == pytest.approx(250 / 3)
    assert [item.effective_weight for item in dimension.items] == pytest.approx([200 / 3, 100 / 3])
    months = {note.params["template"]: note.params["months"] for note in found.notes if "template" in note.params}
    assert months == {"phone": "2026-07, 2026-08", "office": "2026-09"}
    # Two independent parts: 2/3 of the half-width of the one and 1/3 of that of the other, added as squares.
    at_phone = roll_up(
        month("2026-07", {"csat": (0.85, 100)}, phone),
        month("2026-08", {"csat": (0.85, 300)}, phone),
        templates=(phone,),
    )[0]
    in_office = month("2026-09", {"csat": (0.85, 2000)}, office)
    assert at_phone.ci95 is not None and in_office.ci95 is not None and found.ci95 is not None
    half = math.hypot(2 / 3 * (100 - at_phone.ci95[0]), 1 / 3 * (50 - in_office.ci95[0]))
    assert 250 / 3 - found.ci95[0] == pytest.approx(half)


def test_months_by_a_template_that_is_gone_are_left_out_and_named() -> None:
    gone = template("gone")
    found = roll_up(
        month("2026-07", {"csat": (0.8, 50)}),
        month("2026-08", {"csat": (0.8, 50)}),
        month("2026-09", {"csat": (0.1, 50)}, gone),
    )[0]
    assert found.total == pytest.approx(80)
    assert next(note for note in found.notes if "not on disk" in note.message).params == {"months": "2026-09"}


def test_agents_are_compared_by_their_pooled_totals() -> None:
    months = [
        month(f"2026-0{number}", {"csat": (value, 2000)}, agent_id=agent_id)
        for number in (7, 8, 9)
        for agent_id, value in (("A1", 0.63), ("A2", 0.735), ("A3", 0.84))
    ]
    found = roll_up(*months)
    assert [(one.agent_id, one.group) for one in found] == [("A1", "below"), ("A2", "within"), ("A3", "above")]
    assert [one.places for one in found] == [(3, 3, 3), (2, 2, 3), (1, 1, 3)]


def test_the_same_months_have_the_same_fingerprint_and_others_another() -> None:
    months = [month(f"2026-0{number}", {"csat": (0.8, 50)}) for number in (7, 8, 9)]
    assert roll_up(*months)[0].fingerprint == roll_up(*reversed(months))[0].fingerprint
    corrected = month("2026-09", {"csat": (0.9, 50)})
    assert roll_up(*months)[0].fingerprint != roll_up(*months[:2], corrected)[0].fingerprint


def item(value: float, n: int | None, se: float | None = None, **changes: Any) -> ItemResult:
    found = ItemResult(
        indicator="csat",
        value=value,
        n=n,
        source="inspection",
        target=0.85,
        attainment_points=80,
        se_points=None,
        weight=100,
        effective_weight=100,
        se=se,
    )
    return replace(found, **changes)


def test_the_worst_contacts_of_each_month_come_first() -> None:
    months = [item(0.8, 5, contacts=("a", "b")), item(0.7, 5, contacts=("c", "d", "e"))]
    found = pool(shipped()["csat"], months, sufficient=[True, True], estimated=False)
    assert (found.contacts, found.source) == (("a", "c", "b", "d", "e"), "inspection")


@pytest.mark.parametrize(("sufficient", "expected"), [([True, False], True), ([False, True], False)])
def test_enough_reviews_must_stand_behind_half_of_the_weight(sufficient: list[bool], expected: bool) -> None:
    months = [item(0.8, 60), item(0.7, 40)]
    assert pool(shipped()["csat"], months, sufficient=sufficient, estimated=False).sufficient is expected


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(2, 1000), st.floats(0.001, 0.3)),
        min_size=1,
        max_size=12,
    )
)
def test_pooling_lies_between_the_months_and_is_surer_than_the_least_sure(
    months: list[tuple[float, int, float]],
) -> None:
    found = pool(
        shipped()["csat"],
        [item(*each, df=each[1] - 1) for each in months],
        sufficient=[True] * len(months),
        estimated=False,
    )
    assert min(each[0] for each in months) - 1e-9 <= found.value <= max(each[0] for each in months) + 1e-9
    assert found.se is not None
    assert found.se <= max(each[2] for each in months) * (1 + 1e-9)
    assert found.df is not None
    assert found.df >= min(each[1] for each in months) - 1 - 1e-6


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(2, 1000)), min_size=2, max_size=12))
def test_pooling_in_two_steps_is_pooling_at_once(months: list[tuple[float, int]]) -> None:
    items = [item(value, n, 0.1) for value, n in months]
    definition = shipped()["csat"]
    first = pool(definition, items[:1], sufficient=[True], estimated=False)
    rest = pool(definition, items[1:], sufficient=[True] * (len(items) - 1), estimated=False)
    again = pool(
        definition,
        [item(first.value, first.n, first.se), item(rest.value, rest.n, rest.se)],
        sufficient=[True, True],
        estimated=False,
    )
    whole = pool(definition, items, sufficient=[True] * len(items), estimated=False)
    assert (again.value, again.n, again.se) == (pytest.approx(whole.value), whole.n, pytest.approx(whole.se))
