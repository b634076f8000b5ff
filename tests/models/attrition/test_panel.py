"""Tables of staff as person-months: labels, features as known at the time, and rows that are refused."""

from pathlib import Path

import numpy as np

from models.attrition.panel import Panel, build_panel
from models.attrition.staff_table import StaffTable
from models.attrition.table_mapping import TableMapping
from tests.models.attrition.staff import PANEL, mapping_of, table_of

LOAD = "load: {column: load, group: a}"


def panel_of(folder: Path, lines: list[str], features: str = LOAD, head: str = PANEL) -> tuple[Panel, StaffTable]:
    mapping: TableMapping = mapping_of(folder, features, head)
    table = table_of(folder, lines, mapping)
    return build_panel(table, mapping), table


def values(panel: Panel, name: str) -> list[float]:
    return [round(float(value), 6) for value in panel.features.numbers[name]]


def test_the_leaving_month_is_no_snapshot_and_labels_look_ahead(tmp_path: Path) -> None:
    panel, _ = panel_of(
        tmp_path,
        [
            "id,month,left,load",
            "A,2024-01,,1",
            "A,2024-02,,2",
            "A,2024-03,,3",
            "A,2024-04,x,99",
            "B,2024-01,,1",
            "B,2024-02,,2",
            "B,2024-03,,3",
            "B,2024-04,,4",
        ],
    )
    # A leaves in April, so A is at work at the end of January, February and March; B at the end of all four months.
    assert panel.month.tolist() == [24288, 24289, 24290, 24288, 24289, 24290, 24291]
    assert panel.left_within(1).tolist() == [False, False, True, False, False, False, False]
    assert panel.left_within(2).tolist() == [False, True, True, False, False, False, False]
    # What becomes of B in May is not known at the end of April; nor what within two months at the end of March.
    assert panel.is_known(1).tolist() == [True, True, True, True, True, True, False]
    # What A did by then is known, but counting A and not B would count leavers alone.
    assert panel.is_known(2).tolist() == [True, True, False, True, True, False, False]
    assert 99 not in panel.features.numbers["load"]


def test_exits_that_were_not_wished_end_the_record(tmp_path: Path) -> None:
    head = PANEL + "reason: {column: why, voluntary: [resigned]}\n"
    panel, _ = panel_of(
        tmp_path,
        [
            "id,month,left,why,load",
            "A,2024-01,,,1",
            "A,2024-02,,,2",
            "A,2024-03,x,dismissed,3",
            "B,2024-01,,,1",
            "B,2024-02,x,resigned,2",
            "C,2024-01,,,1",
            "C,2024-03,,,1",
        ],
        head=head,
    )
    assert panel.left_within(1).tolist() == [False, False, True, False, False]
    # A stayed through February for sure; whether A would have stayed through March nobody knows.
    assert panel.is_known(1).tolist() == [True, False, True, True, False]


def test_who_is_hired_again_begins_anew(tmp_path: Path) -> None:
    panel, _ = panel_of(
        tmp_path,
        ["id,month,left,load", "A,2024-01,,0", "A,2024-02,x,0", "A,2024-05,,0", "A,2024-06,,5"],
        "streak: {column: load, make: streak, limit: 0, cap: 4, group: a}",
    )
    assert panel.left_within(1).tolist() == [True, False, False]
    assert values(panel, "streak") == [1, 1, 0]  # not 2 in May: another employment


def test_features_over_months(tmp_path: Path) -> None:
    rows = {"A": [10, 20, 30, 40], "B": [20, 10, 10, 10], "C": [30, 30, 20, 20]}
    lines = ["id,month,left,load"] + [
        f"{person},2024-{month + 1:02d},,{load}" for person, loads in rows.items() for month, load in enumerate(loads)
    ]
    panel, _ = panel_of(
        tmp_path,
        lines,
        """
place: {column: load, make: place, group: a}
mean: {column: load, make: place, window: 3, group: a}
slope: {column: load, make: slope, window: 3, group: a}
below: {column: load, make: deviation, window: 2, group: a}
so_far: {column: load, make: log_mean_so_far, group: a}
streak: {column: load, make: streak, limit: 10, cap: 2, group: a}
high: {column: load, make: at_least, limit: 30, group: a}
high_and_streak: {make: both, of: [high, streak], group: a}
""",
    )
    # Places of A among three people: 1/3, 2/3, 3/3, 3/3.
    assert values(panel, "place")[:4] == [0.333333, 0.666667, 1, 1]
    # Means over up to three months: 1/3, (1/3+2/3)/2, (1/3+2/3+1)/3, (2/3+1+1)/3.
    assert values(panel, "mean")[:4] == [0.333333, 0.5, 0.666667, 0.888889]
    # Slopes: one month has none; 1/3 a month; 1/3 a month; over 2/3, 1, 1 it is (1 - 2/3) / 2.
    assert values(panel, "slope")[:4] == [0, 0.333333, 0.333333, 0.166667]
    # Away from the mean of this month and the one before: 0, 2/3-1/2, 1-5/6, 0.
    assert values(panel, "below")[:4] == [0, 0.166667, 0.166667, 0]
    assert values(panel, "so_far")[:4] == [round(float(np.log1p(mean)), 6) for mean in (10, 15, 20, 25)]
    assert values(panel, "streak")[4:8] == [0, 1, 2, 2]  # B: 20, then three months of 10, capped at 2
    assert values(panel, "high_and_streak")[:4] == [0, 0, 0, 0]


