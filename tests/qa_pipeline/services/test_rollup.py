"""Quarters and years out of a real store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.errors import ConfigurationError, NotFound
from qa_pipeline.services.evaluate import evaluate_period
from qa_pipeline.services.rollup import roll_up
from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE

INDICATORS = ("report_timeliness", "report_truthfulness", "error_rate", "response_within_24h", "process_violations")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store."""
    opened = open_store(f"sqlite:///{tmp_path / 'rollup.db'}", ZONE)
    yield opened
    opened.close()


def put(store: Store, period: str, **violations: float) -> None:
    """Keep a month of the back office: all alike but for the violations."""
    values = {"report_timeliness": 0.97, "report_truthfulness": 0.99, "error_rate": 0.02, "response_within_24h": 0.95}
    with store.transaction() as tx:
        for agent_id, count in violations.items():
            for indicator, value in {**values, "process_violations": count}.items():
                tx.kpis.put(
                    KpiRecord(
                        indicator=indicator, agent_id=agent_id, period=period, value=value, n=100, source="kpi.csv"
                    )
                )


def test_a_quarter_is_made_of_the_months_in_force_and_kept_once(kept: Store) -> None:
    for period in ("2026-07", "2026-08"):
        put(kept, period, A01=1, A02=0)
        evaluate_period(kept, period, "back-office")
    found = roll_up(kept, "2026-Q3")
    assert [one.agent_id for one in found.evaluations] == ["A01", "A02"]
    assert (found.period, found.template.id, found.stored_count) == ("2026-Q3", "back-office", 2)
    assert roll_up(kept, "2026-Q3").stored_count == 0
    with kept.reading() as tx:
        assert tx.evaluations.list("2026-Q3") == found.evaluations

    # A corrected month makes another quarter, for everybody compares with everybody.
    put(kept, "2026-08", A01=0, A02=0)
    evaluate_period(kept, "2026-08", "back-office")
    assert roll_up(kept, "2026-Q3").stored_count == 2
    # Of the year two months are too few.
    year = roll_up(kept, "2026").evaluations
    assert [one.total for one in year] == [None, None]


def test_only_months_by_the_wanted_template_count(kept: Store) -> None:
    put(kept, "2026-07", A01=1)
    evaluate_period(kept, "2026-07", "back-office")
    with pytest.raises(NotFound, match="No month"):
        roll_up(kept, "2026-Q3", "front-line")
    with pytest.raises(NotFound):
        roll_up(kept, "2026-Q3", "nobody")


@pytest.mark.parametrize("period", ["2026-07", "2026-7", "Q3"])
def test_a_month_is_not_made_of_others(kept: Store, period: str) -> None:
    with pytest.raises(ConfigurationError):
        roll_up(kept, period)


def test_a_quarter_before_its_months_says_what_to_do(kept: Store) -> None:
    with pytest.raises(NotFound) as caught:
        roll_up(kept, "2026-Q3")
    assert caught.value.params["month"] == "2026-07"


def test_who_has_no_value_in_any_month_is_named(kept: Store) -> None:
    put(kept, "2026-07", A01=1)
    with kept.transaction() as tx:
        # One observation alone decides nothing, so A02 has no value.
        alone = KpiRecord(indicator="error_rate", agent_id="A02", period="2026-07", value=0.0, n=1, source="kpi.csv")
        tx.kpis.put(alone)
    evaluate_period(kept, "2026-07", "back-office")
    found = roll_up(kept, "2026-Q3")
    assert [one.agent_id for one in found.evaluations] == ["A01"]
    (note,) = found.notes
    assert note.params == {"agents": "A02"}


def test_a_quarter_in_which_nobody_has_a_value_is_none(kept: Store) -> None:
    with kept.transaction() as tx:
        alone = KpiRecord(indicator="error_rate", agent_id="A02", period="2026-07", value=0.0, n=1, source="kpi.csv")
        tx.kpis.put(alone)
    evaluate_period(kept, "2026-07", "back-office")
    with pytest.raises(NotFound, match="Nobody has a value in a month of 2026-Q3"):
        roll_up(kept, "2026-Q3")
