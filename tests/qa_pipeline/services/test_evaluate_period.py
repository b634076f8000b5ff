"""Evaluating a month out of a real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from qa_pipeline.domain.cycle import Assignment, Rating
from qa_pipeline.domain.performance import Evaluation, ItemResult, KpiRecord, RaterClass
from qa_pipeline.domain.review import Review, Selection
from qa_pipeline.errors import ConfigurationError, NotFound, fill
from qa_pipeline.services.assignments import add_assignment
from qa_pipeline.services.evaluate import PeriodEvaluation, evaluate_period
from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE
from tests.factories import contact, inspection, month_of_contacts, score

ATTITUDE = "service_attitude_score"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store."""
    opened = open_store(f"sqlite:///{tmp_path / 'evaluate.db'}", ZONE)
    yield opened
    opened.close()


def kpi(agent_id: str, indicator: str, value: float, n: int | None = 200, period: str = "2026-10") -> KpiRecord:
    return KpiRecord(indicator=indicator, agent_id=agent_id, period=period, value=value, n=n, source="kpi.csv")


def put_month(store: Store) -> None:
    with store.transaction() as tx:
        tx.runs.start("r1", "score")
        for found, judged in month_of_contacts():
            tx.contacts.put(found)
            tx.inspections.add(judged, "r1")
        for number in range(1, 7):
            for indicator, value in (("csat", 0.8 + 0.02 * number), ("first_contact_resolution", 0.82)):
                tx.kpis.put(kpi(f"A{number:02d}", indicator, value))


def by_agent(result: PeriodEvaluation) -> dict[str, Evaluation]:
    return {evaluation.agent_id: evaluation for evaluation in result.evaluations}


def test_everybody_is_evaluated_and_kept(kept: Store) -> None:
    put_month(kept)
    result = evaluate_period(kept, "2026-10")
    assert [evaluation.agent_id for evaluation in result.evaluations] == ["A01", "A02", "A03", "A04", "A05", "A06"]
    assert (result.template.id, result.stored_count, result.unassigned_contact_count) == ("front-line", 6, 0)
    one = by_agent(result)["A05"]
    assert (one.n_contacts, one.n_reviews) == (12, 0)
    assert one.total is not None and one.ci95 is not None
    # A05 greets on two of twelve calls and so fails the others; the worst call comes first.
    passed = next(
        item for dimension in one.dimensions for item in dimension.items if item.indicator == "inspection_pass_rate"
    )
    assert (passed.value, passed.n) == (pytest.approx(2 / 12), 12)
    with kept.reading() as tx:
        assert list(tx.evaluations.list("2026-10")) == list(result.evaluations)


def test_the_same_inputs_are_the_same_evaluations(kept: Store) -> None:
    put_month(kept)
    first = evaluate_period(kept, "2026-10")
    again = evaluate_period(kept, "2026-10")
    assert again.stored_count == 0
    assert again.evaluations == first.evaluations


def test_a_changed_input_gives_new_fingerprints(kept: Store) -> None:
    put_month(kept)
    first = by_agent(evaluate_period(kept, "2026-10"))
    with kept.transaction() as tx:
        tx.kpis.put(kpi("A01", "csat", 0.95))
    changed = evaluate_period(kept, "2026-10")
    # Everybody is compared with the mean of all, so everybody's inputs have changed.
    assert changed.stored_count == 6
    assert by_agent(changed)["A01"].total != first["A01"].total
    assert by_agent(changed)["A02"].total == first["A02"].total
    with kept.transaction() as tx:
        tx.kpis.put(kpi("A01", "csat", 0.8 + 0.02))
    assert by_agent(evaluate_period(kept, "2026-10")) == first


def test_values_that_the_template_does_not_use_change_nothing(kept: Store) -> None:
    put_month(kept)
    evaluate_period(kept, "2026-10")
    with kept.transaction() as tx:
        tx.kpis.put(kpi("A01", "order_amount", 5000.0))
    assert evaluate_period(kept, "2026-10").stored_count == 0


def test_contacts_without_agent_are_counted_and_evaluate_nobody(kept: Store) -> None:
    put_month(kept)
    with kept.transaction() as tx:
        tx.contacts.put(contact("stray", agent_id=None, agent_name=None))
        tx.inspections.add(inspection("stray", score=score(10.0)), "r1")
    result = evaluate_period(kept, "2026-10")
    assert (result.unassigned_contact_count, len(result.evaluations)) == (1, 6)


