"""Predictions of risk end without anybody's asking: by time, and after the person has gone. A hold keeps them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from qa_pipeline.domain.retention import HoldKind, RetentionRules, RuleName
from qa_pipeline.domain.risk import Departure, DepartureKind, StaffFigure
from qa_pipeline.services.retention import Doer, Keeps, Terms, apply_retention, forget_risk, hold, plan_retention
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.coaching.risk.people import a_prediction, a_run, assigned

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # noon at the site
DOER = Doer(name="callqa", role="", via="job")


def _terms(now: datetime = NOW, **rules: int) -> Terms:
    return Terms(rules=RetentionRules(**rules), home=Path(), artifacts=ArtifactFolder(Path() / "artifacts"), now=now)


def _scored(store: Store, run_id: str, scored_at: datetime, agents: Collection[str], as_of: str = "2026-10") -> None:
    with store.transaction() as tx:
        tx.risk.add_run(a_run(run_id, as_of, scored_at), [a_prediction(run_id, agent) for agent in agents])


def _left(store: Store) -> set[tuple[str, str]]:
    with store.reading() as tx:
        return {(one.run_id, one.agent_id) for one in tx.risk.predictions()}


def test_after_six_months_they_go_and_the_run_stays(store: Store) -> None:
    """20 May is six months before 20 November: made on its eve at the site they go, made that day they stay."""
    _scored(store, "old", datetime(2026, 5, 19, 15, 59, tzinfo=UTC), ["A01", "A02"])
    _scored(store, "new", datetime(2026, 5, 19, 16, 0, tzinfo=UTC), ["A01"])
    (deleted,) = forget_risk(store, _terms(), DOER)
    assert (deleted.rule, deleted.subject_count, deleted.row_count) == (RuleName.RISK, 2, 2)
    assert _left(store) == {("new", "A01")}
    with store.reading() as tx:
        assert {run.id for run in tx.risk.runs()} == {"old", "new"}
    assert forget_risk(store, _terms(), DOER) == []


def test_the_end_of_a_short_month_is_six_months_before_a_long_one(store: Store) -> None:
    """31 August less six months is 28 February."""
    _scored(store, "old", datetime(2026, 2, 27, 4, 0, tzinfo=UTC), ["A01"])
    _scored(store, "new", datetime(2026, 2, 28, 4, 0, tzinfo=UTC), ["A01"])
    forget_risk(store, _terms(datetime(2026, 8, 31, 4, 0, tzinfo=UTC)), DOER)
    assert _left(store) == {("new", "A01")}


@pytest.mark.parametrize(
    ("valid_to", "left_on", "again_from", "goes"),
    [
        (None, None, None, False),
        (None, date(2026, 10, 20), None, True),  # 31 days ago, the assignment was never closed
        (None, date(2026, 10, 21), None, False),  # 30 days ago
        (date(2026, 10, 20), None, None, True),  # nobody said why
        (date(2026, 9, 30), date(2026, 9, 30), date(2026, 11, 1), False),  # came back
        (None, date(2026, 12, 31), None, False),  # has given notice
    ],
)
def test_thirty_days_after_the_last_day_they_go(
    store: Store, valid_to: date | None, left_on: date | None, again_from: date | None, goes: bool
) -> None:
    """By a departure or by the end of the last assignment."""
    assigned(store, "A01", date(2025, 1, 1), valid_to)
    if again_from is not None:
        assigned(store, "A01", again_from)
    if left_on is not None:
        with store.transaction() as tx:
            tx.risk.put_departures(
                [Departure(agent_id="A01", left_on=left_on, kind=DepartureKind.VOLUNTARY, source="d.csv")]
            )
    _scored(store, "run", NOW, ["A01"])
    forget_risk(store, _terms(), DOER)
    assert (_left(store) == set()) is goes


@pytest.mark.parametrize(("kind", "subject"), [(HoldKind.AGENT, "A01"), (HoldKind.PERIOD, "2026-Q1")])
def test_a_hold_keeps_them(store: Store, kind: HoldKind, subject: str) -> None:
    """On the person, or on the time that they are of."""
    hold(store, kind, subject, by="counsel", reason="A case.", now=NOW)
    _scored(store, "held", datetime(2026, 4, 1, tzinfo=UTC), ["A01"], as_of="2026-03")
    _scored(store, "free", datetime(2026, 4, 1, tzinfo=UTC), ["A02"], as_of="2026-04")
    (planned,) = plan_retention(store, _terms())
    assert (planned.count, planned.oldest_on, planned.kept) == (1, "2026-04", {Keeps.HOLD: 1})
    assert planned.parts == {"risk_prediction": 1}
    apply_retention(store, _terms(), DOER)
    assert _left(store) == {("held", "A01")}


def test_figures_of_personnel_go_with_the_results_of_their_months(store: Store) -> None:
    """With result_months = 3 in November, August is the oldest month that is kept; without, they stay."""
    with store.transaction() as tx:
        tx.risk.put_figures(
            StaffFigure(agent_id="A01", month=month, name="overtime_h", value=4.0, available_on=date(2026, 9, 1))
            for month in ("2026-07", "2026-08")
        )
        tx.risk.put_departures(
            Departure(agent_id=agent, left_on=day, kind=DepartureKind.TRANSFER, source="d.csv")
            for agent, day in (("A02", date(2026, 7, 31)), ("A03", date(2026, 8, 1)))
        )
    assert forget_risk(store, _terms(), DOER) == []
    (deleted,) = apply_retention(store, _terms(result_months=3), DOER)
    assert (deleted.rule, deleted.row_count) == (RuleName.RISK, 2)
    with store.reading() as tx:
        assert [one.month for one in tx.risk.figures()] == ["2026-08"]
        assert [one.agent_id for one in tx.risk.departures()] == ["A03"]
