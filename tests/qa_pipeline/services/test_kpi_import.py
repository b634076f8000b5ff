"""KPI tables as people have them, into a real store."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook

from qa_pipeline.domain.performance import Agent, KpiRecord
from qa_pipeline.errors import ConfigurationError, MappingError, TableError
from qa_pipeline.services.kpi_import import ImportResult, import_kpis
from qa_pipeline.services.kpi_import.layout import Form
from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store: what a table means does not depend on the database."""
    opened = open_store(f"sqlite:///{tmp_path / 'kpi.db'}", ZONE)
    yield opened
    opened.close()


def write(folder: Path, text: str, name: str = "kpi.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def values(store: Store, period: str | None = None) -> dict[tuple[str, str, str], KpiRecord]:
    with store.reading() as tx:
        return {(one.agent_id, one.period, one.indicator): one for one in tx.kpis.list(period=period)}


def refused(result: ImportResult) -> list[tuple[int | None, str | None, str]]:
    return [(error.row, error.field, error.render()) for error in result.rejected]


LONG = """\
工号,月份,指标,数值,样本量
A1,2026年10月,客户满意度,86%,120
A1,2026-10,平均通话时长,5:30,640
A2,202610,CSAT,0.91,80
A2,2026-10,NPS,42,80
"""


def test_long_form_in_chinese(kept: Store, tmp_path: Path) -> None:
    result = import_kpis(kept, write(tmp_path, LONG, encoding="gb18030"))
    assert (result.form, result.imported_count, result.unchanged_count, refused(result)) == (Form.LONG, 4, 0, [])
    found = values(kept)
    assert found["A1", "2026-10", "csat"] == KpiRecord(
        indicator="csat", agent_id="A1", period="2026-10", value=0.86, n=120, source="kpi.csv"
    )
    assert found["A1", "2026-10", "average_handle_time"].value == 330.0
    assert found["A2", "2026-10", "nps"].value == 42.0


def test_the_same_file_again_changes_nothing_and_a_new_value_replaces(kept: Store, tmp_path: Path) -> None:
    path = write(tmp_path, LONG)
    import_kpis(kept, path)
    again = import_kpis(kept, path)
    assert (again.imported_count, again.replaced_count, again.unchanged_count) == (0, 0, 4)
    changed = import_kpis(kept, write(tmp_path, LONG.replace("86%", "88%")))
    assert (changed.imported_count, changed.replaced_count, changed.unchanged_count) == (1, 1, 3)
    assert values(kept)["A1", "2026-10", "csat"].value == 0.88


WIDE = """\
Agent ID,Name,Team,Month,CSAT (%),CSAT n,AHT (min),FCR,Complaint rate,Attendance,Mood
A1,Wang,One,2026-10,86,120,5.5,82%,2.1%,,good
A2,Li,Two,2026-10,92,100,4,0.78,0.8%,98.5%,bad
"""


def test_wide_form_with_units_counts_and_columns_nobody_knows(kept: Store, tmp_path: Path) -> None:
    result = import_kpis(kept, write(tmp_path, WIDE))
    assert refused(result) == []
    # Five for A2; A1 has no attendance.
    assert (result.form, result.imported_count, list(result.ignored_columns)) == (Form.WIDE, 9, ["Mood"])
    found = values(kept)
    assert (found["A1", "2026-10", "csat"].value, found["A1", "2026-10", "csat"].n) == (0.86, 120)
    assert found["A1", "2026-10", "average_handle_time"].value == 330.0
    assert found["A2", "2026-10", "first_contact_resolution"].value == 0.78
    assert found["A2", "2026-10", "complaint_rate"].value == pytest.approx(0.008)
    with kept.reading() as tx:
        assert tx.agents.list() == [Agent(id="A1", name="Wang", team="One"), Agent(id="A2", name="Li", team="Two")]


def test_a_workbook_keeps_percent_cells_and_dates(kept: Store, tmp_path: Path) -> None:
    import datetime as dt

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["坐席", "月份", "客户满意度", "平均应答时间(秒)"])
    sheet.append(["A1", dt.date(2026, 10, 1), 0.86, 12])
    sheet["C2"].number_format = "0.0%"
    path = tmp_path / "kpi.xlsx"
    book.save(path)
    assert refused(import_kpis(kept, path)) == []
    assert values(kept)["A1", "2026-10", "csat"].value == pytest.approx(0.86)
    assert values(kept)["A1", "2026-10", "average_speed_of_answer"].value == 12.0


