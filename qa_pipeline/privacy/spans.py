"""Finding spans of personal data in text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from stdnum import luhn
from stdnum.cn import ric

# Runs may go on over the border between utterances of one speaker; see masking.py. Private-use characters, because
# the control characters made for separating count as spaces in regular expressions.
JOINT = "\ue000"


class Kind(StrEnum):
    """What kind of personal data a span is."""

    PHONE = "phone"
    ID_CARD = "id_card"
    BANK_CARD = "bank_card"
    EMAIL = "email"
    PLATE = "plate"
    ORDER = "order"
    NUMBER = "number"
    NAME = "name"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open span ``start:end`` of personal data."""

    start: int
    end: int
    kind: Kind


NUMBER_MIN_DIGITS = 6  # shorter runs are amounts, times, extensions and staff numbers
_LONGEST_RUN = 60

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
_REPEATS = {"double": 2, "triple": 3}

_SEPARATORS = rf"[\s{JOINT},，、.。·\-–—杠]{{0,3}}"
_CHINESE_DIGIT = "[0-9０-９零〇一二两三四五六七八九幺洞拐]"
_RUN = re.compile(
    rf"{_CHINESE_DIGIT}(?:{_SEPARATORS}{_CHINESE_DIGIT}){{5,{_LONGEST_RUN}}}(?:{_SEPARATORS}[xX](?![A-Za-z]))?"
)
_WORD = rf"(?:{'|'.join([*_DIGIT_OF_WORD, *_REPEATS])})"
_WORD_RUN = re.compile(
    rf"\b(?:{_WORD}|[0-9])(?:[\s{JOINT},.\-]{{1,3}}(?:{_WORD}|[0-9])){{4,{_LONGEST_RUN}}}\b", re.IGNORECASE
)
_GROUP = re.compile(rf"[^{JOINT},，、。\s][^{JOINT},，、。]*")
_WORD_TOKEN = re.compile(rf"{_WORD}|[0-9]", re.IGNORECASE)
_ONLY_DIGITS = re.compile(rf"{_CHINESE_DIGIT}(?:{_CHINESE_DIGIT}|[,，.。、-])*|{_WORD}[,.]?", re.IGNORECASE)

_EMAIL = re.compile(r"[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{2,63}){1,4}", re.ASCII)
_INTERNATIONAL = re.compile(r"\+\d{1,3}[\s-]?(?:\(\d{1,4}\)[\s-]?)?\d{2,4}(?:[\s-]?\d{2,4}){1,4}")
_AMERICAN = re.compile(r"(?<!\d)\(\d{3}\)\s?\d{3}[\s-]?\d{4}(?!\d)")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][\s·•.]?[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]"
)
_ORDER = re.compile(
    r"(?:订单号码?|订单编号|订单|单号|快递单号|运单号|流水号|工单号|order\s?(?:number|no\.?|id)?|tracking\s?(?:number|no\.?)|"
    r"booking\s?(?:number|reference)|confirmation\s?(?:number|code)|reference\s?(?:number|code)?)"
    r"\s?(?:is|are|是|为|：|:|#)?\s?(?P<value>(?=[A-Za-z\-]*\d)[A-Za-z0-9][A-Za-z0-9\-]{5,31})",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?<!\d)(?:19|20)\d{2}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}(?!\d)")
_AMOUNT_AFTER = re.compile(
    r"\s?(?:元|块|圆|万|亿|美元|港币|人民币|日元|欧元|dollars|euros|pounds|yuan|rmb)", re.IGNORECASE
)
_AMOUNT_BEFORE = re.compile(r"[¥￥$€£]\s?$")