def test_of_who_has_no_value_nothing_is_said(tmp_path: Path) -> None:
    """Neither a level course nor a month without a low figure; a month without a value in between breaks nothing."""
    rows: dict[str, list[int | str]] = {"A": ["", "", "", ""], "B": ["", 5, "", 5], "C": [20, 5, 5, 20]}
    lines = ["id,month,left,load"] + [
        f"{person},2024-{month + 1:02d},,{load}" for person, loads in rows.items() for month, load in enumerate(loads)
    ]
    panel, _ = panel_of(
        tmp_path,
        lines,
        """
slope: {column: load, make: slope, window: 2, group: a}
streak: {column: load, make: streak, limit: 10, cap: 4, group: a}
""",
    )
    slopes, streaks = values(panel, "slope"), values(panel, "streak")
    assert np.isnan(slopes[:4]).all()
    assert np.isnan(streaks[:4]).all()
    assert np.isnan([slopes[4], streaks[4]]).all()
    assert slopes[5:8] == [0, 0, 0]  # one value within two months
    assert streaks[5:8] == [1, 1, 2]
    assert streaks[8:] == [0, 1, 2, 0]


def test_a_figure_of_the_quarter_is_not_used_before_the_quarter_is_over(tmp_path: Path) -> None:
    # The rating stands in every row of its quarter, also in those written before it could be known.
    lines = ["id,month,left,rating,grade"] + [
        f"A,2024-{month:02d},,{rating},G{rating}" for month, rating in enumerate([3, 3, 3, 5, 5, 5, 1], start=1)
    ]
    panel, _ = panel_of(
        tmp_path,
        lines,
        """
rating: {column: rating, known: quarter_end, group: a}
grade: {column: grade, make: category, known: quarter_end, group: a}
late: {column: rating, known: next_month, group: a}
""",
    )
    # January, February: nothing is known yet. March to May: that of the first quarter. June, July: of the second.
    assert [None if np.isnan(value) else value for value in panel.features.numbers["rating"]] == [
        None,
        None,
        3,
        3,
        3,
        5,
        5,
    ]
    assert panel.features.categories["grade"].tolist() == ["", "", "G3", "G3", "G3", "G5", "G5"]
    assert [None if np.isnan(value) else value for value in panel.features.numbers["late"]] == [None, 3, 3, 3, 5, 5, 5]


def test_income_beside_that_of_the_same_grade_and_month(tmp_path: Path) -> None:
    panel, _ = panel_of(
        tmp_path,
        ["id,month,left,pay,grade", "A,2024-01,,99,1", "B,2024-01,,399,1", "C,2024-01,,999,2", "A,2024-02,,99,1"],
        "pay: {column: pay, make: log_above_group, by: grade, group: pay}",
    )
    # log(100) - (log(100) + log(400)) / 2 = -log(2); alone in the grade or the month: 0.
    assert values(panel, "pay") == [round(float(value), 6) for value in (-np.log(2), np.log(2), 0.0, 0.0)]


def test_rows_that_cannot_be_used_are_told_and_the_others_are(tmp_path: Path) -> None:
    head = PANEL + "hired_on: {column: hired, order: mixed}\n"
    panel, table = panel_of(
        tmp_path,
        [
            "id,month,left,hired,load",
            "A,2024-05,,05/12/2023,1",
            "A,2024-05,,05/12/2023,1",
            "B,2024-13,,2024-01-01,1",
            "C,2024-05,,2024-06-01,1",
            "D,2024-05,,12/31/2023,many",
            ",2024-05,,2024-01-01,1",
            "E,2024-05,,12/31/2023,",
            "F,2023-06,,05/12/2023,1",
        ],
        "load: {column: load, group: a}\ntenure: {from: tenure, group: a}",
        head,
    )
    assert [(problem.row, problem.field) for problem in table.left_out] == [
        (3, "id"),
        (4, "month"),
        (5, "month"),
        (6, "load"),
        (7, "id"),
    ]
    # 5/12/2023 is read day first (5 December: 5 months), but before June 2023 it was May: 1 month.
    assert values(panel, "tenure") == [5, 5, 1]
    assert np.isnan(panel.features.numbers["load"][1])