def test_a_column_of_plain_numbers_above_one_is_percent(kept: Store, tmp_path: Path) -> None:
    text = "agent,period,answer_rate\nA1,2026-10,95\nA2,2026-10,92.5\nA3,2026-10,88\nA4,2026-10,0.9\n"
    result = import_kpis(kept, write(tmp_path, text))
    assert values(kept)["A1", "2026-10", "answer_rate"].value == 0.95
    # Among percentages, 0.9 may be 0.9 % or 90 %.
    assert [(row, field) for row, field, _ in refused(result)] == [(5, "answer_rate")]


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("csat", "4.6", "looks like a rating"),
        ("csat", "140%", "outside of what csat can be"),
        ("csat", "good", "not understood"),
        ("csat", "-5%", "outside"),
        ("average_handle_time", "-30", "not understood"),
        ("average_handle_time", "99999", "outside"),
        ("complaint_rate", "120%", "outside"),
        ("nps", "140", "outside"),
        ("ticket_handle_time", "3:30", "minutes and seconds or hours"),
        ("service_attitude_score", "95", "outside"),
    ],
)
def test_values_that_cannot_be_are_refused_with_row_and_field(
    kept: Store, tmp_path: Path, column: str, text: str, words: str
) -> None:
    result = import_kpis(kept, write(tmp_path, f"agent,period,{column},answer_rate\nA1,2026-10,{text},95%\n"))
    assert [(row, field) for row, field, _ in refused(result)] == [(2, column)]
    assert words in refused(result)[0][2]
    assert result.rejected[0].render_hint()
    # The rest of the row goes on.
    assert list(values(kept)) == [("A1", "2026-10", "answer_rate")]


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        (",2026-10,86%,10", "agent", "missing"),
        ("合计,2026-10,86%,10", "agent", "totals"),
        ("A1,October,86%,10", "period", "no month"),
        ("A1,2026-13,86%,10", "period", "no month"),
        ("A1,2026-10,86%,0", "csat n", "no count"),
        ("A1,2026-10,86%,2.5", "csat n", "no count"),
        ("A1,2026-10", None, "cells"),
    ],
)
def test_rows_that_are_no_use_are_refused_alone(
    kept: Store, tmp_path: Path, row: str, field: str | None, words: str
) -> None:
    result = import_kpis(kept, write(tmp_path, f"agent,period,csat,csat n\n{row}\nA9,2026-10,90%,50\n"))
    assert [found[:2] for found in refused(result)] == [(2, field)]
    assert words in refused(result)[0][2]
    assert list(values(kept)) == [("A9", "2026-10", "csat")]


def test_contradictions_are_refused_on_both_sides(kept: Store, tmp_path: Path) -> None:
    text = "agent,period,csat\nA1,2026-10,86%\nA1,2026-10,91%\nA2,2026-10,80%\nA2,2026-10,80%\n"
    result = import_kpis(kept, write(tmp_path, text))
    assert [row for row, _, _ in refused(result)] == [2, 3]
    assert "in row 3" in refused(result)[0][2]
    assert "in row 2" in refused(result)[1][2]
    assert (result.imported_count, result.unchanged_count) == (1, 1)


def test_two_columns_for_one_indicator_are_refused(kept: Store, tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="CSAT, 客户满意度"):
        import_kpis(kept, write(tmp_path, "agent,period,CSAT,客户满意度\nA1,2026-10,86%,90%\n"))


