"""Tables in every usual format and encoding."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from qa_pipeline.errors import RowError, TableError
from qa_pipeline.intake.tables import Row, is_table_file, read_table

CHINESE = "工号,姓名,满意度\n8001,张三,92%\n8002,李四,88%\n"


def rows_of(path: Path) -> list[dict[str, str]]:
    found = list(read_table(path).rows)
    assert all(isinstance(row, Row) for row in found)
    return [dict(row.values) for row in found if isinstance(row, Row)]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk", "utf-32"]
)
def test_chinese_text_is_read_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "kpi.csv"
    path.write_bytes(CHINESE.encode(encoding))
    assert rows_of(path) == [
        {"工号": "8001", "姓名": "张三", "满意度": "92%"},
        {"工号": "8002", "姓名": "李四", "满意度": "88%"},
    ]


@pytest.mark.parametrize("name", ["René crédit", "Jürgen Groß"])
def test_western_text_is_refused_rather_than_read_as_chinese(tmp_path: Path, name: str) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(f"name,city\n{name},Montréal\n".encode("latin-1"))
    with pytest.raises(TableError, match="neither UTF-8, UTF-16 nor GB 18030") as caught:
        read_table(path)
    assert caught.value.file == str(path)
    first = next(iter(read_table(path, encoding="latin-1").rows))
    assert isinstance(first, Row)
    assert first.values["name"] == name


@pytest.mark.parametrize(
    "content",
    [
        "工号,姓名\n8001,张三\n".encode() + "8002,李四\n".encode("gb18030"),
        "工号,姓名\n8001,张三\n".encode()[:-2],
        "工号,姓名\n8001,张三\n8002,李\n".encode().replace("李".encode(), b"\xe6\x9d"),
    ],
    ids=["two encodings", "cut off inside a character", "a broken character"],
)
def test_mixed_and_broken_text_is_refused_rather_than_garbled(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kpi.csv"
    path.write_bytes(content)
    with pytest.raises(TableError, match="neither UTF-8, UTF-16 nor GB 18030"):
        read_table(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_though_texts_hold_others(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "table.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([["id", "text", "n"], ["1", "a, b; c", "1,5"], ["2", 'say "hi"', "2"]])
    assert rows_of(path) == [
        {"id": "1", "text": "a, b; c", "n": "1,5"},
        {"id": "2", "text": 'say "hi"', "n": "2"},
    ]


def test_a_ragged_row_is_an_error_with_its_spreadsheet_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    # Record 2 spans two lines, record 3 is blank: a spreadsheet shows the short row as row 4.
    path.write_text('id,text\n1,"two\nlines"\n\n2\n3,ok,\n4,x,y\n5,fine\n', encoding="utf-8")
    found = list(read_table(path).rows)
    assert [(type(row).__name__, row.number if isinstance(row, Row) else row.row) for row in found] == [
        ("Row", 2),
        ("RowError", 4),
        ("Row", 5),
        ("RowError", 6),
        ("Row", 7),
    ]
    short = found[1]
    assert isinstance(short, RowError)
    assert short.render() == "The row has 1 cells, the header has 2."
    assert short.file == str(path)


def test_an_open_quotation_mark_is_told_and_not_swallowed(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('id,text\n1,fine\n2,"never closed\n3,lost\n', encoding="utf-8")
    first, second = read_table(path).rows
    assert isinstance(first, Row)
    assert isinstance(second, RowError)
    assert second.row == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("\n\n \n", "no header row"),
        ("id,name,id\n1,a,2\n", "twice: id"),
    ],
)
def test_tables_without_usable_header(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_table(path)
    assert message in caught.value.render()


def test_titles_above_the_header_are_skipped_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text("2026年10月坐席报表,,\n,,\n工号,接通率,\n8001,91%,\n", encoding="utf-8")
    table = read_table(path)
    assert table.headers == ("工号", "接通率")
    assert [(row.number, dict(row.values)) for row in table.rows if isinstance(row, Row)] == [
        (4, {"工号": "8001", "接通率": "91%"})
    ]


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("text\nhello\nthere\n", encoding="utf-8")
    assert rows_of(path) == [{"text": "hello"}, {"text": "there"}]


def test_a_workbook_gives_plain_text(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "空"  # an empty first sheet is passed over
    sheet = book.create_sheet("数据")
    sheet.append(["工号", "开始时间", "日期", "时长", "通话时间", "满意度", "均值", "数量", "有效"])
    sheet.append(
        [
            8001.0,
            dt.datetime.fromisoformat("2026-10-03T09:05:12"),
            dt.datetime.fromisoformat("2026-10-03"),
            dt.timedelta(hours=26, seconds=90),
            dt.time(9, 5),
            0.925,
            12.25,
            7,
            True,
        ]
    )
    sheet["F2"].number_format = "0.0%"
    sheet["H2"].number_format = "0000"
    sheet.append([None] * 9)
    sheet.append(["8002"])
    path = tmp_path / "kpi.xlsx"
    book.save(path)
    first, second = rows_of(path)
    assert first == {
        "工号": "8001",
        "开始时间": "2026-10-03 09:05:12",
        "日期": "2026-10-03",
        "时长": "26:01:30",
        "通话时间": "09:05:00",
        "满意度": "92.5%",
        "均值": "12.25",
        "数量": "0007",
        "有效": "true",
    }
    assert second["工号"] == "8002"
    assert second["满意度"] == ""


@pytest.mark.parametrize("name", ["kpi.xlsx", "kpi.csv.gz", "kpi.xls"])
def test_a_wrong_extension_is_a_clear_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(CHINESE, encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_table(path)
    assert caught.value.hint


def test_a_damaged_archive_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "kpi.csv.gz"
    path.write_bytes(gzip.compress(CHINESE.encode() * 100)[:-20])
    with pytest.raises(TableError, match="cannot be read"):
        read_table(path)


def test_json_lines_keep_line_numbers_and_render_values(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl.gz"
    lines = ['{"id": 1, "ok": true}', "", "not json", '{"id": "2", "turns": [{"text": "您好"}], "n": null}', "[1]"]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    table = read_table(path)
    assert table.headers == ("id", "ok", "turns", "n")
    found = list(table.rows)
    assert [row.number if isinstance(row, Row) else -(row.row or 0) for row in found] == [1, -3, 4, -5]
    last = found[2]
    assert isinstance(last, Row)
    assert json.loads(last.values["turns"]) == [{"text": "您好"}]
    assert (last.values["ok"], last.values["n"]) == ("", "")


def test_rows_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "kpi.csv"
    path.write_text(CHINESE, encoding="utf-8")
    table = read_table(path)
    assert list(table.rows) == list(table.rows)


@pytest.mark.parametrize(
    ("name", "expected"), [("a.CSV", True), ("a.csv.gz", True), ("a.xlsx", True), ("a.txt", False), ("a.wav", False)]
)
def test_table_names(name: str, expected: bool) -> None:
    assert is_table_file(Path(name)) is expected


CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).map(str.strip)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3).filter(any), min_size=1, max_size=6),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    suffix=st.sampled_from([".csv", ".csv.gz", ".tsv"]),
)
def test_any_text_survives_the_way_through_a_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], encoding: str, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("tables") / f"table{suffix}"
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t" if suffix == ".tsv" else ",", quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b", "c"], *rows])
    content = text.getvalue().encode(encoding)
    path.write_bytes(gzip.compress(content, 1) if suffix.endswith("gz") else content)
    assert [list(row.values.values()) for row in read_table(path).rows if isinstance(row, Row)] == rows
