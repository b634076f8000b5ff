"""Runs of digits, written or spoken, Chinese or English, and what numbers they are."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import phonenumbers
from stdnum import luhn
from stdnum.cn import ric

from qa_pipeline.privacy.kinds import Kind, Span
from qa_pipeline.privacy.passage import BREAK, JOINT

NUMBER_MIN_DIGITS = 6  # shorter runs are amounts, times and extensions
_TAIL_MIN_DIGITS = 3
_PROVABLE_MAX_DIGITS = 20
_GAP_MAX = 48
_PHONE_REGIONS = ("CN", "US", "GB", "HK", "TW", "AU", "IN", "SG")

_DIGIT_OF = dict(zip("零〇一二三四五六七八九", "00123456789", strict=True)) | {
    "幺": "1",
    "两": "2",
    "洞": "0",
    "拐": "7",
}
_DIGIT_OF_WORD = dict(
    zip(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
        "0123456789",
        strict=True,
    )
) | {"oh": "0", "o": "0"}
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_VALUE_OF_WORD = (
    _DIGIT_OF_WORD
    | {word: str(10 + place) for place, word in enumerate(_TEENS)}
    | {word: str(20 + 10 * place) for place, word in enumerate(_TENS)}
)
_REPEATS = {"double": 2, "triple": 3, "treble": 3, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6} | {
    str(count): count for count in range(2, 7)
}

DIGIT = "[0-9零〇一二两三四五六七八九幺洞拐]"
WORD = rf"(?:{'|'.join(_DIGIT_OF_WORD)})"
_TENS_WORD = rf"(?:{'|'.join([*_TEENS, *_TENS])})"
_TOKEN = re.compile(
    rf"(?P<times>[两三四五六2-6])个(?P<repeated>{DIGIT})(?![十百千万点])"
    rf"|(?:{DIGIT}(?!个{DIGIT}))++|{DIGIT}"
    rf"|(?<![a-z])(?P<word_times>double|triple|treble)[ -](?P<word_repeated>{WORD}|[0-9])(?![a-z])"
    rf"|(?<![a-z])(?P<words>{WORD}|{_TENS_WORD})(?![a-z])",
    re.IGNORECASE,
)
# What may stand between the digits of one number: signs, hums, and words of somebody who corrects himself.
_BETWEEN = (
    rf"[\s,，、。.·…~\-–—_/()\ufe0f\u20e3{JOINT}]|嗯|呃|额|啊|哦|唔|杠|空格|那个|再来|然后|接着|不对|不是|错了|"
    rf"说错了|应该是|是|更正|重来|再说一遍"
    r"|(?<![a-z])(?:um|uh|er|erm|hmm|dash|hyphen|space|sorry|no|wait|i mean|actually|correction|then|and then)(?![a-z])"
)
# What else may stand there where another turn begins: both sides acknowledge.
_ACKNOWLEDGED = (
    r"对|好|的|行|可以|没错|您说|你说|请讲|请说|继续|最后|前面|开头|后面|后边|呢|是吗|吗|吧|收到|记下|了|[?？!！]"
    r"|(?<![a-z])(?:ok|okay|yes|yeah|yep|right|correct|got it|go ahead|go on|mm|mhm|and|next|alright|sure)(?![a-z])"
)
_GAP = re.compile(rf"(?:{_BETWEEN})*+", re.IGNORECASE)
_TURN_GAP = re.compile(rf"(?:{_BETWEEN}|{_ACKNOWLEDGED})*+", re.IGNORECASE)
_GROUP_END = re.compile(rf"[{JOINT},，、。]")
_CHECK_LETTER = re.compile(r"[\s,，、.。·\-–—杠]{0,3}[xX](?![A-Za-z])")
_ONLY_DIGITS = re.compile(rf"{DIGIT}(?:{DIGIT}|[,，.。、-])*|{WORD}[,.]?", re.IGNORECASE)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")

_UNIT = re.compile(
    r"\s?(?:元|块|圆|万|亿|美元|美金|港币|人民币|日元|欧元|公里|千米|平方|平米|毫安|毫升|流量|积分|分钟|小时|人次|步|"
    r"(?:dollars|euros|pounds|yuan|rmb|usd|points|miles|people|users|customers|km|mah|gb|mb|bytes)(?![a-z]))",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"\s?(?:[GMTK]B?(?![A-Za-z])|兆|英?寸|元|块|岁|分钟|小时|个月|期|折|%|斤|kg|cm|mm)", re.IGNORECASE
)
_CURRENCY = re.compile(r"(?:[¥￥$€£]|rmb|usd|cny|人民币)\s?$", re.IGNORECASE)
_CALLED_PHONE = re.compile(
    r"(?:电话|手机|座机|联系方式|号码|(?<![a-z])(?:phone|call|mobile|cell|reach|text me|tel|fax|whatsapp|(?:my|this|"
    r"best|contact) number))[^\d\n]{0,24}$",
    re.IGNORECASE,
)
_PUBLIC = re.compile(r"400[016789]\d{6}")  # hotlines of companies
_YEAR = "(?:19|20)[0-9]{2}"
_DAY = "[0-9]{1,2}"
# Dates and spans of dates are no secret, and they must not join with digits beside them.
_DATE = re.compile(
    rf"(?<![0-9])(?:{_YEAR}\s?[-/.年]\s?{_DAY}\s?[-/.月]\s?{_DAY}(?![0-9])"
    rf"|{_YEAR}\s?[-~到至–—]\s?{_YEAR}(?![0-9-])"
    rf"|(?<![.\-/]){_DAY}[./-]{_DAY}\s?[-~到至–—]\s?{_DAY}[./-]{_DAY}(?![0-9]|[./-][0-9])"
    rf"|{_DAY}[/.-]{_DAY}[/.-]{_YEAR}(?![0-9]))"
    rf"|(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{{0,6}}\.?\s+{_DAY}(?:st|nd|rd|"
    rf"th)?,?\s+{_YEAR}(?![0-9])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DigitRun:
    """Digits that belong together: where each token stands, and the digits that it says."""

    tokens: tuple[tuple[int, int, str], ...]

    @property
    def start(self) -> int:
        """Where the first digit stands."""
        return self.tokens[0][0]

    @property
    def end(self) -> int:
        """Where the last digit ends."""
        return self.tokens[-1][1]

    @property
    def digits(self) -> str:
        """All digits of the run."""
        return "".join(digits for _, _, digits in self.tokens)


def spells_digits(word: str) -> bool:
    """Return whether a word is nothing but digits, written or spoken: a part of a number perhaps."""
    return _ONLY_DIGITS.fullmatch(word.strip().translate(_FULL_WIDTH)) is not None


def digit_runs(text: str) -> Iterator[DigitRun]:
    """Yield the runs of digits of a plain text, of any length, dates left out."""
    dateless = _DATE.sub(lambda date: BREAK * len(date.group()), text)
    run: list[tuple[int, int, str]] = []
    for match in _TOKEN.finditer(dateless):
        token = (match.start(), match.end(), _digits_of(match))
        if _MEASURED.match(dateless, match.end()):
            if run:
                yield DigitRun(tuple(run))
            run = []
            continue
        if run and not _is_gap(dateless[run[-1][1] : match.start()]):
            yield DigitRun(tuple(run))
            run = []
        run.append(token)
    if run:
        yield DigitRun(tuple(run))


def numbers_in(text: str, runs: Sequence[DigitRun]) -> Iterator[tuple[Span, str]]:
    """Yield the numbers that are personal data among runs of digits of a text, each with its digits."""
    for run in runs:
        if len(run.digits) >= NUMBER_MIN_DIGITS and not _is_counted(run):
            yield from _split(text, run)


def kind_of_number(digits: str, *, called_phone: bool = False) -> Kind:
    """Return what a run of digits is, by form and checksum.

    GB 11643 for identity cards, Luhn (ISO/IEC 7812) for bank cards, the numbering plans for telephones: Chinese ones
    by form alone, those of other countries where the words around say that it is a telephone.
    """
    if len(digits) == 18 and ric.is_valid(digits.upper()):
        return Kind.ID_CARD
    if re.fullmatch(r"(?:0?0?86)?1[3-9]\d{9}", digits) or re.fullmatch(r"0\d{2,3}[2-9]\d{6,7}", digits):
        return Kind.PHONE
    if 13 <= len(digits) <= 19 and luhn.is_valid(digits):
        return Kind.BANK_CARD
    return Kind.PHONE if called_phone and 7 <= len(digits) <= 15 and _is_phone(digits) else Kind.NUMBER


def _is_phone(digits: str) -> bool:
    for region in _PHONE_REGIONS:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(digits, region)):
                return True
        except phonenumbers.NumberParseException:
            return False
    return False


def _digits_of(match: re.Match[str]) -> str:
    if times := match["times"] or match["word_times"]:
        repeated = match["repeated"] or match["word_repeated"]
        return _value(repeated.lower()) * _REPEATS[times.lower()]
    return _value((match["words"] or match.group()).lower())


def _value(token: str) -> str:
    return _VALUE_OF_WORD.get(token) or "".join(_DIGIT_OF.get(char, char) for char in token)


def _is_gap(gap: str) -> bool:
    if len(gap) > _GAP_MAX:
        return False
    return (_TURN_GAP if JOINT in gap else _GAP).fullmatch(gap) is not None


def _is_counted(run: DigitRun) -> bool:
    """Return whether a run is a few numbers said in tens: twenty twenty six, or a span of years."""
    values = [digits for _, _, digits in run.tokens]
    tens = sum(len(value) == 2 for value in values)
    return len(values) <= 4 and tens >= 2 and len(run.digits) <= 8 and all(len(value) <= 2 for value in values)


def _split(text: str, run: DigitRun) -> Iterator[tuple[Span, str]]:
    """Cut a run where one number ends and the next begins: at a comma or a turn, after a whole number."""
    tokens = list(run.tokens)
    first = 0
    while first < len(tokens):
        kind, last = _longest_proven(text, tokens, first)
        digits = "".join(value for _, _, value in tokens[first : last + 1])
        rest = "".join(value for _, _, value in tokens[last + 1 :]) if len(tokens) - last <= NUMBER_MIN_DIGITS else ""
        start, end = tokens[first][0], tokens[last][1]
        if _TAIL_MIN_DIGITS <= len(rest) < NUMBER_MIN_DIGITS and not _UNIT.match(text, tokens[-1][1]):
            # What is too short to stand alone belongs to the number before it, and would give a part of it away.
            end, last = tokens[-1][1], len(tokens) - 1
        if kind is not Kind.NUMBER or (len(digits) >= NUMBER_MIN_DIGITS and not _is_amount(text, start, end)):
            yield _with_letters(text, Span(start, end, kind)), digits
        first = last + 1


def _longest_proven(text: str, tokens: Sequence[tuple[int, int, str]], first: int) -> tuple[Kind, int]:
    """Return the kind of the number that begins at a token and its last token; all the rest where none is proven."""
    called_phone = _CALLED_PHONE.search(text[max(0, tokens[first][0] - 30) : tokens[first][0]]) is not None
    digits = ""
    for place in range(first, len(tokens)):
        digits += tokens[place][2]
        if len(digits) > _PROVABLE_MAX_DIGITS:
            break
        letter = _CHECK_LETTER.match(text, tokens[place][1]) if len(digits) == 17 else None
        is_end = place == len(tokens) - 1 or _GROUP_END.search(text, tokens[place][1], tokens[place + 1][0])
        if not is_end and not letter:
            continue
        kind = kind_of_number(digits + "X" if letter else digits, called_phone=called_phone)
        if kind is not Kind.NUMBER:
            return kind, place
    return Kind.NUMBER, len(tokens) - 1


def _with_letters(text: str, span: Span) -> Span:
    """Return the span of a number with the check letter and the letters that are written to it."""
    start, end = span.start, span.end
    if letter := _CHECK_LETTER.match(text, end):
        end = letter.end()
    while start > 0 and span.start - start < 4 and text[start - 1].isascii() and text[start - 1].isalpha():
        start -= 1
    while end < len(text) and text[end].isascii() and text[end].isalnum() and end - span.end < 24:
        end += 1
    return Span(start, end, span.kind)


def _is_amount(text: str, start: int, end: int) -> bool:
    if _UNIT.match(text, end) or _CURRENCY.search(text, max(0, start - 5), start):
        return True
    return _PUBLIC.fullmatch(re.sub(r"\D", "", text[start:end])) is not None


def repeated_parts(
    runs: Iterable[tuple[int, DigitRun]], numbers: Sequence[tuple[int, str]], near: int
) -> Iterator[DigitRun]:
    """Yield the short runs that say a part of a number again which stands at most `near` characters away.

    Parameters
    ----------
    runs
        Place in the conversation, and run.
    numbers
        Place in the conversation and digits of each, in order. Their beginning or end counts from three digits, other
        parts from four.
    """
    for place, run in runs:
        said = run.digits
        if not _TAIL_MIN_DIGITS <= len(said) < NUMBER_MIN_DIGITS:
            continue
        first = bisect_left(numbers, (place - near, ""))
        for other, number in islice(numbers, first, None):
            if other > place + near:
                break
            if number.startswith(said) or number.endswith(said) or (len(said) > _TAIL_MIN_DIGITS and said in number):
                yield run
                break
