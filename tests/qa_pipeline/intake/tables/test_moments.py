"""Dates, times and periods as people write them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.errors import RowError
from qa_pipeline.intake.tables import Place, find_day_first, parse_moment, parse_period

HERE = Place("calls.csv", 3, "开始时间")
SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST, LAST = dt.datetime(1992, 1, 2), dt.datetime(2026, 12, 31)  # noqa: DTZ001 -- hypothesis asks for naive bounds
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def moment(text: str, *, day_first: bool | None = None) -> dt.datetime:
    return parse_moment(text, HERE, SHANGHAI, day_first=day_first, now=NOW)


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-03 09:05:12",
        "2026/10/3 9:05:12",
        "2026.10.03 9:05:12",
        "2026年10月3日 9时05分12秒",
        "2026年10月3日 上午9:05:12",
        "２０２６年１０月３日　９：０５：１２",
        "20261003-090512",
        "20261003090512",
        "20261003_090512",
        "20261003 9:05:12",
        "2026-10-03T09:05:12",
        "2026-10-03T09-05-12",
        "2026-10-03T01:05:12Z",
        "2026-10-03T01:05:12+00:00",
        "2026-10-03 09:05:12 +0800",
        "3 Oct 2026 9:05:12",
        "Oct 3, 2026 9:05:12 AM",
        "October 3rd, 2026 09:05:12",
        "1790989512",  # 20,729 days x 86,400 s + 3,912 s (01:05:12)
        "1790989512000",
    ],
)
def test_one_moment_in_many_forms(text: str) -> None:
    # 09:05:12 in Shanghai is 01:05:12 UTC.
    assert moment(text) == dt.datetime(2026, 10, 3, 1, 5, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("2026-10-03 12:05 AM", 0, 5),
        ("2026-10-03 12:05 PM", 12, 5),
        ("2026-10-03 下午3点05分", 15, 5),
        ("2026-10-03", 0, 0),
    ],
)
def test_halves_of_the_day(text: str, hour: int, minute: int) -> None:
    assert moment(text) == dt.datetime(2026, 10, 3, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-13-01",
        "2026-10-03 25:00",
        "2026-10-03 09:61",
        "2026-10-03 13:00 pm",
        "2062-10-03",
        "1970-01-01",
        "46298.4",
        "tomorrow",
        "2026-10-03 09:05 +25:00",
        "2026-10-03" + " " * 9999 + "x",
        "9" * 5000,
        "3 Octopus 2026",
        "",
        "0000-00-00 00:00:00",
    ],
)
def test_impossible_and_unlikely_moments_are_refused(text: str) -> None:
    with pytest.raises(RowError) as caught:
        moment(text)
    assert (caught.value.row, caught.value.field) == (3, "开始时间")
    assert caught.value.render_hint()


def test_days_and_months_are_never_guessed() -> None:
    with pytest.raises(RowError, match="day or with the month first"):
        moment("3/10/2026 9:05")
    assert moment("3/10/2026 9:05", day_first=True) == dt.datetime(2026, 10, 3, 1, 5, tzinfo=dt.UTC)
    assert moment("3/10/2026 9:05", day_first=False) == dt.datetime(2026, 3, 10, 1, 5, tzinfo=dt.UTC)
    assert moment("25/10/2026 9:05") == moment("10/25/2026 9:05")


def test_a_column_tells_the_order() -> None:
    assert find_day_first(["3/10/2026", "25/10/2026", "x", ""]) is True
    assert find_day_first(["3/10/2026", "10/25/2026"]) is False
    assert find_day_first(["3/10/2026"]) is None
    assert find_day_first(["25/10/2026", "10/25/2026"]) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-10",
        "2026/10",
        "2026.10",
        "202610",
        "2026年10月",
        "2026年10月份",
        "Oct 2026",
        "October 2026",
        "10/2026",
        "2026-10-31",
        "20261031",
        "２０２６年１０月",
    ],
)
def test_periods(text: str) -> None:
    assert parse_period(text, HERE) == "2026-10"


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "10", "2026", "", "2026-02-30", "0026-10", "Q3 2026"])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(RowError):
        parse_period(text, HERE)


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(FIRST, LAST).map(lambda when: when.replace(microsecond=0)),
    st.sampled_from(["UTC", "Asia/Kathmandu", "Asia/Tokyo", "Asia/Shanghai"]),
)
def test_every_written_form_gives_the_moment_back(local: dt.datetime, zone_name: str) -> None:
    zone = ZoneInfo(zone_name)
    expected = local.replace(tzinfo=zone)
    for text in (
        local.isoformat(),
        expected.isoformat(),
        f"{local:%Y%m%d-%H%M%S}",
        f"{local.year}年{local.month}月{local.day}日 {local:%H:%M:%S}",
        f"{local:%d %b %Y %I:%M:%S %p}",
    ):
        assert parse_moment(text, HERE, zone, now=NOW) == expected.astimezone(dt.UTC)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=24))
def test_no_text_brings_the_parsers_down(text: str) -> None:
    for parse in (moment, lambda written: parse_period(written, HERE)):
        try:
            parse(text)
        except RowError as problem:
            assert problem.field == "开始时间"
