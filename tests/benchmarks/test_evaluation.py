"""What the benchmark compares does the same work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.evaluation import made, mixed, months, with_pandas

AGENTS = 80


@pytest.mark.parametrize("by_columns", [False, True])
def test_pandas_and_callqa_have_the_same_totals(by_columns: bool) -> None:
    (period,) = made.months(1)
    ours = {one.agent_id: one for one in months.evaluate_records(period, made.records(period, AGENTS))}
    found = with_pandas.evaluate(with_pandas.values(period, AGENTS), with_pandas.items(), by_columns=by_columns)
    theirs = dict(zip(found["agent"], found["total"], strict=True))
    assert {agent_id for agent_id, one in ours.items() if one.total is not None} == set(theirs)
    assert [ours[agent_id].total for agent_id in theirs] == pytest.approx(list(theirs.values()), abs=1e-9)
    # The made values are worth comparing: totals spread, some values are missing, some have no count.
    assert np.ptp(list(theirs.values())) > 10
    items = [item for one in ours.values() for dimension in one.dimensions for item in dimension.items]
    assert len(items) == 20 * AGENTS
    assert any(item.value is None for item in items)
    assert any(item.value is not None and item.n is None for item in items)


def test_both_mixed_models_find_the_same_variances() -> None:
    data = mixed.make(agents=40, contacts=20, reviews=5, reviewers=6)
    ours, theirs = mixed.run_callqa(*data)[1], mixed.run_statsmodels(*data)[1]
    assert ours == pytest.approx(theirs, rel=mixed.TOLERANCE_RATIO)


def test_totals_that_differ_stop_the_benchmark(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.npz" for name in ("one", "two")]
    for file, total in zip(files, (80.0, 80.1), strict=True):
        np.savez(file, keys=np.array(["2025-01 A1"]), totals=np.array([total]))
    with pytest.raises(AssertionError, match="differ by"):
        months.check_equal(files)
    assert months.check_equal(files[:1]) == 1
