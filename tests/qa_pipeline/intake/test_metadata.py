"""Metadata tables: columns in both languages, errors per row."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from qa_pipeline.domain.contact import Direction, Role
from qa_pipeline.errors import MappingError, RowError
from qa_pipeline.intake.metadata import Metadata, MetadataRow, parse_channel_map, read_metadata
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.intake.tables import Place

OPTIONS = IntakeOptions(now=dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
CHINESE = (
    "通话编号,录音文件,坐席工号,坐席姓名,班组,技能组,呼叫方向,开始时间,语言,客户编号,声道\n"
    "C1,录音/a.wav,8001,张三,一组,退换货,呼入,2026年10月3日 9:05,中文,K77,坐席/客户\n"
)


def metadata(tmp_path: Path, text: str, encoding: str = "utf-8") -> Metadata:
    path = tmp_path / "metadata.csv"
    path.write_bytes(text.encode(encoding))
    return read_metadata(path, OPTIONS)


def row_of(found: tuple[MetadataRow, Role | None] | None) -> MetadataRow:
    assert found is not None
    return found[0]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_chinese_columns(tmp_path: Path, encoding: str) -> None:
    row = row_of(metadata(tmp_path, CHINESE, encoding).find(Path("/data/录音/a.wav"), None))
    assert (row.call_id, row.agent_id, row.agent_name, row.team, row.queue) == ("C1", "8001", "张三", "一组", "退换货")
    assert row.direction is Direction.INBOUND
    assert row.started_at == dt.datetime(2026, 10, 3, 1, 5, tzinfo=dt.UTC)  # 9:05 in Shanghai
    assert (row.language, row.customer_ref) == ("zh", "K77")
    assert row.channel_map == (Role.AGENT, Role.CUSTOMER)


def test_english_columns_with_date_and_time_apart(tmp_path: Path) -> None:
    text = "Call ID,File Name,Agent,Date,Time\nC1,a.wav,Ann,25/10/2026,9:05\nC2,b.wav,Bob,3/10/2026,9:05 PM\n"
    found = metadata(tmp_path, text)
    assert row_of(found.find(Path("b.wav"), None)).started_at == dt.datetime(2026, 10, 3, 13, 5, tzinfo=dt.UTC)
    assert row_of(found.find(Path("a.wav"), None)).agent_id == "Ann"


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Call Date,Call Time", "2026-10-03,09:05"),
        ("通话日期,通话时间,开始时间", "2026-10-02,00:03:20,2026-10-03 09:05"),
        ("timestamp,start time", "x,2026-10-03 09:05"),
    ],
)
def test_the_start_among_other_times(tmp_path: Path, header: str, cells: str) -> None:
    row = row_of(metadata(tmp_path, f"file,{header}\na.wav,{cells}\n").find(Path("a.wav"), None))
    assert row.started_at == dt.datetime(2026, 10, 3, 1, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("a.wav", "/data/2026/a.wav"),
        ("a", "/data/a.wav"),
        ("A.WAV", "/data/a.wav"),
        ("./2026/a.wav", "/data/2026/a.wav"),
        ("C:\\rec\\2026\\a.wav", "/rec/2026/a.wav"),
        ("/var/spool/monitor/a.wav", "/data/a.wav"),
    ],
)
def test_ways_to_name_a_file(tmp_path: Path, written: str, path: str) -> None:
    assert row_of(metadata(tmp_path, f"file,agent\n{written},8001\n").find(Path(path), None)).agent_id == "8001"


def test_the_longest_end_of_the_path_decides(tmp_path: Path) -> None:
    found = metadata(tmp_path, "file,agent\nday1/a.wav,1\nday2/a.wav,2\n")
    assert row_of(found.find(Path("/data/day2/a.wav"), None)).agent_id == "2"
    assert found.find(Path("/data/day3/a.wav"), None) is None


def test_call_ids_are_found_by_stem_or_pattern(tmp_path: Path) -> None:
    found = metadata(tmp_path, "call_id,agent\nC1,1\nC2,2\n")
    assert row_of(found.find(Path("c1.wav"), None)).agent_id == "1"
    assert row_of(found.find(Path("20261003_x.wav"), "C2")).agent_id == "2"


def test_each_wrong_row_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    text = (
        "call_id,file,agent,start\n"
        "C1,a.wav,8001,2026-10-03 09:05\n"
        "C2,b.wav,8001,2026-02-30 09:05\n"
        "C1,c.wav,8001,2026-10-03\n"
        ",,8002,2026-10-03\n"
        "C5,e.wav\n"
        "C6,missing.wav,8001,2026-10-03\n"
    )
    found = metadata(tmp_path, text)
    assert row_of(found.find(Path("a.wav"), None)).call_id == "C1"
    with pytest.raises(RowError) as caught:
        found.find(Path("b.wav"), None)
    assert (caught.value.row, caught.value.field) == (3, "start")
    assert [(problem.row, problem.render()) for problem in found.problems] == [
        (4, "This row repeats the call or file of row 2."),
        (5, "The row names neither a file nor a call."),
        (6, "The row has 2 cells, the header has 4."),
    ]
    assert [(problem.row, problem.render()) for problem in found.unused()] == [
        (7, "The recording missing.wav of this row was not found.")
    ]


def test_two_files_of_one_call_in_one_row_or_two(tmp_path: Path) -> None:
    one = metadata(tmp_path, "call_id,坐席录音,客户录音\nC1,x.wav,y.wav\n")
    two = metadata(tmp_path, "call_id,file,side\nC1,x.wav,agent\nC1,y.wav,customer\n")
    for found in (one, two):
        assert [row_found[1] for name in "xy" if (row_found := found.find(Path(f"{name}.wav"), None))] == [
            Role.AGENT,
            Role.CUSTOMER,
        ]


def test_a_table_about_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="no column for the file or the call id"):
        metadata(tmp_path, "indicator,value\ncsat,0.9\n")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("agent,customer", Role.AGENT),
        ("客户/坐席", Role.CUSTOMER),
        ("left=customer right=agent", Role.CUSTOMER),
        ("右:坐席 左:客户", Role.CUSTOMER),
        ("坐席", Role.AGENT),
        ("L:caller;R:agent", Role.CUSTOMER),
    ],
)
def test_channel_maps(text: str, first: Role) -> None:
    roles = parse_channel_map(text, Place("m.csv", 2, "声道"))
    assert roles[0] is first
    assert set(roles) == {Role.AGENT, Role.CUSTOMER}


@pytest.mark.parametrize("text", ["agent,agent", "stereo", "1,2", "agent,customer,agent"])
def test_what_is_no_channel_map(text: str) -> None:
    with pytest.raises(RowError):
        parse_channel_map(text, Place("m.csv", 2, "声道"))
