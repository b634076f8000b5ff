"""Numbers, ratios, durations and words as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.domain.contact import Direction, Role
from qa_pipeline.errors import RowError
from qa_pipeline.intake.tables import (
    Place,
    is_missing,
    parse_direction,
    parse_duration_s,
    parse_language,
    parse_number,
    parse_ratio,
    parse_role,
)

HERE = Place("kpi.csv", 7, "满意度")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1234.5", 1234.5),
        ("1,234", 1234),
        ("1,234,567.8", 1234567.8),
        ("1 234", 1234),
        ("1\u00a0234,5", 1234.5),
        ("1'234", 1234),
        ("1.234,5", 1234.5),
        ("12,5", 12.5),
        ("９２", 92),
        ("−3", -3),
        ("(5)", -5),
        ("1.2万", 12000),
        ("¥1,200.50", 1200.5),
        ("300元", 300),
        ("85分", 85),
        ("1e3", 1000),
        (".5", 0.5),
    ],
)
def test_numbers(text: str, expected: float) -> None:
    assert parse_number(text, HERE) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text", ["", "-", "N/A", "abc", "1,23,4", "1.2.3", "nan", "inf", "1e400", "#DIV/0!", "92%", "1-2"]
)
def test_what_is_no_number_names_file_row_field_and_remedy(text: str) -> None:
    with pytest.raises(RowError) as caught:
        parse_number(text, HERE)
    assert (caught.value.file, caught.value.row, caught.value.field) == ("kpi.csv", 7, "满意度")
    assert caught.value.render_hint()


@pytest.mark.parametrize(
    ("text", "in_percent", "expected"),
    [
        ("92%", False, 0.92),
        ("９２％", False, 0.92),
        ("0.92", False, 0.92),
        ("92", True, 0.92),
        ("1", True, 0.01),
        ("1", False, 1),
    ],
)
def test_ratios(text: str, in_percent: bool, expected: float) -> None:
    assert parse_ratio(text, HERE, in_percent=in_percent) == pytest.approx(expected)


def test_a_bare_92_is_not_guessed_to_be_percent() -> None:
    with pytest.raises(RowError) as caught:
        parse_ratio("92", HERE)
    assert caught.value.render_hint() == "Write 92% if it is a percentage, or put % into the header of the column."


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("3:30", "s", 210),
        ("75:10", "s", 4510),  # 75 x 60 + 10
        ("01:02:03", "s", 3723),  # 3600 + 120 + 3
        ("0:03:30.5", "s", 210.5),
        ("210", "s", 210),
        ("1,210", "s", 1210),
        ("3.5", "min", 210),
        ("3.5 min", "s", 210),
        ("3分30秒", "s", 210),
        ("1小时2分", "s", 3720),
        ("1h 2m 3s", "s", 3723),
        ("５分钟", "s", 300),
    ],
)
def test_durations(text: str, unit: str, expected: float) -> None:
    assert parse_duration_s(text, HERE, unit=unit) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["3:75", "1:60:00", "-5", "3 apples", "", "12 min later"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(RowError):
        parse_duration_s(text, HERE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("中文", "zh"),
        ("普通话", "zh"),
        ("Chinese", "zh"),
        ("EN_us", "en"),
        ("英语", "en"),
        ("法语", "fr"),
    ],
)
def test_languages(text: str, expected: str) -> None:
    assert parse_language(text, HERE) == expected


@pytest.mark.parametrize("text", ["klingon?", "xq", "", "1"])
def test_what_is_no_language(text: str) -> None:
    with pytest.raises(RowError):
        parse_language(text, HERE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Inbound", Direction.INBOUND),
        ("呼入", Direction.INBOUND),
        ("OUT", Direction.OUTBOUND),
        ("外呼", Direction.OUTBOUND),
    ],
)
def test_directions(text: str, expected: Direction) -> None:
    assert parse_direction(text, HERE) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("坐席", Role.AGENT),
        ("客服小王", Role.AGENT),
        ("Agent 8001", Role.AGENT),
        ("Customer Service Rep", Role.AGENT),
        ("客户", Role.CUSTOMER),
        ("Caller", Role.CUSTOMER),
        ("用户1", Role.CUSTOMER),
        ("客服机器人", Role.SYSTEM),
        ("IVR", Role.SYSTEM),
    ],
)
def test_roles(text: str, expected: Role) -> None:
    assert parse_role(text, HERE) is expected


@pytest.mark.parametrize("text", ["SPEAKER_00", "张三", "sideways"])
def test_unknown_words_are_neither_role_nor_direction(text: str) -> None:
    with pytest.raises(RowError):
        parse_role(text, HERE)
    with pytest.raises(RowError):
        parse_direction(text, HERE)


@pytest.mark.parametrize("text", ["", " ", "--", "N/A", "无", "#DIV/0!", "null", "　"])
def test_missing(text: str) -> None:
    assert is_missing(text)


@settings(max_examples=60, deadline=None)
@given(st.floats(-1e12, 1e12).map(lambda number: round(number, 4)))
def test_a_number_survives_every_way_of_writing_it(number: float) -> None:
    english = f"{number:,.4f}"
    german = english.replace(",", "_").replace(".", ",").replace("_", ".")
    full_width = "".join(chr(ord(sign) + 0xFEE0) for sign in english)
    for text in (f"{number:.4f}", english, german, english.replace(",", " "), full_width):
        assert math.isclose(parse_number(text, HERE), number, abs_tol=1e-9, rel_tol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**7))
def test_a_duration_survives_every_way_of_writing_it(seconds: int) -> None:
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    for text in (
        f"{hours}:{minutes:02d}:{left:02d}",
        f"{seconds // 60}:{left:02d}",
        str(seconds),
        f"{hours}小时{minutes}分{left}秒",
        f"{hours}h {minutes} min {left} s",
    ):
        assert parse_duration_s(text, HERE) == seconds


@pytest.mark.parametrize("text", ["9" * 5000, "9" * 5000 + ":00", "9" * 5000 + " min", "1," * 3000])
def test_endless_texts_are_refused_and_shown_in_brief(text: str) -> None:
    for parse in (parse_number, parse_ratio, parse_duration_s):
        with pytest.raises(RowError) as caught:
            parse(text, HERE)
        assert len(caught.value.render()) < 200


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=20))
def test_no_text_brings_a_parser_down(text: str) -> None:
    for parse in (parse_number, parse_ratio, parse_duration_s):
        try:
            assert math.isfinite(parse(text, HERE))
        except RowError as problem:
            assert problem.row == 7
