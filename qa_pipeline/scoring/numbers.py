"""Numbers as people say them, in Chinese and English: found in text with their digits, and written out in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_DIGITS = {word: str(digit) for digit, word in enumerate(_ONES[:10])} | {"oh": "0"}
_VALUES = {word: value for value, word in enumerate(_ONES)} | {
    word: 10 * place for place, word in enumerate(_TENS, start=2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_REPEATS = {"double": 2, "triple": 3}
_PERCENT = ("percent", "per cent")
_NUMBER_WORDS = frozenset(_VALUES) | frozenset(_SCALES)

_HAN_DIGITS = dict(zip("零〇一幺二两三四五六七八九", (0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_LONGEST_CARDINAL = 30  # tokens, and digits of one; longer is no number that anybody means
_HAN = "".join(_HAN_DIGITS)
_UNITS = "".join(_HAN_UNITS)

_WRITTEN = r"(?:[0-9]{1,3}(?:,[0-9]{3})++(?![0-9])|[0-9]++)(?:\.[0-9]++)?"
_RUN = rf"(?:(?<![0-9a-z])(?<![0-9][.,]){_WRITTEN}|[{_HAN}十])(?:{_WRITTEN}|[{_HAN}{_UNITS}])*"
_MINUTES = "[二三四五]十[一二三四五六七八九]?|十[一二三四五六七八九]|零[一二三四五六七八九]|(?!10分)[0-5][0-9](?![0-9])"
_CHINESE = re.compile(
    rf"(?P<hundred>百分之?百)|(?P<of>百分之)?(?P<run>{_RUN})"
    rf"(?:点(?:(?P<minutes>{_MINUTES})分?(?![{_HAN}{_UNITS}钟])|(?P<decimals>[{_HAN}]++)(?![{_UNITS}分刻钟半])))?"
    r"(?P<sign>\s?%)?"
)
_TOKEN = re.compile(rf"{_WRITTEN}|[{_HAN}{_UNITS}]")
# Where a number may begin that is not plain digits; the long pattern is tried only there.
_MAY_BE_CHINESE = re.compile(
    rf"[{_HAN}十]|百分[之百]|(?<![0-9])[0-9]++(?=[,{_HAN}{_UNITS}点]|\.[0-9]+[{_HAN}{_UNITS}]|\s%)"
)
_SPELLED = re.compile(r"(?<![0-9])[0-9](?:-[0-9]){2,}(?![0-9])")

_LETTERS = re.compile("[a-z]+")
_WORD = "|".join(
    sorted([*_NUMBER_WORDS, *_DIGITS, *_REPEATS, *_PERCENT, "point", "a", "[0-9]+"], key=len, reverse=True)
)
_ENGLISH = re.compile(rf"(?<![a-z0-9'.])(?:{_WORD})(?:(?:-| +)(?:and +)?(?:{_WORD}))*(?![a-z0-9'])")
_ENGLISH_TOKEN = re.compile(rf"(?:{_WORD}|and)(?![a-z0-9'])")


@dataclass(frozen=True, slots=True)
class Number:
    """A number that stands at ``start:end``; ``digits`` is how it is written, such as 12, 3.5, 5% or 8 30 (a time)."""

    start: int
    end: int
    digits: str


def find_numbers(text: str) -> tuple[Number, ...]:
    """Return the numbers in `text` that digits would write otherwise, in order, none overlapping.

    Cardinals (二十五, 两万五, 1.5万, twenty-five, 3,500), strings of digits (一零零八六, one oh five, 1-0-0-8-6),
    decimals (三点五, three point five), per cent (百分之五, five percent) and hours with minutes (八点三十).

    Parameters
    ----------
    text : str
        Lower case, half width, simplified characters.
    """
    found = list(_chinese(text))
    if "-" in text:
        found += (Number(m.start(), m.end(), m.group().replace("-", "")) for m in _SPELLED.finditer(text))
    if not _NUMBER_WORDS.isdisjoint(_LETTERS.findall(text)):
        found += _english(text)
    if not found:
        return ()
    kept: list[Number] = []
    for number in sorted(found, key=lambda number: (number.start, -number.end)):
        changes = number.digits != text[number.start : number.end]
        if changes and (not kept or number.start >= kept[-1].end):
            kept.append(number)
    return tuple(kept)


def _chinese(text: str) -> Iterator[Number]:
    for match in _matches(text):
        if match["hundred"]:
            yield Number(match.start(), match.end(), "100%")
            continue
        parts = list(_split(match["run"], match.start("run")))
        if not parts or parts[-1].end < match.end("run"):
            yield from parts
            continue
        last = parts.pop()
        is_whole = last.start == match.start("run")
        digits = last.digits
        if match["minutes"]:
            digits += f" {int(next(_split(match['minutes'], 0)).digits):02d}"
        elif match["decimals"]:
            digits += "." + "".join(map(_plain, match["decimals"]))
        if match["sign"] or (match["of"] and is_whole):
            digits += "%"
        yield from parts
        yield Number(match.start() if is_whole else last.start, match.end(), digits)


def _matches(text: str) -> Iterator[re.Match[str]]:
    start = _MAY_BE_CHINESE.search(text)
    while start:
        match = _CHINESE.match(text, start.start())
        if match:
            yield match
        start = _MAY_BE_CHINESE.search(text, match.end() if match else start.end())


def _split(run: str, base: int) -> Iterator[Number]:
    """Cut a run of numerals into numbers: a cardinal as long as it is well formed, else a string of digits."""
    if run in _HAN_DIGITS:
        yield Number(base, base + 1, _plain(run))
        return
    tokens = list(_TOKEN.finditer(run))
    texts = [token.group() for token in tokens]
    at = 0
    while at < len(tokens):
        count, digits = _cardinal(texts[at : at + _LONGEST_CARDINAL])
        if not any(text in _HAN_UNITS for text in texts[at : at + count]):
            count = _string_length(texts, at)
            digits = "".join(map(_plain, texts[at : at + count]))
        if count:
            yield Number(base + tokens[at].start(), base + tokens[at + count - 1].end(), digits)
        at += count or 1


def _string_length(texts: Sequence[str], at: int) -> int:
    """Return how many tokens from `at` on make a string of digits; 一一 is none (唯一一次), 两 never stands in one."""
    end = at
    while end < len(texts) and texts[end] not in _HAN_UNITS and texts[end] != "两" and "." not in texts[end]:
        end += 1
    if at + 1 < end < len(texts) and texts[end] in _HAN_UNITS:
        end -= 1  # the digit before a unit belongs to the unit: 三四十 is 3 and 40
    if texts[at:end] == ["一", "一"] or (end == at and texts[at] not in _HAN_UNITS):
        return 1
    return end - at


def _plain(text: str) -> str:
    return str(_HAN_DIGITS[text]) if text in _HAN_DIGITS else text.replace(",", "")


def _value(text: str) -> int | Decimal:
    plain = _plain(text)
    return Decimal(plain) if "." in plain else int(plain)


def _cardinal(texts: Sequence[str]) -> tuple[int, str]:
    """Return how many of the tokens make one cardinal, and its digits."""
    total: int | Decimal = 0
    section: int | Decimal = 0
    digit: int | Decimal | None = None
    last_unit = 0
    had_zero = False
    count = 0
    for text in texts:
        unit = _HAN_UNITS.get(text)
        if unit is None:
            if digit is not None:
                break
            if len(text) > _LONGEST_CARDINAL:
                break
            is_gap = text in "零〇" and last_unit > 0
            had_zero = had_zero or is_gap
            digit = None if is_gap else _value(text)
        elif not _fits(unit, last_unit, section + total, has_digit=digit is not None):
            if digit is not None and count > 1:
                count, digit = count - 1, None  # 三十四十 is 30 and 40
            break
        elif unit < _HAN_UNITS["万"]:
            section += (1 if digit is None else digit) * unit
            digit, last_unit, had_zero = None, unit, False
        else:
            section += digit or 0
            total = (total + section) * unit if unit == _HAN_UNITS["亿"] else total + section * unit
            section, digit, last_unit, had_zero = 0, None, unit, False
        count += 1
    if digit is not None:
        # 两万五 is 25,000, 两万零五 is 20,005.
        section += digit * (last_unit // 10 if last_unit > 10 and not had_zero and digit < 10 else 1)
    value = total + section
    return count, str(int(value)) if value == int(value) else format(Decimal(value).normalize(), "f")


def _fits(unit: int, last_unit: int, before: int | Decimal, *, has_digit: bool) -> bool:
    """Whether a unit may follow: smaller than the last one, or 万 and 亿 over what stands before."""
    if unit >= _HAN_UNITS["万"]:
        return (has_digit or before > 0) and last_unit != unit
    return (has_digit or unit == 10) and (last_unit == 0 or unit < last_unit)


def _english(text: str) -> Iterator[Number]:
    for match in _ENGLISH.finditer(text):
        tokens = list(_ENGLISH_TOKEN.finditer(text, match.start(), match.end()))
        words = [token.group() for token in tokens]
        place = 0
        while place < len(words):
            end, digits = _english_number(words, place)
            if end > place and not all(word.isdigit() for word in words[place:end]):
                yield Number(tokens[place].start(), tokens[end - 1].end(), digits)
            place = max(end, place + 1)


def _english_number(words: Sequence[str], place: int) -> tuple[int, str]:
    """Return where the number that begins at `place` ends, and its digits; `place` itself when none begins."""
    end, digits = _english_string(words, place)
    in_scale = end < len(words) and words[end] in _SCALES
    if in_scale and end - place > 1:
        return end - 1, digits[:-1]  # the last digit belongs to the scale: one two hundred is 1 and 200
    if in_scale or end == place:
        end, digits = _english_cardinal(words, place)
    if end == place:
        return place, ""
    if words[end : end + 1] == ["point"]:
        after, decimals = _english_string(words, end + 1)
        if decimals:
            end, digits = after, f"{digits}.{decimals}"
    if end < len(words) and words[end] in _PERCENT:
        end, digits = end + 1, f"{digits}%"
    return end, digits


def _english_string(words: Sequence[str], place: int) -> tuple[int, str]:
    digits = ""
    while place < len(words):
        repeat = _REPEATS.get(words[place], 0)
        digit = _DIGITS.get(words[place + 1] if repeat and place + 1 < len(words) else words[place])
        if digit is None or (not digits and words[place] == "oh"):
            break
        digits += digit * (repeat or 1)
        place += 2 if repeat else 1
    return place, digits


def _english_cardinal(words: Sequence[str], place: int) -> tuple[int, str]:
    total, section = 0, 0
    limit, last_scale = 1_000_000_000, 1_000_000_000  # the next word, the next scale must be smaller
    end = after_scale = place
    for index in range(place, len(words)):
        word = words[index]
        if word == "and":
            if words[index - 1] not in _SCALES:
                break
            continue
        scale = _SCALES.get(word)
        value = _first_value(words, index) if index == place else _VALUES.get(word)
        if scale == 100 and 0 < section < 100:
            section, limit = section * 100, 100
        elif scale is not None and scale != 100 and 0 < section < 1000 and scale < last_scale:
            total, section, limit, last_scale, after_scale = total + section * scale, 0, scale, scale, index + 1
        elif scale is None and value is not None and value < limit:
            section += value
            limit = 10 if value in range(20, 100, 10) else 0
        else:
            if scale is not None and after_scale > place:
                end, section = after_scale, 0  # one thousand two thousand: the two belongs to the second
            break
        end = index + 1
    return end, str(total + section)


def _first_value(words: Sequence[str], place: int) -> int | None:
    """Return the value of a word that may begin a cardinal; "a" and digits do so only before a scale."""
    word = words[place]
    if word == "a" or word.isdigit():
        before_scale = place + 1 < len(words) and words[place + 1] in _SCALES
        return (1 if word == "a" else int(word)) if before_scale else None
    return _VALUES.get(word)


def spoken_number(digits: str) -> str:
    """Return the English words of a whole number; digit by digit above six digits or with a leading zero."""
    if len(digits) > 6 or (len(digits) > 1 and digits[0] == "0"):
        return " ".join(_ONES[int(digit)] for digit in digits)
    return _spoken_cardinal(int(digits))


def _spoken_cardinal(number: int) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        rest = f" {_ONES[number % 10]}" if number % 10 else ""
        return _TENS[number // 10 - 2] + rest
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    rest = f" {_spoken_cardinal(number % size)}" if number % size else ""
    return f"{_spoken_cardinal(number // size)} {name}{rest}"
