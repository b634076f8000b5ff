"""The tables of a simulated centre are read by the real imports, and say what the centre says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from coaching.simulation.centre import CentreSettings, simulate_centre
from coaching.simulation.files import write_centre
from qa_pipeline.domain.risk import DepartureKind
from qa_pipeline.intake.tables import Row, read_table
from qa_pipeline.services.assignments_import import import_assignments
from qa_pipeline.services.kpi_import import import_kpis
from qa_pipeline.services.turnover import find_turnover
from qa_pipeline.store import Store

CENTRE = simulate_centre(CentreSettings(agents=12, teams=2, months=4, monthly_exit_ratio=0.1, seed=7))


def test_assignments_make_the_turnover_of_the_centre(tmp_path: Path, store: Store) -> None:
    found = import_assignments(store, write_centre(CENTRE, tmp_path).assignments)
    assert found.rejected == []
    assert found.added_count == len(CENTRE.agent_ids)
    with store.reading() as tx:
        turnover = find_turnover(tx.assignments.list(), date(2024, 4, 30))
    left = [day for day in CENTRE.left_on if day is not None]
    assert left
    assert turnover.left_count == len(left)


def test_indicators_of_a_month_stand_with_their_counts(tmp_path: Path, store: Store) -> None:
    found = import_kpis(store, write_centre(CENTRE, tmp_path).kpis[1])
    assert found.rejected == []
    assert found.periods == ["2024-02"]
    with store.reading() as tx:
        records = {(each.agent_id, each.indicator): each for each in tx.kpis.list("2024-02")}
    at_work = np.flatnonzero(CENTRE.at_work[:, 1])
    for person in at_work:
        score = records[CENTRE.agent_ids[person], "inspection_score"]
        assert score.value == pytest.approx(CENTRE.quality_points[person, 1], abs=0.001)
        assert score.n == CENTRE.calls[person, 1]
        assert score.sd == 20
        handled = records[CENTRE.agent_ids[person], "calls_handled"]
        assert handled.value == CENTRE.calls[person, 1]
    assert {agent for agent, _ in records} == {CENTRE.agent_ids[person] for person in at_work}


def test_shifts_make_the_attendance_of_the_month(tmp_path: Path, store: Store) -> None:
    found = import_kpis(store, write_centre(CENTRE, tmp_path).attendance[0])
    assert found.rejected == []
    with store.reading() as tx:
        records = {each.agent_id: each.value for each in tx.kpis.list("2024-01") if each.indicator == "attendance_rate"}
    for person in np.flatnonzero(CENTRE.at_work[:, 0]):
        # January 2024 has 23 days from Monday to Friday.
        assert records[CENTRE.agent_ids[person]] == pytest.approx(1 - CENTRE.absence_days[person, 0] / 23)


def test_departures_and_personnel_figures_stand_by_person(tmp_path: Path) -> None:
    files = write_centre(CENTRE, tmp_path)
    departures = {row.values["agent"]: row.values for row in read_table(files.departures).rows if isinstance(row, Row)}
    for agent, left_on, kind in zip(CENTRE.agent_ids, CENTRE.left_on, CENTRE.left_kind, strict=True):
        if left_on is None:
            assert agent not in departures
        else:
            assert departures[agent]["last_day"] == left_on.isoformat()
            assert DepartureKind(departures[agent]["kind"]) is kind
    months = list(read_table(files.staff_months).rows)
    assert len(months) == CENTRE.at_work.sum()


def test_the_same_centre_writes_the_same_files(tmp_path: Path) -> None:
    first, second = write_centre(CENTRE, tmp_path / "a"), write_centre(CENTRE, tmp_path / "b")
    for one, other in zip(
        (*first.attendance, first.staff_months), (*second.attendance, second.staff_months), strict=True
    ):
        assert one.read_bytes() == other.read_bytes()
