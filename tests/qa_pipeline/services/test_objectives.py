"""Objectives in a real store: importing, check-ins, and where they stand on a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from qa_pipeline.domain.cycle import Progress
from qa_pipeline.domain.performance import Agent
from qa_pipeline.errors import Conflict, InputError, NotFound
from qa_pipeline.services.objectives import (
    ObjectiveImport,
    add_key_result,
    import_objectives,
    list_objectives,
    make_key_result,
    make_objective,
    report_progress,
)
from qa_pipeline.store import Store

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
TABLE = """工号,周期,目标,关键结果,单位,起始值,目标值,负责人
A1,2026-Q4,让客户少打电话,重复来电率,%,14,9,王主管
A1,2026-q4,让客户少打电话,写知识库条目,条,0,6,王主管
A1,2026年10月,学习新系统,通过考试,门,2,2,王主管
A9,2026-Q4,x,y,,0,1,
A1,2026-13,x,y,,0,1,
A1,2026-Q4,让客户少打电话,重复来电率,%,14,8,王主管
"""


@pytest.fixture
def staffed(store: Store) -> Store:
    with store.transaction() as tx:
        tx.agents.put(Agent(id="A1"))
    return store


def load(store: Store, folder: Path, text: str = TABLE) -> ObjectiveImport:
    path = folder / "objectives.csv"
    path.write_text(text, encoding="utf-8")
    return import_objectives(store, path, NOW)


def check_in(objective_id: str, key_result: str, value: float, day: str) -> Progress:
    return Progress(
        objective_id=objective_id,
        key_result_id=key_result,
        value=value,
        note="",
        reported_by="A1",
        reported_at=datetime.fromisoformat(f"{day}T00:00:00+08:00"),
    )


def test_a_table_is_kept_once_and_wrong_rows_are_named(staffed: Store, tmp_path: Path) -> None:
    first = load(staffed, tmp_path)
    assert (first.added_count, first.changed_count, first.unchanged_count) == (2, 0, 0)
    assert [(error.row, error.field) for error in first.rejected] == [
        (4, "目标值"),
        (5, "工号"),
        (6, "周期"),
        (7, "目标值"),
    ]
    second = load(staffed, tmp_path)
    assert (second.added_count, second.changed_count, second.unchanged_count) == (0, 0, 2)


def test_where_an_objective_stands_on_a_day(staffed: Store, tmp_path: Path) -> None:
    load(staffed, tmp_path)
    with staffed.reading() as tx:
        (objective,) = tx.objectives.list("A1", "2026-Q4")
    assert report_progress(staffed, check_in(objective.id, "重复来电率", 12, "2026-10-20"), NOW)
    assert not report_progress(staffed, check_in(objective.id, "重复来电率", 12, "2026-10-20"), NOW)
    assert report_progress(staffed, check_in(objective.id, objective.key_results[1].id, 9, "2026-10-20"), NOW)
    with staffed.reading() as tx:
        (then,) = list_objectives(tx, date(2026, 10, 31), "A1")
        (later,) = list_objectives(tx, date(2026, 11, 20), "A1")
        (before,) = list_objectives(tx, date(2026, 10, 19), "A1")
    # From 14 down to 12 of 9 is 2 of 5; 9 of 6 entries count as all of the way: (.4 + 1) / 2 after 31 of 92 days.
    assert [one.ratio for one in then.key_results] == pytest.approx([0.4, 1.5])
    assert (then.ratio, then.elapsed) == pytest.approx((0.7, 31 / 92))
    assert (then.pace > 0, then.stale) == (True, False)
    # 31 days of silence on what is not reached yet.
    assert [one.stale for one in later.key_results] == [True, False]
    assert (before.ratio, before.key_results[0].latest) == (0, None)


def test_what_is_tracked_is_not_changed_and_what_is_not_may_be(staffed: Store) -> None:
    objective = make_objective("A1", "2026-10", "少投诉", "王主管", NOW)
    add_key_result(staffed, objective, make_key_result("投诉", "件", 5, 2))
    assert add_key_result(staffed, objective, make_key_result("投诉", "件", 5, 1)) == "changed"
    report_progress(staffed, check_in(objective.id, "投诉", 4, "2026-10-08"), NOW)
    assert add_key_result(staffed, objective, make_key_result("投诉", "件", 5, 1)) == "unchanged"
    with pytest.raises(Conflict):
        add_key_result(staffed, objective, make_key_result("投诉", "件", 5, 3))


def test_what_cannot_be_tracked_is_refused(staffed: Store) -> None:
    with pytest.raises(InputError, match="the same"):
        make_key_result("投诉", "", 3, 3)
    with pytest.raises(InputError, match="no number"):
        make_key_result("投诉", "", 3, float("nan"))
    objective = make_objective("A1", "2026-10", "少投诉", "王主管", NOW)
    add_key_result(staffed, objective, make_key_result("投诉", "件", 5, 2))
    for day in ("2026-09-30", "2026-11-21"):
        with pytest.raises(InputError, match="future, or before"):
            report_progress(staffed, check_in(objective.id, "投诉", 4, day), NOW)
    with pytest.raises(NotFound, match="no key result"):
        report_progress(staffed, check_in(objective.id, "x", 4, "2026-10-08"), NOW)
    with pytest.raises(NotFound, match="no objective"):
        report_progress(staffed, check_in("objective-x", "x", 4, "2026-10-08"), NOW)