def test_an_agent_with_values_only_is_shown_without_a_total(kept: Store) -> None:
    put_month(kept)
    with kept.transaction() as tx:
        tx.kpis.put(kpi("A99", "csat", 0.99))
    found = by_agent(evaluate_period(kept, "2026-10"))["A99"]
    assert (found.total, found.group, found.n_contacts) == (None, "insufficient", 0)


def test_reviews_by_people_are_counted(kept: Store) -> None:
    put_month(kept)
    with kept.transaction() as tx:
        _, judged = next(iter(tx.inspections.list(period="2026-10", agent_id="A01")))
        tx.inspections.add(replace(judged, rater="qa-7", fingerprint="f" * 64), "r1")
    assert by_agent(evaluate_period(kept, "2026-10"))["A01"].n_reviews == 1


def fill_reviewable(store: Store) -> None:
    """Six agents with twelve calls each by a shipped card: attitude 3 to 4 by agent and a bit by call, all pass."""
    with store.transaction() as tx:
        tx.runs.start("r1", "score")
        for agent in range(6):
            for number in range(12):
                judged = inspection(
                    f"C{agent}-{number:02d}",
                    scorecard_id="phone-zh",
                    findings=(),
                    score=score(85.0 + agent + number % 3),
                    script_ratio=0.9,
                    attitude_value=3.0 + 0.2 * agent + 0.02 * (number * 7 % 12),
                )
                tx.contacts.put(
                    contact(judged.contact_id, agent_id=f"A{agent + 1:02d}", team="北组" if agent < 3 else "南组")
                )
                tx.inspections.add(judged, "r1")
            for indicator, value in (("csat", 0.8 + 0.02 * agent), ("first_contact_resolution", 0.82)):
                tx.kpis.put(kpi(f"A{agent + 1:02d}", indicator, value))


def add_review(store: Store, contact_id: str, attitude: float, **changes: Any) -> None:
    found = Review(
        contact_id=contact_id,
        scorecard_id="phone-zh",
        scorecard_version=1,
        reviewer="lin",
        attitude_value=attitude,
        selection=Selection.RANDOM,
        blind=True,
        reviewed_at=datetime(2026, 11, 2, tzinfo=UTC),
        source="reviews.csv",
        fingerprint="",
    )
    found = replace(found, **changes)
    with store.transaction() as tx:
        tx.reviews.add(replace(found, fingerprint=f"{found.reviewer} of {contact_id}".ljust(64, ".")))


def add_reviews(store: Store, per_agent: int, agents: int = 6) -> None:
    """Lin and Bao in turn, half a point of attitude above the machine; Bao is .3 stricter."""
    for agent in range(agents):
        for number in range(per_agent):
            strict = number % 2 == 1
            machine = 3.0 + 0.2 * agent + 0.02 * (number * 7 % 12)
            points = 75.0 + agent + number % 3 - 4 * strict
            add_review(
                store,
                f"C{agent}-{number:02d}",
                machine + 0.5 - 0.3 * strict,
                points=points,
                reviewer="bao" if strict else "lin",
            )


def attitude_of(evaluation: Evaluation) -> ItemResult:
    return next(item for each in evaluation.dimensions for item in each.items if item.indicator == ATTITUDE)


def said(evaluation: Evaluation) -> str:
    return " ".join(fill(note.message, dict(note.params)) for note in evaluation.notes)


def test_without_reviews_every_evaluation_says_that_the_machine_stands_alone(kept: Store) -> None:
    fill_reviewable(kept)
    result = evaluate_period(kept, "2026-10")
    assert {one.basis for one in result.evaluations} == {"machine"}
    assert all("No person has reviewed" in said(one) for one in result.evaluations)
    assert len(result.reviewers) == 0
    assert [(team.team, team.points.method) for team in result.teams] == [
        (None, "machine"),
        ("北组", "machine"),
        ("南组", "machine"),
    ]


def test_a_few_reviews_count_on_their_own_contacts(kept: Store) -> None:
    fill_reviewable(kept)
    before = by_agent(evaluate_period(kept, "2026-10"))
    add_review(kept, "C0-00", 5.0)
    after = by_agent(evaluate_period(kept, "2026-10"))
    # One contact of twelve goes from 3.0 to 5.0.
    assert attitude_of(after["A01"]).value == pytest.approx((attitude_of(before["A01"]).value or 0) + 2 / 12)
    assert attitude_of(after["A02"]).value == attitude_of(before["A02"]).value
    assert {one.basis for one in after.values()} == {"reviewed"}
    assert [after[agent].n_reviews for agent in ("A01", "A02")] == [1, 0]
    assert "Reviews by people: 1." in said(after["A02"])
    assert after["A02"].fingerprint != before["A02"].fingerprint


