"""Months of a real store held against a template: which months, which values, and that nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qa_pipeline.appraisal.templates import check_template, get_template, template_paths
from qa_pipeline.domain.cycle import Rating
from qa_pipeline.domain.performance import KpiRecord, RaterClass
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.template_history import judge_months, propose_targets, read_months, with_history
from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE
from tests.factories import month_of_contacts

FRONT_LINE = get_template("front-line", shipped())


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store with contacts of October and satisfaction of five agents from July to October."""
    opened = open_store(f"sqlite:///{tmp_path / 'history.db'}", ZONE)
    with opened.transaction() as tx:
        tx.runs.start("r1", "score")
        for found, judged in month_of_contacts():
            tx.contacts.put(found)
            tx.inspections.add(judged, "r1")
        for month in range(4):
            for agent in range(5):
                record = KpiRecord(
                    indicator="csat",
                    agent_id=f"A0{agent + 1}",
                    period=f"2026-{7 + month:02d}",
                    value=0.49 + 0.02 * (4 * agent + month),
                    n=100,
                    source="kpi.csv",
                )
                tx.kpis.put(record)
    yield opened
    opened.close()


def test_the_last_months_are_judged_as_an_evaluation_would_and_nothing_is_kept(kept: Store) -> None:
    history = judge_months(FRONT_LINE, read_months(kept, 2))
    assert history.periods == ["2026-09", "2026-10"]
    # Five agents with satisfaction in September; in October six with contacts, five of them with satisfaction too.
    assert [sum(one.period == period for one in history.evaluations) for period in history.periods] == [5, 6]
    with kept.reading() as tx:
        assert tx.evaluations.list("2026-10") == []


def test_proposals_come_from_imports_and_from_inspections(kept: Store) -> None:
    found = {one.indicator: one for one in propose_targets(FRONT_LINE, judge_months(FRONT_LINE, read_months(kept, 6)))}
    assert list(found) == [one.indicator for one in FRONT_LINE.items]
    csat = found["csat"]
    # The twenty values .49, .51, ... .87 again: percentiles 10, 75 and 90.
    assert csat.proposed is not None
    assert (csat.proposed.floor, csat.proposed.target, csat.proposed.stretch) == (0.528, 0.775, 0.832)
    script = found["script_compliance"]
    assert (script.proposed, script.agent_count, script.value_count) == (None, 6, 6)


def test_a_check_gets_what_the_months_say_as_warnings(kept: Store) -> None:
    path = next(path for path in template_paths() if path.stem == "front-line")
    checked = check_template(path, shipped())
    found = with_history(checked, judge_months(FRONT_LINE, read_months(kept, 1)))
    missing = {one.params["indicator"] for one in found.warnings if one.params["smart"] == "measurable"}
    assert missing == {
        "first_contact_resolution",
        "complaint_rate",
        "repeat_contact_rate",
        "average_handle_time",
        "average_speed_of_answer",
        "professional_ability",  # nobody has been rated
        "service_spirit",
        "collaboration",
    }
    assert found.template == checked.template


def test_ratings_are_values_too(kept: Store) -> None:
    with kept.transaction() as tx:
        for number in range(1, 6):
            for rater in ("self", "manager"):
                tx.ratings.put(
                    Rating(
                        agent_id=f"A0{number}",
                        period="2026-10",
                        rater_id=f"A0{number}" if rater == "self" else "M1",
                        rater_class=RaterClass(rater),
                        indicator="collaboration",
                        value=3.0 + number % 3,
                        comment="",
                        source="ratings.csv",
                        rated_at=datetime(2026, 11, 1, tzinfo=UTC),
                    )
                )
    history = judge_months(FRONT_LINE, read_months(kept, 1))
    known = [
        item.value
        for one in history.evaluations
        for dimension in one.dimensions
        for item in dimension.items
        if item.indicator == "collaboration" and item.value is not None
    ]
    assert len(known) == 5


def test_an_empty_store_says_nothing(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'empty.db'}", ZONE)
    history = judge_months(FRONT_LINE, read_months(store, 3))
    assert (history.periods, history.evaluations) == ([], [])
    checked = check_template(next(iter(template_paths())), shipped())
    assert with_history(checked, history) == checked
    store.close()