def test_a_table_without_months_takes_the_option(kept: Store, tmp_path: Path) -> None:
    path = write(tmp_path, "agent,csat\nA1,86%\n")
    with pytest.raises(TableError, match="tells the month"):
        import_kpis(kept, path)
    import_kpis(kept, path, period="2026-09")
    assert list(values(kept)) == [("A1", "2026-09", "csat")]
    with pytest.raises(ConfigurationError, match="not a month"):
        import_kpis(kept, path, period="September")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Index,Incoming Calls,Answer Rate\n1,217,94.01%\n", "names the agent"),
        ("agent,period,favourite colour\nA1,2026-10,blue\n", "no column|No column"),
        ("", "empty"),
    ],
)
def test_tables_of_no_use_are_refused_whole(kept: Store, tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TableError, match=words):
        import_kpis(kept, write(tmp_path, text))


def test_only_known_agents_when_asked(kept: Store, tmp_path: Path) -> None:
    import_kpis(kept, write(tmp_path, "agent,period,csat\nA101,2026-09,86%\n"))
    path = write(tmp_path, "agent,period,csat,nps\nA1O1,2026-10,86%,40\nA101,2026-10,88%,42\n")
    result = import_kpis(kept, path, known_agents_only=True)
    assert refused(result) == [(2, "agent", "The agent A1O1 is not known.")]
    assert result.rejected[0].render_hint() == "The nearest known id is A101."
    assert (result.imported_count, list(result.new_agents)) == (2, [])
    assert list(import_kpis(kept, path).new_agents) == ["A1O1"]


CALLS = """\
Call Id,Agent,Date,Time,Answered (Y/N),Resolved,Speed of answer in seconds,AvgTalkDuration,Satisfaction rating
1,Diane,2026-10-01,9:12:58,Y,Y,10,0:02:00,5
2,Diane,2026-10-01,9:40:00,Y,N,20,0:04:00,3
3,Diane,2026-10-02,9:40:00,N,N,,,
4,Diane,2026-10-02,10:40:00,Y,Y,30,0:06:00,
5,Becky,2026-11-01,10:00:00,Y,Y,40,1:00,4
"""


def test_single_calls_become_months(kept: Store, tmp_path: Path) -> None:
    result = import_kpis(kept, write(tmp_path, CALLS))
    assert (result.form, refused(result), list(result.periods)) == (Form.CALLS, [], ["2026-10", "2026-11"])
    diane = {indicator: one for (agent, _, indicator), one in values(kept).items() if agent == "Diane"}
    found = {indicator: (one.value, one.n) for indicator, one in diane.items()}
    assert found == {
        "answer_rate": (0.75, 4),
        "resolution_rate": (pytest.approx(2 / 3), 3),
        "average_speed_of_answer": (20.0, 3),
        "average_handle_time": (240.0, 3),
        "csat": (0.5, 2),  # one of two ratings is 4 or 5
        "satisfaction_rating": (4.0, 2),
        "calls_handled": (1.5, 2),  # two calls on the first day, one on the second
    }
    # sd of 120, 240, 360 s
    assert diane["average_handle_time"].sd == pytest.approx(120.0)
    assert import_kpis(kept, tmp_path / "kpi.csv").imported_count == 0


def test_a_mapping_says_what_columns_mean(kept: Store, tmp_path: Path) -> None:
    mapping = write(
        tmp_path,
        "columns:\n  Resolved: first_contact_resolution\n"
        "  Satisfaction rating: {field: rating, scale: 1-10}\n  AvgTalkDuration: ignore\n",
        "mapping.yaml",
    )
    import_kpis(kept, write(tmp_path, CALLS), mapping=mapping)
    found = {indicator: one.value for (agent, _, indicator), one in values(kept).items() if agent == "Diane"}
    assert found["first_contact_resolution"] == pytest.approx(2 / 3)
    assert found["csat"] == 0.0  # 5 and 3 of 10
    assert "resolution_rate" not in found
    assert "average_handle_time" not in found


