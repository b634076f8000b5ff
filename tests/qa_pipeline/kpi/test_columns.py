"""Units in headers, count columns, and words of yes and no."""

from __future__ import annotations

import pytest

from qa_pipeline.kpi.columns import find_flag, find_unit, is_total, split_suffix


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("CSAT (%)", "percent"),
        ("满意度（％）", "percent"),
        ("Answer rate %", "percent"),
        ("AHT (min)", "min"),
        ("平均通话时长（分钟）", "min"),
        ("平均通话时长(秒)", "s"),
        ("工单处理时长[小时]", "h"),
        ("%", "percent"),
        ("s", "s"),
        ("CSAT", None),
        ("Sales", None),
    ],
)
def test_units_of_headers(header: str, unit: str | None) -> None:
    assert find_unit(header) == unit


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("CSAT n", ("csat", "n")),
        ("csat_n", ("csat", "n")),
        ("CSAT (n)", ("csat", "n")),
        ("Customer satisfaction count", ("customer satisfaction", "n")),
        ("客户满意度样本量", ("客户满意度", "n")),
        ("AHT sd", ("aht", "sd")),
        ("平均通话时长标准差", ("平均通话时长", "sd")),
        ("Resolution", None),
        ("CSAT", None),
    ],
)
def test_columns_of_counts_and_spreads(header: str, part: tuple[str, str] | None) -> None:
    assert split_suffix(header) == part


@pytest.mark.parametrize(
    ("text", "flag"), [("Y", True), ("否", False), (" 已接通 ", True), ("Abandoned", False), ("?", None)]
)
def test_words_of_yes_and_no(text: str, flag: bool | None) -> None:
    assert find_flag(text) is flag


def test_rows_of_totals() -> None:
    assert is_total("合计")
    assert is_total(" Grand Total ")
    assert not is_total("Totalov")
