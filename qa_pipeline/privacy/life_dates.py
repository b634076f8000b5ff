"""When people were born, and how old they are. Other dates and other years stay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa_pipeline.privacy.digits import WORD
from qa_pipeline.privacy.kinds import Kind, Span

_NUMERAL = "[0-9零〇一二三四五六七八九十两]"
_YEAR_ZH = rf"(?:[12]?{_NUMERAL}{{2,4}}年)"
_DAY_ZH = rf"(?:{_NUMERAL}{{1,3}}月(?:份)?\s?(?:初?{_NUMERAL}{{1,3}}[日号]?)?)"
_DATE_ZH = (
    rf"(?:(?:农历|阴历|阳历|公历)?{_YEAR_ZH}(?:的)?[\s,，]?(?:农历|阴历)?{_DAY_ZH}?|(?:农历|阴历|阳历)?{_DAY_ZH})"
)
_DATE_WRITTEN = (
    r"(?:(?:19|20)[0-9]{2}[-/. ][0-9]{1,2}[-/. ][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:19|20)?[0-9]{2}|(?:19|"
    r"20)[0-9]{6})(?![0-9])"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_ORDINAL = (
    r"(?:[0-3]?[0-9](?:st|nd|rd|th)?|(?:twenty[ -]|thirty[ -])?(?:first|second|third|fourth|fifth|sixth|seventh|"
    r"eighth|ninth)|tenth|eleventh|twelfth|"
    r"thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)"
)
_TENS = (
    "(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|"
    "sixty|seventy|eighty|ninety)"
)
_YEAR_EN = (
    rf"(?:(?:19|20)[0-9]{{2}}|(?:nineteen|twenty)[ -](?:oh[ -]{WORD}|{_TENS}(?:[ -]{WORD})?)|"
    rf"two thousand(?:(?: and)? (?:{WORD}|{_TENS}(?:[ -]{WORD})?))?)"
)
_DATE_EN = (
    rf"(?:{_MONTH}\.?\s(?:the\s)?{_ORDINAL}(?:,?\s{{1,2}}{_YEAR_EN})?|"
    rf"(?:the\s)?{_ORDINAL}\s(?:of\s)?{_MONTH}(?:,?\s{{1,2}}{_YEAR_EN})?|{_DATE_WRITTEN}|{_YEAR_EN})"
)
_BORN = (
    re.compile(
        rf"(?P<value>{_DATE_ZH}|{_DATE_WRITTEN})(?=(?:[这那]天)?(?:出生|生人|生的|的生日|(?<=年)的?(?:人|"
        rf"老人)(?![家])))"
    ),
    re.compile(
        rf"(?:出生年月日?|出生日期|出生|生日|生辰|生于)(?:[\s:：，,是为在的]|应该|就是|今年|登记|农历|"
        rf"阳历){{0,5}}(?P<value>{_DATE_ZH}|{_DATE_WRITTEN})"
    ),
    re.compile(rf"我是(?P<value>(?:19|20)?{_NUMERAL}{{2,4}}年)(?=的[，。,.\s]|的$)"),
    re.compile(
        rf"(?<![a-z])(?:born|birth ?day|date of birth|birth ?date|d\.?o\.?b\.?)(?:[\s,:]|is|was|on|in|it's|"
        rf"the){{1,6}}(?P<value>{_DATE_EN})(?![a-z0-9])",
        re.IGNORECASE,
    ),
)
_AGE = (
    re.compile(
        r"(?:我|本人|他|她|年龄|今年|虚岁|周岁|岁数|老人|孩子|爸|妈|父亲|母亲|儿子|女儿)(?:今年|都|已经|也|是|快|才|"
        r"有|都快|[\s:：]){0,4}(?P<value>[0-9零一二三四五六七八九十两]{1,4})(?=\s?(?:周岁|岁))"
    ),
    re.compile(r"(?P<value>[0-9一二三四五六七八九十]{1,4})(?=岁(?:了|的(?:人|老人|老太太|老头|孩子|宝宝)))"),
    re.compile(
        r"(?:^|[，,。\s\ue000\ue001])(?P<value>[1-9][0-9]|"
        r"[二三四五六七八九]十[一二三四五六七八九]?)(?=岁(?:[，,。\s]|$))"
    ),
    re.compile(r"年龄(?:是|[:：\s]){0,2}(?P<value>[0-9]{1,3}|[一二三四五六七八九十]{2,3})(?![0-9年月])"),
    re.compile(
        rf"(?<![a-z])(?:i'm|i am|he is|she is|he's|she's|who is|aged?|age is|mother is|father is|son is|"
        rf"daughter is)\s(?:now |almost |about )?(?P<value>[0-9]{{1,3}}|{_TENS}(?:[ -]{WORD})?|"
        rf"{WORD})(?=[ -](?:years?|yrs?)[ -]old)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<![a-z])(?:age is|aged)\s(?P<value>[0-9]{{1,3}}|{_TENS}(?:[ -]{WORD})?)(?![0-9a-z])", re.IGNORECASE
    ),
)
_ASKED = re.compile(
    r"出生(?:日期|年月)|生日|哪年出生|(?:date of birth|birth ?date|birth ?day|d\.?o\.?b)", re.IGNORECASE
)
_REPLY = re.compile(rf"(?P<value>{_DATE_ZH}|{_DATE_EN})(?![a-z0-9])", re.IGNORECASE)


def find_life_dates(text: str) -> Iterator[Span]:
    """Yield dates of birth and ages that are said of a person."""
    for kind, patterns in ((Kind.BIRTH_DATE, _BORN), (Kind.AGE, _AGE)):
        for pattern in patterns:
            yield from (Span(match.start("value"), match.end("value"), kind) for match in pattern.finditer(text))


def find_birth_reply(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the dates in an utterance ``start:end`` that answers a question for the date of birth."""
    yield from (Span(match.start(), match.end(), Kind.BIRTH_DATE) for match in _REPLY.finditer(text, start, end))


def questions_for_birth(text: str) -> Iterator[int]:
    """Yield where a text asks when somebody was born."""
    return (match.start() for match in _ASKED.finditer(text))
