"""Numbers, ratios, durations, languages and directions from the ways in which people write them."""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache

from babel import Locale

from qa_pipeline.domain.contact import Direction, Role
from qa_pipeline.errors import N_, RowError
from qa_pipeline.intake.lexicon import find_role, intake_words
from qa_pipeline.intake.tables.place import Place

_SHEET_ERRORS = frozenset(("#n/a", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"))

# No value is longer; a cell of a thousand digits is a slip and must not keep the patterns busy.
_MAX_CHARACTERS = 64

_CURRENCY = re.compile(r"^(?:rmb|cny|usd|eur|[¥$€£])\s*|\s*(?:rmb|cny|usd|eur|元|[¥$€£])$")
_MULTIPLES = {"万": 1e4, "亿": 1e8}
_SPACES = r"[ \u00a0\u2009\u202f'’]"
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_SPACED = re.compile(rf"[+-]?\d{{1,3}}(?:{_SPACES}\d{{3}})+(?:[.,]\d+)?")
_EUROPEAN = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+")

_SECONDS_IN = {"s": 1.0, "min": 60.0, "h": 3600.0}
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{1,2}(?:[.,]\d+)?)")
_UNIT_WORDS = {
    "h": ("hours", "hour", "hrs", "hr", "h", "小时", "时"),
    "min": ("minutes", "minute", "mins", "min", "m", "分钟", "分", "′", "'"),
    "s": ("seconds", "second", "secs", "sec", "s", "秒钟", "秒", "″", '"'),
}
_UNIT_OF = {word: unit for unit, words in _UNIT_WORDS.items() for word in words}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(" + "|".join(sorted(map(re.escape, _UNIT_OF), key=len, reverse=True)) + r")\s*")

_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{2,8})*")


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no value: blank, a dash, N/A, 无, or a spreadsheet error."""
    folded = _fold(text)
    return not folded or folded in _SHEET_ERRORS or folded in intake_words()["missing"]


def parse_number(text: str, place: Place) -> float:
    """Return the number that a cell shows.

    Understood: ``1,234.5``, ``1 234,5``, ``1.234,5``, full-width digits, signs, ``(5)`` for minus five, a currency
    sign, a counting word (``85分``, ``3次``), ``1.2万``. A comma followed by exactly three digits separates thousands.

    Raises
    ------
    RowError
        For anything else; a percent sign too, as only the caller knows which unit the column has.
    """
    folded = _fold(text)
    if folded.endswith("%"):
        raise place.error(
            N_("{text} is a percentage, but this column holds plain numbers."),
            hint=N_("Remove the percent sign if the number is right without it."),
            text=text,
        )
    number = _number_in(folded)
    if number is None:
        raise _not_understood(text, place, N_("Write a number such as {example}."), "1234.5")
    return number


def parse_ratio(text: str, place: Place, *, in_percent: bool = False) -> float:
    """Return a ratio: ``92%``, ``９２％`` and ``0.92`` all give 0.92.

    Parameters
    ----------
    in_percent : bool
        Whether numbers without a sign are percent, as under a header such as ``CSAT (%)``.

    Raises
    ------
    RowError
        When the text is no number or when, without sign and header, it is above 1: 92 may be a slip for 0.92 or 92 %.
    """
    folded = _fold(text)
    signed = folded.endswith("%")
    number = _number_in(folded.removesuffix("%").rstrip())
    if number is None:
        raise _not_understood(text, place, N_("Write a ratio such as {example}."), "92% / 0.92")
    if signed or in_percent:
        return number / 100
    if abs(number) > 1:
        raise place.error(
            N_("{text} is no ratio between 0 and 1."),
            hint=N_("Write {text}% if it is a percentage, or put % into the header of the column."),
            text=text,
        )
    return number


def parse_duration_s(text: str, place: Place, *, unit: str = "s") -> float:
    """Return a duration in seconds, at least 0.

    Understood: ``mm:ss``, ``hh:mm:ss`` (minutes may pass 59 in ``mm:ss``), ``3.5 min``, ``1h 2m``, ``3分30秒``, and
    bare numbers in `unit` ("s", "min" or "h").

    Raises
    ------
    RowError
        For anything else and for negative durations.
    """
    folded = _fold(text)
    clock = _CLOCK.fullmatch(folded)
    if clock:
        hours, minutes, seconds = clock.groups()
        parts = (int(hours or 0), int(minutes), float(seconds.replace(",", ".")))
        if parts[2] < 60 and (hours is None or parts[1] < 60):
            return parts[0] * 3600 + parts[1] * 60 + parts[2]
    number = _number_in(folded)
    total = number * _SECONDS_IN[unit] if number is not None else _sum_of_parts(folded)
    if total is None or total < 0:
        raise _not_understood(text, place, N_("Write a duration such as {example}."), "3:30 / 210 / 3.5 min / 3分30秒")
    return total


def parse_direction(text: str, place: Place) -> Direction:
    """Return who started the contact: ``inbound``, ``out``, ``呼入``, ``外呼`` and the like.

    Raises
    ------
    RowError
        When the word is unknown.
    """
    folded = _fold(text).replace(" ", "").replace("-", "")
    for direction in (Direction.INBOUND, Direction.OUTBOUND):
        if folded == direction.value or folded in intake_words()["directions"][direction.value]:
            return direction
    raise _not_understood(text, place, N_("Write {example}."), "inbound / outbound / 呼入 / 呼出")


def parse_role(text: str, place: Place) -> Role:
    """Return who speaks, from the words of ``speakers.yaml``: ``坐席``, ``Agent``, ``客户``, ``bot`` and so on.

    Raises
    ------
    RowError
        When the label is unknown.
    """
    found = find_role(text)
    if found is None:
        raise _not_understood(text, place, N_("Write {example}."), "agent / customer / system / 坐席 / 客户")
    return found


def parse_language(text: str, place: Place) -> str:
    """Return the primary language tag: ``zh-CN``, ``中文`` and ``Chinese`` all give ``zh``.

    Raises
    ------
    RowError
        When the text names no language.
    """
    folded = _fold(text)
    names = _language_names()
    if folded in names:
        return names[folded]
    tag = _TAG.fullmatch(folded)
    if tag and tag.group(1) in names:
        return names[tag.group(1)]
    raise _not_understood(text, place, N_("Write a language such as {example}."), "zh / en / 中文 / English")


@lru_cache(maxsize=1)
def _language_names() -> dict[str, str]:
    """Return tag by tag, alias, English and Chinese name, all folded."""
    names: dict[str, str] = {}
    for display in ("en", "zh"):
        for tag, name in Locale(display).languages.items():
            if "_" not in tag:
                names[_fold(name)] = tag
                names[tag] = tag
    for tag, words in intake_words()["languages"].items():
        names |= dict.fromkeys(words, tag)
    return names


def _fold(text: str) -> str:
    text = text if len(text) <= _MAX_CHARACTERS else "?"
    return unicodedata.normalize("NFKC", text).replace("−", "-").strip().casefold()


def _number_in(folded: str) -> float | None:
    """Return the number in folded text, None when there is none; never NaN or infinite."""
    text = _counted().sub("", _CURRENCY.sub("", folded))
    negative = text.startswith("(") and text.endswith(")")
    text = text[1:-1] if negative else text
    factor = _MULTIPLES.get(text[-1:], 1.0)
    text = text.rstrip("万亿").strip() if factor != 1.0 else text
    if _PLAIN.fullmatch(text):
        number = float(text)
    elif _GROUPED.fullmatch(text):
        number = float(text.replace(",", ""))
    elif _SPACED.fullmatch(text):
        number = float(re.sub(_SPACES, "", text).replace(",", "."))
    elif _EUROPEAN.fullmatch(text):
        number = float(text.replace(".", "").replace(",", "."))
    else:
        return None
    number *= -factor if negative else factor
    return number if math.isfinite(number) else None


@lru_cache(maxsize=1)
def _counted() -> re.Pattern[str]:
    return re.compile(r"\s*(?:" + "|".join(intake_words()["counting_words"]) + r")$")


def _sum_of_parts(folded: str) -> float | None:
    total, at = 0.0, 0
    while at < len(folded):
        part = _PART.match(folded, at)
        if part is None:
            return None
        total += float(part.group(1)) * _SECONDS_IN[_UNIT_OF[part.group(2)]]
        at = part.end()
    return total if folded and math.isfinite(total) else None


def _not_understood(text: str, place: Place, hint: str, example: str) -> RowError:
    if is_missing(text):
        return place.error(N_("The value is missing."), hint=hint, example=example)
    return place.error(N_("{text} is not understood."), hint=hint, text=text, example=example)
