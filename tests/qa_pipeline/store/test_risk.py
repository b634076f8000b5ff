"""What the risk module keeps: later values in place of older ones, the newest first, one person without the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from qa_pipeline.domain.risk import Departure, DepartureKind, FittedModel, ProofFile, RiskChecklist, StaffFigure
from qa_pipeline.store import Store
from tests.coaching.risk.people import NOW, a_prediction, a_run

LEFT = Departure(agent_id="A1", left_on=date(2024, 2, 29), kind=DepartureKind.LEAVE, source="first.csv")
HOURS = StaffFigure(agent_id="A1", month="2026-02", name="overtime_h", value=12.5, available_on=date(2026, 2, 28))


def a_model(version: str, hours_later: int) -> FittedModel:
    return FittedModel(
        version=version,
        as_of="2026-10",
        fitted_at=NOW + timedelta(hours=hours_later),
        fitted_by="hr-zhao",
        people=300,
        exits=60,
        months=("2024-11", "2026-09"),
        schema_hash="0" * 16,
        boosted=(1, 3),
    )


def test_departures_take_the_place_of_those_of_the_same_day(store: Store) -> None:
    later = replace(LEFT, left_on=date(2026, 5, 31), kind=DepartureKind.VOLUNTARY)
    corrected = replace(LEFT, kind=DepartureKind.INVOLUNTARY, source="second.csv")
    with store.transaction() as tx:
        assert tx.risk.put_departures([LEFT, later]) == (2, 0)
        assert tx.risk.put_departures([corrected, replace(later, source="second.csv")]) == (1, 1)
        tx.risk.put_departures([replace(later, agent_id="A2")])
    with store.reading() as tx:
        assert tx.risk.departures("A1") == [corrected, later]  # by day; what is the same keeps its source
        assert [one.agent_id for one in tx.risk.departures()] == ["A1", "A1", "A2"]


def test_more_figures_than_a_statement_takes(store: Store) -> None:
    many = [replace(HOURS, agent_id=f"A{n:03d}", value=float(n)) for n in range(450)]
    with store.transaction() as tx:
        assert tx.risk.put_figures(many) == (450, 0)
        # The day from which it is known counts as well, and of two values for one cell the last.
        known_later = replace(many[7], available_on=date(2026, 3, 9))
        assert tx.risk.put_figures([*many, many[8], replace(many[9], value=-1.0), known_later]) == (2, 448)
        assert tx.risk.put_figures([]) == (0, 0)
    with store.reading() as tx:
        found = tx.risk.figures()
        assert len(found) == 450
        assert (found[7], found[9].value) == (known_later, -1.0)


def test_figures_from_a_month_on(store: Store) -> None:
    january = replace(HOURS, month="2026-01")
    with store.transaction() as tx:
        tx.risk.put_figures([HOURS, january, replace(HOURS, agent_id="A2")])
    with store.reading() as tx:
        assert [one.agent_id for one in tx.risk.figures("2026-02")] == ["A1", "A2"]
        assert tx.risk.figures(agent_id="A1") == [january, HOURS]


def test_the_checklist_stands_once(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.risk.checklist() == RiskChecklist()
        half = RiskChecklist(owner="Zhao Lin", completed_by="hr-zhao", completed_at=NOW)
        tx.risk.set_checklist(half)
        whole = replace(half, impact_assessment=ProofFile(name="影响评估.pdf", sha256="1" * 64))
        tx.risk.set_checklist(whole)
    with store.reading() as tx:
        assert tx.risk.checklist() == whole
        assert not whole.is_complete  # the notice is missing


def test_models_and_runs_come_the_newest_first(store: Store) -> None:
    older, newer = a_model("aaaaaaaaaaaa", 0), a_model("bbbbbbbbbbbb", 1)
    with store.transaction() as tx:
        for model in (newer, older):
            tx.risk.put_model(model)
        assert tx.risk.models() == [newer, older]
        again = replace(older, fitted_at=NOW + timedelta(hours=2))
        tx.risk.put_model(again)
        assert tx.risk.models() == [again, newer]
        late, early = a_run("r1", scored_at=NOW), replace(a_run("r2"), scored_at=NOW - timedelta(days=1))
        shifted = replace(late, shifted={"overtime_above_team": 0.31})
        tx.risk.add_run(early, [])
        tx.risk.add_run(shifted, [])
        assert tx.risk.runs() == [shifted, early]


def test_one_person_goes_and_the_others_stay(store: Store) -> None:
    with store.transaction() as tx:
        for agent in ("A1", "A2"):
            tx.risk.put_departures([replace(LEFT, agent_id=agent)])
            tx.risk.put_figures([replace(HOURS, agent_id=agent)])
        for run in ("r1", "r2"):
            tx.risk.add_run(a_run(run), [a_prediction(run, agent) for agent in ("A2", "A1")])
        assert tx.risk.predictions("r1") == [a_prediction("r1", "A1"), a_prediction("r1", "A2")]
        assert tx.risk.predictions(agent_id="A1") == [a_prediction("r1", "A1"), a_prediction("r2", "A1")]
        assert tx.risk.drop_agent("A1") == 4  # a departure, a figure, two predictions
        assert tx.risk.drop_agent("A1") == 0
    with store.reading() as tx:
        assert {one.agent_id for one in tx.risk.predictions()} == {"A2"}
        assert [one.agent_id for one in tx.risk.departures()] == ["A2"]
        assert [one.agent_id for one in tx.risk.figures()] == ["A2"]
