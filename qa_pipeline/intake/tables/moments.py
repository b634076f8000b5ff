"""Dates, times and periods from the ways in which people and exports write them."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from qa_pipeline.errors import N_, RowError
from qa_pipeline.intake.tables.place import Place

EARLIEST_YEAR = 1990
# A plan for next year may be dated ahead; a slip such as 2062 for 2026 is further away.
FURTHEST_AHEAD = dt.timedelta(days=2 * 366)

_FURTHEST_ZONE_H = 14
_MAX_CHARACTERS = 64

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_TIME = (
    r"(?:[t\s_-]*(?P<half_before>上午|下午|晚上|中午|凌晨|早上)?\s*"
    r"(?P<hour>\d{1,2})\s*[:点时h-]\s*(?P<minute>\d{1,2})?(?:分)?(?:[:-]?\s*(?P<second>\d{1,2})(?:秒)?)?"
    r"(?P<fraction>[.,]\d{1,9})?\s*(?P<half>[ap]\.?m\.?)?)?"
)
_ZONE = r"\s*(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2})?"
_FORMS = tuple(
    re.compile(date + _TIME + _ZONE)
    for date in (
        r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?号?",
        r"(?P<first>\d{1,2})[-/.](?P<other>\d{1,2})[-/.](?P<year>\d{4})",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+{_MONTH}[\s,-]+(?P<year>\d{{4}})",
        rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})",
    )
)
_DIGITS = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:[-_t\s]?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?)?"
    + _ZONE
)
_DIGITS_CLOCK = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})[t\s_-]+(?P<rest>\d{1,2}:.*)")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_NUMERIC_DATE = re.compile(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}\b")
_AFTERNOON = ("下午", "晚上", "中午")

_PERIODS = tuple(
    re.compile(form)
    for form in (
        r"(?P<year>\d{4})\s*[-/._年]\s*(?P<month>\d{1,2})\s*月?(?:份)?",
        r"(?P<year>\d{4})(?P<month>\d{2})",
        r"(?P<month>\d{1,2})[-/.](?P<year>\d{4})",
        rf"{_MONTH}[\s,'-]*(?P<year>\d{{4}})",
        rf"(?P<year>\d{{4}})[\s-]+{_MONTH}",
    )
)


def parse_moment(
    text: str, place: Place, zone: ZoneInfo, *, day_first: bool | None = None, now: dt.datetime | None = None
) -> dt.datetime:
    """Return a moment as aware UTC.

    Understood: ISO 8601, ``2026/10/3 9:05``, ``2026年10月3日 下午3点05分``, ``20261003-090512``, ``3 Oct 2026 9:05``,
    ``Oct 3, 2026 9:05 PM``, ``3/10/2026 9:05`` (see `day_first`), Unix seconds or milliseconds. A time without a zone
    is read in `zone`; a date without a time is the start of that day.

    Parameters
    ----------
    day_first : bool, optional
        How to read ``3/10/2026``; None refuses it when both readings are dates. `find_day_first` tells from a column.
    now : datetime, optional
        The present, for tests; moments more than two years after it are refused, and so are years before 1990.

    Raises
    ------
    RowError
        When the text is no such moment, is impossible, ambiguous or out of range.
    """
    folded = _fold(text)
    local = _epoch_moment(folded) or _written_moment(folded, text, place, zone, day_first)
    try:
        moment = local.astimezone(dt.UTC)
    except OverflowError as problem:
        raise _not_a_moment(text, place) from problem
    latest = (now or dt.datetime.now(dt.UTC)) + FURTHEST_AHEAD
    if moment.year < EARLIEST_YEAR or moment > latest:
        raise place.error(
            N_("{text} is too far from today to be true."),
            hint=N_("Check the year; moments from {earliest} to {latest} are taken."),
            text=text,
            earliest=EARLIEST_YEAR,
            latest=latest.date().isoformat(),
        )
    return moment


def find_day_first(texts: Iterable[str]) -> bool | None:
    """Tell from a column how ``3/10/2026`` is meant: True day first, False month first, None when nothing shows it.

    A column that shows both is None too, so that its doubtful rows are refused rather than guessed.
    """
    shown: set[bool] = set()
    for text in texts:
        found = _NUMERIC_DATE.match(_fold(text))
        if found:
            first, other = int(found.group(1)), int(found.group(2))
            if (first > 12) != (other > 12):
                shown.add(first > 12)
    return shown.pop() if len(shown) == 1 else None


def parse_period(text: str, place: Place) -> str:
    """Return a month as ``YYYY-MM``: ``2026-10``, ``2026/10``, ``202610``, ``2026年10月``, ``Oct 2026``, ``10/2026``.

    A full date counts for its month.

    Raises
    ------
    RowError
        When the text names no month, or one before 1990.
    """
    folded = _fold(text)
    for form in _PERIODS:
        found = form.fullmatch(folded)
        if found and 1 <= (month := _month_of(found)) <= 12 and int(found["year"]) >= EARLIEST_YEAR:
            return f"{int(found['year']):04d}-{month:02d}"
    for form in (_FORMS[0], _DIGITS):
        found = form.fullmatch(folded)
        if found:
            day = _date_of(found, text, place, None)
            return f"{day.year:04d}-{day.month:02d}"
    raise place.error(
        N_("{text} is no month."),
        hint=N_("Write a month such as {example}."),
        text=text,
        example="2026-10 / 2026年10月",
    )


def _fold(text: str) -> str:
    # No moment is longer, and a long text must not keep the patterns busy.
    text = text if len(text) <= _MAX_CHARACTERS else "?"
    return " ".join(unicodedata.normalize("NFKC", text).replace("−", "-").casefold().split())


def _not_a_moment(text: str, place: Place) -> RowError:
    return place.error(
        N_("{text} is no date and time."),
        hint=N_("Write it as {example}."),
        text=text,
        example="2026-10-03 09:05:12",
    )


def _epoch_moment(folded: str) -> dt.datetime | None:
    if not _EPOCH.fullmatch(folded):
        return None
    return dt.datetime.fromtimestamp(int(folded) / (1000 if len(folded) == 13 else 1), tz=dt.UTC)


def _written_moment(folded: str, text: str, place: Place, zone: ZoneInfo, day_first: bool | None) -> dt.datetime:
    spread = _DIGITS_CLOCK.fullmatch(folded)
    if spread:
        folded = f"{spread['year']}-{spread['month']}-{spread['day']} {spread['rest']}"
    found = _DIGITS.fullmatch(folded) or next((m for form in _FORMS if (m := form.fullmatch(folded))), None)
    if found is None:
        raise _not_a_moment(text, place)
    day = _date_of(found, text, place, day_first)
    time = _time_of(found, text, place)
    return dt.datetime.combine(day, time, tzinfo=_zone_of(found, zone, text, place))


def _month_of(found: re.Match[str]) -> int:
    parts = found.groupdict()
    return _MONTHS.index(parts["name"][:3]) + 1 if parts.get("name") else int(parts["month"])


def _date_of(found: re.Match[str], text: str, place: Place, day_first: bool | None) -> dt.date:
    parts = found.groupdict()
    if parts.get("first"):
        day, month = _in_order(int(parts["first"]), int(parts["other"]), text, place, day_first)
    else:
        day, month = int(parts["day"]), _month_of(found)
    try:
        return dt.date(int(parts["year"]), month, day)
    except ValueError as problem:
        raise place.error(
            N_("{text} is a date that does not exist."), hint=N_("Check day, month and year."), text=text
        ) from problem


def _in_order(first: int, other: int, text: str, place: Place, day_first: bool | None) -> tuple[int, int]:
    """Return day and month."""
    if first > 12 or first == other:
        return first, other
    if other > 12:
        return other, first
    if day_first is None:
        raise place.error(
            N_("{text} can be read with the day or with the month first."),
            hint=N_("Write the year first: {example}."),
            text=text,
            example="2026-10-03",
        )
    return (first, other) if day_first else (other, first)


def _time_of(found: re.Match[str], text: str, place: Place) -> dt.time:
    parts = found.groupdict()
    if not parts["hour"]:
        return dt.time()
    hour = int(parts["hour"])
    half = (parts.get("half") or "").replace(".", "")
    before = parts.get("half_before")
    if half:
        # 12 am is midnight and 12 pm is noon; 13 pm is a slip.
        hour = hour % 12 + (12 if half == "pm" else 0) if 1 <= hour <= 12 else 24
    elif before in _AFTERNOON and hour < 12 and not (before == "中午" and hour == 11):
        hour += 12
    fraction = (parts.get("fraction") or ".0")[1:7].ljust(6, "0")
    try:
        return dt.time(hour, int(parts["minute"] or 0), int(parts["second"] or 0), int(fraction))
    except ValueError as problem:
        raise place.error(
            N_("{text} is a time that does not exist."), hint=N_("Check hours, minutes and seconds."), text=text
        ) from problem


def _zone_of(found: re.Match[str], zone: ZoneInfo, text: str, place: Place) -> dt.tzinfo:
    written = found.groupdict().get("zone")
    if not written:
        return zone
    if written in ("z", "utc", "gmt"):
        return dt.UTC
    digits = written[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > _FURTHEST_ZONE_H or minutes > 59:
        raise _not_a_moment(text, place)
    offset = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-offset if written[0] == "-" else offset)