_SURNAMES = (
    "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|司徒|令狐|"
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂佟臧闵苟邬边卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝]"
)
_HONOURED = re.compile(rf"(?<!谢)(?P<value>{_SURNAMES})(?=先生|女士|小姐|太太|老师|师傅|阿姨|大爷|大哥|大姐)")
_SAYS_SURNAME = re.compile(rf"(?:我|本人|免贵|机主)\s?姓\s?(?P<value>{_SURNAMES})")
_SAYS_NAME = re.compile(
    rf"(?:我叫|我的名字叫?是?|名字叫|姓名是|本人叫|机主叫|收件人是|收货人是)\s?(?P<value>(?:{_SURNAMES})[\u4e00-\u9fff]{{1,2}})(?=[，。,.！!？?、；;\s]|$)"
)
_SAYS_NAME_EN = re.compile(
    r"\b(?:my name is|my name's|my full name is|name is|this is|the name on the account is|i am called)\s+"
    r"(?P<value>[A-Z][a-z'’]+(?:[ -][A-Z][a-z'’]+){0,2})"
)
_SAYS_NAME_EN_LOWER = re.compile(
    r"\b(?:my name is|my name's|my full name is|the name on the account is)\s+"
    r"(?P<value>[a-z'’]+(?: (?!and\b|i\b|from\b|calling\b)[a-z'’]+)?)"
)
_HONOURED_EN = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|mr|mrs|ms|miss|mister)\b\.?\s+(?P<value>[A-Z][a-z'’]+|(?<=mister )[a-z]+)"
)
_NO_NAMES = frozenset({"this", "that", "here", "there", "calling", "about", "not", "the", "a", "an", "your", "my"}) | {
    "on", "in", "at", "under", "spelled", "correct", "wrong", "registered",
}  # fmt: skip


def find_personal(text: str) -> tuple[Span, ...]:
    """Return the spans of personal data in `text`, in order, none overlapping; the first finder named wins."""
    kept: list[Span] = []
    is_taken = bytearray(len(text))
    for span in _candidates(text):
        if not any(is_taken[span.start : span.end]):
            kept.append(span)
            is_taken[span.start : span.end] = b"\x01" * (span.end - span.start)
    return tuple(sorted(kept))


def find_customer_names(text: str) -> tuple[Span, ...]:
    """Return the names that a customer gives as their own, best effort: names without such an opening stay."""
    found = [*_values(text, _SAYS_SURNAME), *_values(text, _SAYS_NAME)]
    found += [
        span
        for pattern in (_SAYS_NAME_EN, _SAYS_NAME_EN_LOWER)
        for span in _values(text, pattern)
        if text[span.start : span.end].split(maxsplit=1)[0].lower() not in _NO_NAMES
    ]
    kept: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return tuple(kept)


def spells_digits(word: str) -> bool:
    """Return whether a word is nothing but digits, written or spoken: a part of a number perhaps."""
    return _ONLY_DIGITS.fullmatch(word.strip()) is not None


def _candidates(text: str) -> Iterator[Span]:
    yield from (Span(match.start(), match.end(), Kind.EMAIL) for match in _EMAIL.finditer(text))
    yield from (Span(match.start(), match.end(), Kind.PLATE) for match in _PLATE.finditer(text))
    for pattern in (_INTERNATIONAL, _AMERICAN):
        yield from (Span(match.start(), match.end(), Kind.PHONE) for match in pattern.finditer(text))
    orders = [Span(match.start("value"), match.end("value"), Kind.ORDER) for match in _ORDER.finditer(text)]
    runs = list(_number_spans(text))
    # A phone number after "订单" stays a phone number: what a checksum or a form proves goes first.
    yield from (span for span in runs if span.kind is not Kind.NUMBER)
    yield from orders
    yield from (span for span in runs if span.kind is Kind.NUMBER)
    for pattern in (_HONOURED, _HONOURED_EN):
        yield from _values(text, pattern)


def _values(text: str, pattern: re.Pattern[str]) -> Iterable[Span]:
    return (Span(match.start("value"), match.end("value"), Kind.NAME) for match in pattern.finditer(text))


def _number_spans(text: str) -> Iterator[Span]:
    # A date is no secret, and it must not join with digits beside it.
    text = _DATE.sub(lambda date: "\ue001" * len(date.group()), text)
    for match in _RUN.finditer(text):
        if not _is_amount(text, match):
            yield from _split_run(match, _digits_of)
    for match in _WORD_RUN.finditer(text):
        yield from _split_run(match, _digits_of_words)


def _split_run(match: re.Match[str], digits_of: Callable[[str], str]) -> Iterator[Span]:
    """Cut a run where one number ends and the next begins: at a comma or a turn, after a whole number."""
    start: int | None = None
    digits = ""
    for group in _GROUP.finditer(match.group()):
        if start is None:
            start = match.start() + group.start()
        digits += digits_of(group.group())
        end = match.start() + group.end()
        if kind_of_number(digits) is not Kind.NUMBER:
            yield Span(start, end, kind_of_number(digits))
            start, digits = None, ""
    if start is not None and len(digits) >= NUMBER_MIN_DIGITS:
        yield Span(start, match.end(), Kind.NUMBER)


def kind_of_number(digits: str) -> Kind:
    """Return what a run of digits is, by form and checksum (GB 11643 for identity cards, Luhn for bank cards)."""
    if len(digits) == 18 and ric.is_valid(digits.upper()):
        return Kind.ID_CARD
    if re.fullmatch(r"(?:0?86)?1[3-9]\d{9}", digits) or re.fullmatch(r"0\d{2,3}[2-9]\d{6,7}", digits):
        return Kind.PHONE
    if 13 <= len(digits) <= 19 and luhn.is_valid(digits):
        return Kind.BANK_CARD
    return Kind.NUMBER


def _digits_of(run: str) -> str:
    digits = (_DIGIT_OF.get(char, char) for char in run)
    return "".join(str(int(char)) if char.isdigit() else "X" for char in digits if char.isdigit() or char in "xX")


def _digits_of_words(run: str) -> str:
    digits = ""
    repeat = 1
    for token in _WORD_TOKEN.findall(run):
        word = token.lower()
        if word in _REPEATS:
            repeat = _REPEATS[word]
            continue
        digits += _DIGIT_OF_WORD.get(word, word) * repeat
        repeat = 1
    return digits


def _is_amount(text: str, match: re.Match[str]) -> bool:
    return bool(
        _AMOUNT_AFTER.match(text, match.end()) or _AMOUNT_BEFORE.search(text, max(0, match.start() - 2), match.start())
    )