def test_many_reviews_correct_the_machine_for_everybody(kept: Store) -> None:
    fill_reviewable(kept)
    before = by_agent(evaluate_period(kept, "2026-10"))
    add_reviews(kept, 4)
    result = evaluate_period(kept, "2026-10")
    found = by_agent(result)
    for agent_id, one in found.items():
        # The panel is half a point less .15 above the machine.
        assert attitude_of(one).value == pytest.approx((attitude_of(before[agent_id]).value or 0) + 0.35, abs=0.03)
        assert (one.basis, one.n_reviews) == ("estimated", 4)
        assert one.places is not None and one.places[2] == 6
    assert {one.reviewer: round(one.severity_points) for one in result.reviewers} == {"bao": -2, "lin": 2}
    assert [(team.team, team.points.method) for team in result.teams] == [
        (None, "model"),
        ("北组", "model"),
        ("南组", "model"),
    ]
    # The machine says 85 to 92, people on the same calls 10 less, and Bao another 4.
    assert result.teams[0].points.value == pytest.approx(85 + 2.5 + 1 - 12, abs=0.3)
    assert evaluate_period(kept, "2026-10").stored_count == 0


def test_whom_nobody_has_reviewed_at_random_is_not_compared_to_others(kept: Store) -> None:
    fill_reviewable(kept)
    add_reviews(kept, 5, agents=5)
    for number in range(3):
        add_review(kept, f"C5-{number:02d}", 1.0, points=20.0, selection=Selection.COMPLAINT)
    found = by_agent(evaluate_period(kept, "2026-10"))["A06"]
    assert found.total is not None and found.ci95 is not None
    assert (found.group, found.places, found.above_average) == ("insufficient", None, None)
    assert "fewer than two random reviews" in said(found)
    # The complaints are marked, so they do not pull down an agent whom the machine has at 4.
    assert (attitude_of(found).value or 0) > 3.9


def test_who_rates_everybody_alike_tells_nobody_apart(kept: Store) -> None:
    fill_reviewable(kept)
    for agent in range(6):
        for number in range(4):
            add_review(kept, f"C{agent}-{number:02d}", 5.0)
    found = by_agent(evaluate_period(kept, "2026-10"))["A01"]
    assert "all 24 reviews say the same" in said(found)
    # Four of twelve are 5, the others as the machine has them: 3 + .02 x the rest of 0 to 11 without 0, 7, 2, 9.
    assert attitude_of(found).value == pytest.approx((4 * 5 + 8 * 3 + 0.02 * 48) / 12)


def test_reviews_that_nothing_can_be_compared_with_are_counted(kept: Store) -> None:
    fill_reviewable(kept)
    add_review(kept, "C0-00", 5.0, scorecard_id="of-another-site")
    result = evaluate_period(kept, "2026-10")
    assert [dict(note.params) for note in result.notes[-2:]] == [{"count": 1}, {"card": "of-another-site@1"}]
    assert {one.basis for one in result.evaluations} == {"machine"}


def test_a_change_of_team_inside_the_month_splits_the_contacts_and_keeps_the_agent_whole(kept: Store) -> None:
    fill_reviewable(kept)
    with kept.transaction() as tx:
        moved = contact("C0-99", agent_id="A01", team="南组", started_at=datetime(2026, 10, 30, tzinfo=UTC))
        tx.contacts.put(moved)
        tx.inspections.add(inspection("C0-99", scorecard_id="phone-zh", findings=(), score=score(50.0)), "r1")
    result = evaluate_period(kept, "2026-10")
    assert (by_agent(result)["A01"].n_contacts, by_agent(result)["A01"].team) == (13, "南组")
    assert [team.points.n_contacts for team in result.teams] == [73, 36, 37]


def test_sources_that_contradict_each_other_are_said(kept: Store) -> None:
    fill_reviewable(kept)
    with kept.transaction() as tx:
        tx.kpis.put_all([replace(kpi("A01", "csat", 0.4, n=30), source="survey.csv", origin="survey")])
    found = by_agent(evaluate_period(kept, "2026-10"))["A01"]
    assert "survey.csv says 0.4 (n 30)" in said(found)


