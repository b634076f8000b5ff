"""Evaluating a month out of a real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qa_pipeline.domain.performance import Evaluation, KpiRecord
from qa_pipeline.errors import ConfigurationError, NotFound
from qa_pipeline.services.evaluate import PeriodEvaluation, evaluate_period
from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE
from tests.factories import contact, inspection, month_of_contacts, score


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store."""
    opened = open_store(f"sqlite:///{tmp_path / 'evaluate.db'}", ZONE)
    yield opened
    opened.close()


def kpi(agent_id: str, indicator: str, value: float, n: int | None = 200, period: str = "2026-10") -> KpiRecord:
    return KpiRecord(indicator=indicator, agent_id=agent_id, period=period, value=value, n=n, source="kpi.csv")


def fill(store: Store) -> None:
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
    fill(kept)
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
    fill(kept)
    first = evaluate_period(kept, "2026-10")
    again = evaluate_period(kept, "2026-10")
    assert again.stored_count == 0
    assert again.evaluations == first.evaluations


def test_a_changed_input_gives_new_fingerprints(kept: Store) -> None:
    fill(kept)
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
    fill(kept)
    evaluate_period(kept, "2026-10")
    with kept.transaction() as tx:
        tx.kpis.put(kpi("A01", "order_amount", 5000.0))
    assert evaluate_period(kept, "2026-10").stored_count == 0


def test_contacts_without_agent_are_counted_and_evaluate_nobody(kept: Store) -> None:
    fill(kept)
    with kept.transaction() as tx:
        tx.contacts.put(contact("stray", agent_id=None, agent_name=None))
        tx.inspections.add(inspection("stray", score=score(10.0)), "r1")
    result = evaluate_period(kept, "2026-10")
    assert (result.unassigned_contact_count, len(result.evaluations)) == (1, 6)


def test_an_agent_with_values_only_is_shown_without_a_total(kept: Store) -> None:
    fill(kept)
    with kept.transaction() as tx:
        tx.kpis.put(kpi("A99", "csat", 0.99))
    found = by_agent(evaluate_period(kept, "2026-10"))["A99"]
    assert (found.total, found.group, found.n_contacts) == (None, "insufficient", 0)


def test_reviews_by_people_are_counted(kept: Store) -> None:
    fill(kept)
    with kept.transaction() as tx:
        _, judged = next(iter(tx.inspections.list(period="2026-10", agent_id="A01")))
        tx.inspections.add(replace(judged, rater="qa-7", fingerprint="f" * 64), "r1")
    assert by_agent(evaluate_period(kept, "2026-10"))["A01"].n_reviews == 1


def test_a_month_with_nothing_names_those_that_have_something(kept: Store) -> None:
    fill(kept)
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
    fill(store)
    assert evaluate_period(store, "2026-10").stored_count == 6
    assert evaluate_period(store, "2026-10").stored_count == 0
