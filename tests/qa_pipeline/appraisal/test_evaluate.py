"""One evaluation by hand, and every way in which something can be missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.appraisal.evaluate import Grounds, evaluate_month
from qa_pipeline.appraisal.inspected import Inspected, observe_inspected
from qa_pipeline.appraisal.observed import Observed, observe_record, se_of
from qa_pipeline.appraisal.templates import get_template
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import (
    Evaluation,
    IndicatorDirection,
    ItemResult,
    KpiDefinition,
    KpiRecord,
    Template,
    TemplateDimension,
    TemplateItem,
)
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import fill
from qa_pipeline.kpi.catalogue import shipped

# What people rate; nobody did here.
RATED = ("professional_ability", "service_spirit", "collaboration")
FRONT_LINE = get_template("front-line", shipped())


def kpi(indicator: str, value: float, n: int | None = None, sd: float | None = None) -> KpiRecord:
    return KpiRecord(
        indicator=indicator, agent_id="A1", period="2026-10", value=value, n=n, sd=sd, source="kpi-2026-10.csv"
    )


def measure(value: float, n: int, sd: float | None, contacts: tuple[str, ...], **changes: Any) -> Observed:
    found = Observed(
        value=value, n=n, se=se_of(value, n, sd, is_share=sd is None), df=None, source="inspection", contacts=contacts
    )
    return replace(found, **changes)


KPIS = (
    kpi("csat", 0.80, n=100),
    kpi("first_contact_resolution", 0.83, n=200),
    kpi("complaint_rate", 0.03, n=400),
    kpi("repeat_contact_rate", 0.13, n=200),
    kpi("average_handle_time", 420.0, n=300, sd=180.0),
    kpi("average_speed_of_answer", 24.0),
)
INSPECTED = Inspected(
    contact_count=11,
    scored_count=10,
    review_count=2,
    measures={
        "script": measure(value=0.85, n=10, sd=0.1, contacts=("c3", "c1")),
        "passed": measure(value=0.8, n=10, sd=None, contacts=("c3", "c1")),
        "attitude": measure(value=4.2, n=9, sd=0.45, contacts=("c1",)),
        "points": measure(value=82.0, n=10, sd=9.0, contacts=("c3", "c1")),
    },
)


def evaluate(kpis: Sequence[KpiRecord] = KPIS, inspected: Inspected = INSPECTED) -> Evaluation:
    observed = {record.indicator: observe_record(record, shipped()[record.indicator]) for record in kpis}
    grounds = Grounds(
        contact_count=inspected.contact_count,
        scored_count=inspected.scored_count,
        review_count=inspected.review_count,
        fingerprint="f",
    )
    values = {"A1": observed | dict(observe_inspected(inspected, shipped()))}
    return evaluate_month("2026-10", FRONT_LINE, values, {"A1": grounds}, shipped())[0]


def items_of(evaluation: Evaluation) -> dict[str, ItemResult]:
    return {item.indicator: item for dimension in evaluation.dimensions for item in dimension.items}


def messages_of(evaluation: Evaluation) -> list[str]:
    return [note.message for note in evaluation.notes]


def test_a_whole_evaluation_by_hand() -> None:
    found = evaluate()
    attained = {name: item.attainment_points for name, item in items_of(found).items() if name not in RATED}
    assert attained == pytest.approx(
        {
            "csat": 80.0,  # (.80 - .60) / (.85 - .60) x 100
            "first_contact_resolution": 105.0,  # 100 + (.83 - .80) / (.92 - .80) x 20
            "complaint_rate": 110.0,  # 100 + (.05 - .03) / (.05 - .01) x 20
            "repeat_contact_rate": 80.0,  # (.25 - .13) / (.25 - .10) x 100
            "average_handle_time": 100.0,  # inside 180 to 600
            "average_speed_of_answer": 80.0,  # (60 - 24) / (60 - 15) x 100
            "script_compliance": 60.0,  # (.85 - .70) / (.95 - .70) x 100
            "inspection_pass_rate": 200 / 3,  # (.80 - .60) / (.90 - .60) x 100
            "service_attitude_score": 80.0,  # (4.2 - 3.0) / (4.5 - 3.0) x 100
        }
    )
    points = {dimension.id: dimension.points for dimension in found.dimensions}
    # performance: .30 x 80 + .25 x 105 + .15 x 110 + .10 x 80 + .10 x 100 + .10 x 80 = 92.75
    # ability: .5 x 60 + .5 x 66.667 = 63.333
    assert points == pytest.approx({"performance": 92.75, "ability": 63.3333, "attitude": 80.0}, abs=1e-4)
    # .6 x 92.75 + .2 x 63.3333 + .2 x 80 = 55.65 + 12.6667 + 16
    assert found.total == pytest.approx(84.3167, abs=1e-4)
    assert found.grade == "C"
    assert (found.n_contacts, found.n_reviews) == (10, 2)


def test_its_standard_errors_by_hand() -> None:
    items = items_of(evaluate())
    # Attitude: .45 / sqrt(9) = .15 on a slope of 66.667 is 10 points; the bend at 4.5 is 2 se away and lowers it a bit.
    assert items["service_attitude_score"].se_points == pytest.approx(10.0, rel=0.02)
    # Speed of answer has no n.
    assert items["average_speed_of_answer"].se_points is None
    # Script: .1 / sqrt(10) = .0316228 on a slope of 400 is 12.649; floor and target are 4.7 and 3.2 se away.
    assert items["script_compliance"].se_points == pytest.approx(12.649, rel=0.005)


def test_its_interval_follows_from_its_items() -> None:
    found = evaluate()
    items = items_of(found)

    def part(name: str) -> float:
        se = items[name].se_points
        assert se is not None
        return items[name].effective_weight / 100 * se

    together = part("script_compliance") + part("inspection_pass_rate") + part("service_attitude_score")
    alone = ("csat", "first_contact_resolution", "complaint_rate", "repeat_contact_rate", "average_handle_time")
    variance = together**2 + sum(part(name) ** 2 for name in alone)
    # The nine contacts of attitude give 8 degrees of freedom to the inspections, which carry nearly all variance:
    # between 8 and the next hundred, so t lies between 1.98 and 2.306.
    assert found.ci95 is not None and found.total is not None
    half = found.total - found.ci95[0]
    assert 1.98 < half / math.sqrt(variance) < 2.306
    assert found.ci95[1] - found.total == pytest.approx(half)


def test_every_number_opens_into_its_contacts_and_source() -> None:
    items = items_of(evaluate())
    assert items["script_compliance"].contacts == ("c3", "c1")
    assert items["script_compliance"].source == "inspection"
    assert (items["csat"].source, items["csat"].n, items["csat"].target) == ("kpi-2026-10.csv", 100, 0.85)


def test_what_is_exact_and_what_is_uncertain_is_said() -> None:
    notes = evaluate().notes
    exact = [note.params["indicator"] for note in notes if "without a count" in note.message]
    assert exact == ["average_speed_of_answer"]
    # Ten contacts leave 84.3 +- 16: from below 70, where C begins, to above 100, where A does.
    grades = [note.params for note in notes if note.message.startswith("The grade is uncertain")]
    assert grades == [{"low": "D", "high": "A"}]
    assert [note.params["count"] for note in notes if "without a score" in note.message] == [1]


def test_a_missing_item_is_reweighted_within_its_dimension() -> None:
    found = evaluate(KPIS[1:])
    items = items_of(found)
    # Of 70 % left, first contact resolution has 25: 60 x 25 / 70 = 21.43 % of the total.
    assert items["first_contact_resolution"].effective_weight == pytest.approx(60 * 25 / 70)
    assert (items["csat"].effective_weight, items["csat"].weight) == (0.0, 18.0)
    # (25 x 105 + 15 x 110 + 10 x 80 + 10 x 100 + 10 x 80) / 70 = 6875 / 70
    assert found.dimensions[0].points == pytest.approx(98.2143, abs=1e-4)
    missing = [note.params["indicator"] for note in found.notes if "has no value" in note.message]
    assert missing == ["csat", *RATED]


def test_a_missing_dimension_is_reweighted_across_the_others() -> None:
    without = Inspected(
        contact_count=5, scored_count=5, measures={name: INSPECTED.measures[name] for name in ("script", "passed")}
    )
    found = evaluate(inspected=without)
    assert [dimension.effective_weight for dimension in found.dimensions] == pytest.approx([75, 25, 0])
    # .75 x 92.75 + .25 x 63.3333
    assert found.total == pytest.approx(85.3958, abs=1e-4)
    assert [note.params for note in found.notes if note.message.startswith("Nothing is known")] == [
        {"dimension": "attitude"}
    ]


def test_too_few_scored_contacts_give_no_total() -> None:
    found = evaluate(inspected=Inspected(contact_count=4, scored_count=2, measures=INSPECTED.measures))
    assert (found.total, found.ci95, found.grade, found.group) == (None, None, None, "insufficient")
    assert found.notes[0].params == {"count": 2, "needed": 3}
    # The parts stay open all the same.
    assert found.dimensions[0].points == pytest.approx(92.75)


def test_that_nothing_was_inspected_is_said_once() -> None:
    found = evaluate(inspected=Inspected())
    refusal = "There is no total: it takes {needed} contacts with a score and has {count}."
    inspections = {"script_compliance", "inspection_pass_rate", "service_attitude_score"}
    assert not any("dimension" in note.params for note in found.notes)
    assert messages_of(found).count(refusal) == 1
    assert not inspections & {note.params.get("indicator") for note in found.notes}
    # Without a bound on contacts there is a total, and then where the weight goes is said, once too.
    values = {"A1": {record.indicator: observe_record(record, shipped()[record.indicator]) for record in KPIS}}
    free = replace(FRONT_LINE, min_contacts=0)
    (found,) = evaluate_month("2026-10", free, values, {"A1": Grounds(fingerprint="f")}, shipped())
    assert found.total is not None
    assert (
        messages_of(found).count(
            "No contact was inspected: what inspections tell has no value; its weight goes to the rest."
        )
        == 1
    )
    assert not inspections & {note.params.get("indicator") for note in found.notes}


def test_more_than_half_of_the_weight_missing_gives_no_total() -> None:
    found = evaluate(())
    assert (found.total, found.group) == (None, "insufficient")
    # Nobody is rated here, so 20 % of the 20 of ability and 30 % of the 20 of attitude are not expected at all. Of the
    # other 90, the 60 of performance have no value: 66.7 %.
    assert found.notes[0].params == {"percent": 66.7, "most": 50}


def test_a_rated_item_is_missing_only_where_somebody_is_rated() -> None:
    inspected = dict(observe_inspected(INSPECTED, shipped()))
    grounds = Grounds(contact_count=11, scored_count=10, fingerprint="f")
    spirit = Observed(value=4.0, n=2, se=0.2, df=1.0, source="rating")
    values = {"A1": inspected, "A2": inspected | {"service_spirit": spirit}}
    first, second = evaluate_month("2026-10", FRONT_LINE, values, {"A1": grounds, "A2": grounds}, shipped())
    # Service spirit is 15 % of the 20 of attitude, so 93 are expected: A1 knows 30 of them, A2 33.
    assert first.notes[0].params == {"percent": 67.7, "most": 50}
    assert second.notes[0].params == {"percent": 64.5, "most": 50}


def test_half_of_the_weight_is_enough() -> None:
    # csat alone: 60 x 30 % = 18 of performance, 40 of the others; complaint rate 9 of performance: 67 % known.
    assert evaluate([KPIS[0], KPIS[2]]).total is not None


def test_a_single_observation_decides_nothing() -> None:
    found = evaluate([kpi("csat", 0.0, n=1), *KPIS[1:]])
    assert items_of(found)["csat"].attainment_points is None
    assert any("single observation" in message for message in messages_of(found))


def test_an_imported_value_stands_in_where_nothing_was_inspected() -> None:
    without = Inspected(contact_count=3, scored_count=3, measures={"script": INSPECTED.measures["script"]})
    found = items_of(evaluate([*KPIS, kpi("service_attitude_score", 4.5, n=40, sd=0.5)], without))
    assert found["service_attitude_score"].source == "kpi-2026-10.csv"
    assert items_of(evaluate([*KPIS, kpi("service_attitude_score", 1.0, n=40, sd=0.5)]))[
        "service_attitude_score"
    ].value == pytest.approx(4.2)


def test_without_any_count_there_is_no_interval_and_that_is_said() -> None:
    bare = [kpi(record.indicator, record.value) for record in KPIS]
    exact = Inspected(contact_count=3, scored_count=3)
    found = evaluate([*bare, kpi("script_compliance", 0.9)], exact)
    assert found.total is not None
    assert found.ci95 is None
    assert any("no interval" in message for message in messages_of(found))


@given(st.permutations(KPIS))
def test_the_order_of_records_changes_nothing(shuffled: list[KpiRecord]) -> None:
    assert evaluate(shuffled) == evaluate()


@given(st.sets(st.sampled_from(range(len(KPIS)))), st.sets(st.sampled_from(["script", "passed", "attitude"])))
def test_weights_sum_to_hundred_whatever_is_missing(kept: set[int], measures: set[str]) -> None:
    inspected = Inspected(
        contact_count=10, scored_count=10, measures={name: INSPECTED.measures[name] for name in measures}
    )
    found = evaluate([KPIS[index] for index in kept], inspected)
    items = [item for dimension in found.dimensions for item in dimension.items]
    assert math.fsum(item.weight for item in items) == pytest.approx(100)
    if kept or measures:
        assert math.fsum(item.effective_weight for item in items) == pytest.approx(100)
    if found.total is not None:
        known = [item.attainment_points for item in items if item.attainment_points is not None]
        assert min(known) - 1e-9 <= found.total <= max(known) + 1e-9
        assert found.ci95 is None or found.ci95[0] <= found.total <= found.ci95[1]


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_better_value_never_lowers_the_total(one: float, other: float) -> None:
    low, high = sorted((one, other))
    totals = [evaluate([kpi("csat", value, n=100), *KPIS[1:]]).total or 0.0 for value in (low, high)]
    assert totals[0] <= totals[1] + 1e-9


def small_template(**item: float) -> Template:
    """A template of customer satisfaction alone, on its own levels."""
    items = (TemplateItem(indicator="csat", weight=100.0, **item),)
    dimensions = (TemplateDimension(id="all", name=Text(zh="全部", en="All"), weight=100.0, items=items),)
    return replace(FRONT_LINE, dimensions=dimensions, min_contacts=0)


def evaluate_all(
    values: Mapping[str, Observed], template: Template, catalogue: Mapping[str, KpiDefinition]
) -> list[Evaluation]:
    observed = {agent_id: {"csat": value} for agent_id, value in values.items()}
    grounds = {agent_id: Grounds(fingerprint=agent_id) for agent_id in values}
    return list(evaluate_month("2026-10", template, observed, grounds, catalogue))


def imported(value: float, n: int | None = 400, se: float | None = 0.02, **changes: Any) -> Observed:
    return replace(Observed(value=value, n=n, se=se, df=None, source="kpi.csv"), **changes)


def test_agents_are_placed_by_intervals_and_probabilities() -> None:
    template = small_template(floor=0.0, target=1.0, stretch=2.0)
    # 90, 50 and 48 points with an error of 2: nobody else comes near the first, the others cannot be told apart.
    found = evaluate_all({"A1": imported(0.9), "A2": imported(0.5), "A3": imported(0.48)}, template, shipped())
    assert [one.places for one in found] == [(1, 1, 3), (2, 3, 3), (2, 3, 3)]
    assert [one.group for one in found] == ["above", "below", "below"]
    assert [one.above_average for one in found] == pytest.approx([1.0, 0.0, 0.0], abs=0.001)
    assert found == evaluate_all({"A3": imported(0.48), "A1": imported(0.9), "A2": imported(0.5)}, template, shipped())


def test_ties_share_their_places() -> None:
    template = small_template(floor=0.0, target=1.0, stretch=2.0)
    found = evaluate_all({name: imported(0.7) for name in ("A1", "A2", "A3")}, template, shipped())
    assert {one.places for one in found} == {(1, 3, 3)}
    assert {one.group for one in found} == {"within"}


def test_without_known_spread_there_are_no_places_and_it_is_said() -> None:
    template = small_template(floor=0.0, target=1.0, stretch=2.0)
    found = evaluate_all({"A1": imported(0.9, n=None, se=None), "A2": imported(0.5)}, template, shipped())
    assert [(one.group, one.places is None) for one in found] == [("within", True), ("below", False)]
    assert "cannot be compared" in messages_of(found[0])[-1]


def test_one_agent_alone_has_no_place() -> None:
    (found,) = evaluate_all({"A1": imported(0.9)}, small_template(floor=0.0, target=1.0, stretch=2.0), shipped())
    assert (found.group, found.places, found.above_average) == ("within", None, None)


def test_a_target_of_zero_is_reached_at_zero() -> None:
    down = replace(shipped()["csat"], direction=IndicatorDirection.DOWN, target=0.0, floor=0.1, stretch=None)
    values = {"A1": imported(0.0, se=0.0), "A2": imported(0.05, se=0.0), "A3": imported(0.2, se=0.0)}
    found = evaluate_all(values, small_template(), {**shipped(), "csat": down})
    # Of the way from .1 to 0: all, half, none.
    assert [one.total for one in found] == pytest.approx([100.0, 50.0, 0.0])


def test_negative_values_have_points_where_the_scale_has_them() -> None:
    template = small_template(floor=-0.5, target=0.5)
    found = evaluate_all({"A1": imported(-0.25, se=0.0), "A2": imported(-0.9, se=0.0)}, template, shipped())
    # A quarter of the way from -.5 to .5; below the floor.
    assert [one.total for one in found] == pytest.approx([25.0, 0.0])


@pytest.mark.parametrize(("n", "words"), [(0, "no observation"), (1, "single observation")])
def test_a_value_on_no_observation_or_one_is_left_out(n: int, words: str) -> None:
    value = observe_record(kpi("csat", 1.0, n=n), shipped()["csat"])
    (found,) = evaluate_all({"A1": value}, small_template(floor=0.0, target=1.0, stretch=2.0), shipped())
    assert (found.total, found.group) == (None, "insufficient")
    assert words in " ".join(messages_of(found))


def test_too_little_evidence_of_people_gives_a_total_and_no_comparison() -> None:
    template = small_template(floor=0.0, target=1.0, stretch=2.0)
    estimated = {"source": "inspection", "df": 20.0, "shared": (0.01, 0.0)}
    values = {
        "A1": imported(0.9, sufficient=False, **estimated),
        "A2": imported(0.5, **estimated),
        "A3": imported(0.4, **estimated),
    }
    found = evaluate_all(values, template, shipped())
    assert [(one.group, one.places is None) for one in found] == [
        ("insufficient", True),
        ("below", False),
        ("below", False),
    ]
    assert found[0].total == pytest.approx(90.0)
    assert "Insufficient evidence" in messages_of(found[0])[0]


def test_what_is_doubtful_about_a_value_and_about_its_agent_is_said() -> None:
    about_value, about_agent = Reason(message="Two sources differ."), Reason(message="Goals were not confirmed.")
    observed = {"A1": {"csat": imported(0.9, notes=(about_value,))}}
    grounds = {"A1": Grounds(notes=(about_agent,), basis="reviewed", team="north")}
    template = small_template(floor=0.0, target=1.0, stretch=2.0)
    (found,) = evaluate_month("2026-10", template, observed, grounds, shipped())
    assert found.notes == (about_value, about_agent)
    assert (found.basis, found.team) == ("reviewed", "north")


def test_values_keep_their_standard_error_for_longer_periods() -> None:
    item = items_of(evaluate())["service_attitude_score"]
    assert (item.se, item.df) == (pytest.approx(0.15), 8)
    assert items_of(evaluate())["average_speed_of_answer"].df is None


def test_nobody_is_no_evaluation() -> None:
    assert evaluate_month("2026-10", FRONT_LINE, {}, {}, shipped()) == []


def test_counts_of_one_read_well() -> None:
    one = Inspected(contact_count=2, scored_count=1, measures=INSPECTED.measures)
    said = [fill(note.message, dict(note.params)) for note in evaluate(inspected=one).notes]
    assert "There is no total: it takes 3 contacts with a score and has 1." in said
    assert "Inspected contacts without a score, which do not count: 1." in said