def rating(agent_id: str, rater_id: str, rater_class: RaterClass, value: float) -> Rating:
    return Rating(
        agent_id=agent_id,
        period="2026-10",
        rater_id=rater_id,
        rater_class=rater_class,
        indicator="collaboration",
        value=value,
        comment="",
        source="ratings.csv",
        rated_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


def test_ratings_count_and_a_changed_one_is_a_changed_input(kept: Store) -> None:
    fill_reviewable(kept)
    before = by_agent(evaluate_period(kept, "2026-10"))["A01"]
    with kept.transaction() as tx:
        tx.ratings.put(rating("A01", "A01", RaterClass.SELF, 5.0))
        tx.ratings.put(rating("A01", "M1", RaterClass.MANAGER, 3.0))
        tx.ratings.put(rating("A77", "M1", RaterClass.MANAGER, 3.0))
    found = by_agent(evaluate_period(kept, "2026-10"))
    rated = next(item for each in found["A01"].dimensions for item in each.items if item.indicator == "collaboration")
    assert (rated.source, rated.n, rated.value is not None) == ("rating", 2, True)
    assert found["A01"].fingerprint != before.fingerprint
    # Who has nothing but a rating is shown, without a total.
    assert (found["A77"].total, found["A77"].n_contacts) == (None, 0)
    with kept.transaction() as tx:
        tx.ratings.put(rating("A01", "M1", RaterClass.MANAGER, 4.0))
    assert by_agent(evaluate_period(kept, "2026-10"))["A01"].fingerprint != found["A01"].fingerprint


def test_agents_of_different_roles_are_compared_with_their_own(kept: Store) -> None:
    fill_reviewable(kept)
    for number in (4, 5, 6):
        assignment = Assignment(
            agent_id=f"A{number:02d}",
            role="technical support",
            team=None,
            template_id="technical-support",
            valid_from=date(2026, 1, 1),
            valid_to=None,
            source="staff.csv",
        )
        add_assignment(kept, assignment)
    result = evaluate_period(kept, "2026-10")
    assert sorted(template.id for template in result.templates) == ["front-line", "technical-support"]
    assert {one.template_id for one in result.evaluations if one.agent_id > "A03"} == {"technical-support"}
    assert {one.places[2] for one in result.evaluations if one.places} == {3}
    everybody = evaluate_period(kept, "2026-10", "front-line")
    assert {one.template_id for one in everybody.evaluations} == {"front-line"}


def test_the_template_that_was_used_last_is_in_force(kept: Store) -> None:
    fill_reviewable(kept)
    evaluate_period(kept, "2026-10")
    assert evaluate_period(kept, "2026-10", "back-office").stored_count == 6
    assert evaluate_period(kept, "2026-10").stored_count == 6
    assert evaluate_period(kept, "2026-10").stored_count == 0
    with kept.reading() as tx:
        assert {one.template_id for one in tx.evaluations.list("2026-10")} == {"front-line"}
        assert {one.template_id for one in tx.evaluations.list("2026-10", "back-office")} == {"back-office"}


def test_a_month_with_nothing_names_those_that_have_something(kept: Store) -> None:
    put_month(kept)
    with kept.transaction() as tx:
        tx.kpis.put(kpi("A01", "csat", 0.9, period="2026-08"))
    with pytest.raises(NotFound) as caught:
        evaluate_period(kept, "2026-07")
    assert caught.value.render_hint() == "Months with data: 2026-08, 2026-10."


def test_a_month_whose_contacts_name_nobody_is_told(kept: Store) -> None:
    with kept.transaction() as tx:
        tx.runs.start("r1", "score")
        stray = contact("stray", agent_id=None, started_at=datetime(2026, 7, 5, tzinfo=UTC))
        tx.contacts.put(stray)
        tx.inspections.add(inspection("stray"), "r1")
    with pytest.raises(NotFound, match="1 contacts name none"):
        evaluate_period(kept, "2026-07")


@pytest.mark.parametrize("period", ["2026-13", "October", "2026-10-01", ""])
def test_what_is_no_month_is_refused(kept: Store, period: str) -> None:
    with pytest.raises(ConfigurationError):
        evaluate_period(kept, period)


def test_unknown_templates_are_named(kept: Store) -> None:
    with pytest.raises(NotFound) as caught:
        evaluate_period(kept, "2026-10", "night-desk")
    assert "front-line" in caught.value.render_hint()


def test_both_databases_give_the_same(store: Store) -> None:
    put_month(store)
    assert evaluate_period(store, "2026-10").stored_count == 6
    assert evaluate_period(store, "2026-10").stored_count == 0