def test_speed_of_answer_from_clock_times_across_midnight(kept: Store, tmp_path: Path) -> None:
    text = (
        "Call ID,Call Date,Call Time,Time Answered,Agent ID\n"
        "1,2026-10-01,13:56:45,13:57:02,9\n"
        "2,2026-10-31,23:59:50,00:00:20,9\n"
        "3,2026-10-02,10:00:00,,9\n"
        "4,2026-10-02,10:00:00,09:00:00,9\n"
    )
    result = import_kpis(kept, write(tmp_path, text))
    assert [(row, field) for row, field, _ in refused(result)] == [(5, "Time Answered")]
    found = {indicator: (one.value, one.n) for (_, _, indicator), one in values(kept).items()}
    # 17 s and 30 s; the call of row 4 was not answered.
    assert found["average_speed_of_answer"] == (23.5, 2)
    assert found["answer_rate"] == (pytest.approx(2 / 3), 3)


def test_an_export_of_answered_calls_only_gives_no_answer_rate(kept: Store, tmp_path: Path) -> None:
    text = "Call ID,Agent,Start time,Answered at\n1,A1,2026-10-01 10:00:00,2026-10-01 10:00:12\n"
    import_kpis(kept, write(tmp_path, text))
    assert {indicator for _, _, indicator in values(kept)} == {"average_speed_of_answer", "calls_handled"}


def test_calls_that_stand_twice(kept: Store, tmp_path: Path) -> None:
    text = (
        "Call ID,Agent,Start time,Talk time\n1,A1,2026-10-01 10:00,60\n1,A1,2026-10-01 10:00,60\n"
        "2,A1,2026-10-01 11:00,90\n2,A1,2026-10-01 11:00,95\n"
    )
    result = import_kpis(kept, write(tmp_path, text))
    assert [row for row, _, _ in refused(result)] == [4, 5]
    assert result.unchanged_count == 1
    assert values(kept)["A1", "2026-10", "average_handle_time"].n == 1


def test_the_month_of_a_call_is_that_of_the_site(kept: Store, tmp_path: Path) -> None:
    # 16:30 UTC on the last of September is half past midnight on the first of October in Shanghai.
    import_kpis(kept, write(tmp_path, "Call ID,Agent,Start time,Talk time\n1,A1,2026-09-30T16:30:00Z,60\n"))
    assert {period for _, period, _ in values(kept)} == {"2026-10"}


@pytest.mark.parametrize(
    ("cells", "field", "words"),
    [
        ("A1,2026-10-01 10:00,soon,Y,5", "Talk time", "not understood"),
        ("A1,2026-10-01 10:00,60,perhaps,5", "Resolved", "neither yes nor no"),
        ("A1,2026-10-01 10:00,60,Y,9", "Rating", "outside of the scale"),
        ("A1,yesterday,60,Y,5", "Start time", "no date"),
        (",2026-10-01 10:00,60,Y,5", "Agent", "missing"),
    ],
)
def test_a_call_with_a_wrong_cell_counts_nowhere(
    kept: Store, tmp_path: Path, cells: str, field: str, words: str
) -> None:
    text = f"Call ID,Agent,Start time,Talk time,Resolved,Rating\n1,{cells}\n2,A1,2026-10-01 11:00,90,Y,4\n"
    result = import_kpis(kept, write(tmp_path, text))
    assert [found[:2] for found in refused(result)] == [(2, field)]
    assert words in refused(result)[0][2]
    assert {one.n for one in values(kept).values()} == {1}


def test_packed_files_are_read(kept: Store, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(gzip.compress(CALLS.encode()))
    assert import_kpis(kept, path).form is Form.CALLS


def test_both_databases_keep_the_same(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path, LONG)
    assert import_kpis(store, path).imported_count == 4
    assert import_kpis(store, path).unchanged_count == 4
