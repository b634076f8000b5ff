"""Imports of personnel: each row that cannot be is named, the others are kept; what is protected is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from coaching.risk.personnel import import_departures, import_figures
from qa_pipeline.domain.risk import DepartureKind
from qa_pipeline.errors import MappingError
from qa_pipeline.store import Store
from tests.coaching.risk.people import assigned


def written(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_departures_in_both_languages_and_what_is_wrong_with_others(store: Store, tmp_path: Path) -> None:
    assigned(store, "A1", date(2024, 1, 1))
    assigned(store, "A2", date(2024, 1, 1))
    path = written(
        tmp_path,
        "工号,最后工作日,离职类型",
        "A1,2024-02-29,主动离职",
        "A2,2025-02-29,主动离职",  # no leap year
        "A2,2025-03-01,bored",
        "A9,2025-03-01,voluntary",
        "A2,2023-12-31,voluntary",
        ",2025-03-01,voluntary",
    )
    found = import_departures(store, path)
    assert found.imported_count == 1
    assert [(problem.row, problem.field) for problem in found.rejected] == [
        (3, "最后工作日"),
        (4, "离职类型"),
        (5, "工号"),
        (6, "最后工作日"),
        (7, "工号"),
    ]
    assert all(problem.hint for problem in found.rejected)
    with store.reading() as tx:
        (kept,) = tx.risk.departures()
    assert (kept.agent_id, kept.left_on, kept.kind) == ("A1", date(2024, 2, 29), DepartureKind.VOLUNTARY)
    again = import_departures(store, path)
    assert (again.imported_count, again.unchanged_count) == (0, 1)


def test_figures_with_their_day_and_their_limits(store: Store, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "agent,month,overtime_h,absence_days,available_on,shoe_size",
        "A1,2026-02,12.5,,2026-03-09,42",
        "A1,2026-03,-1,2,,42",
        "A1,2026-13,1,2,,42",
        "A1,2026-04,1,32,,42",
        "A2,2026-04,1,31,,42",
    )
    found = import_figures(store, path)
    assert found.imported_count == 3  # one of the first row, two of the last
    assert [(problem.row, problem.field) for problem in found.rejected] == [
        (3, "overtime_h"),
        (4, "month"),
        (5, "absence_days"),
    ]
    assert found.ignored_columns == ["shoe_size"]
    with store.reading() as tx:
        kept = {(one.agent_id, one.month, one.name): (one.value, one.available_on) for one in tx.risk.figures()}
    assert kept["A1", "2026-02", "overtime_h"] == (12.5, date(2026, 3, 9))
    assert kept["A2", "2026-04", "overtime_h"] == (1.0, date(2026, 4, 30))  # none is given: the month's last day


@pytest.mark.parametrize("column", ["gender", "性别", "date_of_birth", "health_notes", "union_member", "voice_emotion"])
def test_what_may_not_be_used_is_refused_by_name(store: Store, tmp_path: Path, column: str) -> None:
    path = written(tmp_path, f"agent,month,overtime_h,{column}", "A1,2026-02,3,x")
    with pytest.raises(MappingError) as refused:
        import_figures(store, path)
    assert refused.value.field == column
    assert column in refused.value.render(str)
    with store.reading() as tx:
        assert list(tx.risk.figures()) == []
