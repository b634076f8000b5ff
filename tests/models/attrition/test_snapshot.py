"""Sentinels: known ways of looking into the future or at the same person twice, each of which must be refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from models.attrition.panel import build_panel
from models.attrition.snapshot import Observation, as_known, check_apart, check_known, check_rows
from qa_pipeline.errors import InputError
from tests.models.attrition.staff import mapping_of, table_of

MAY = 2026 * 12 + 4


def value(name: str, available_on: date) -> Observation:
    return Observation(person="A01", month=MAY, name=name, value=4.0, available_on=available_on)


def test_the_rating_of_the_running_quarter_is_refused() -> None:
    rating = value("rating", date(2026, 6, 30))  # of April to June
    with pytest.raises(InputError, match="rating of A01 for 2026-05 was known on 2026-06-30, after") as caught:
        check_known([value("csat", date(2026, 5, 31)), rating], date(2026, 5, 31))
    assert caught.value.field == "rating"
    check_known([rating], date(2026, 6, 30))


def test_late_figures_are_left_out_and_counted() -> None:
    early, late = value("csat", date(2026, 6, 1)), value("complaint_rate", date(2026, 7, 2))
    assert as_known([early, late], date(2026, 6, 30)) == ([early], 1)


def test_the_month_of_leaving_is_no_snapshot(tmp_path: Path) -> None:
    # In the month in which A leaves the workload falls to 1: whoever learned from that row would look clever.
    mapping = mapping_of(tmp_path, "workload: {column: workload, group: workload}")
    lines = ["id,month,left,workload", "A,2024-01,,8", "A,2024-02,yes,1", "B,2024-01,,7", "B,2024-02,,7"]
    panel = build_panel(table_of(tmp_path, lines, mapping), mapping)
    assert sorted(panel.features.numbers["workload"].tolist()) == [7.0, 7.0, 8.0]


def test_rows_made_by_resampling_are_refused() -> None:
    person, month = np.array([0, 0, 1, 1]), np.array([MAY, MAY + 1, MAY, MAY])
    with pytest.raises(InputError, match="two rows of the month 2026-05"):
        check_rows(person, month)
    check_rows(person[:3], month[:3])


def test_a_person_on_both_sides_of_a_split_is_refused() -> None:
    with pytest.raises(InputError, match="1 people are both"):
        check_apart(np.array([1, 2, 3]), np.array([3, 4]))
    check_apart(np.array([1, 2]), np.array([3]))
