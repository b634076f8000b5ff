"""Postal addresses: Chinese ones by their parts from province to room, English ones by number, street and what follows.

A place alone (上海, "in London") tells nobody where somebody lives and stays; see `find_chinese`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from qa_pipeline.privacy.digits import WORD
from qa_pipeline.privacy.kinds import Kind, Span
from qa_pipeline.privacy.personal_lexicon import alternatives, personal_lexicon

_NUMERAL = "(?:[0-9]{1,5}|[零〇一二两三四五六七八九十百幺]{1,7})"
# Words that come before a place, and are no part of its name.
_OUTSIDE = (
    "我你您他她它们的了是在到住寄送给发去往从与跟就也还要想请问把那这哪什么怎说话址吗呢吧啊哦嗯呃嘛呀为叫看走过个改成下"
)
_NAME = rf"(?:和平|都江堰|(?![{_OUTSIDE}])[\u4e00-\u9fff])"
_CUE = re.compile(
    r"(?:地址|住址|住在|家住|我住|寄[到往给去]|送[到往]|发[到往]|位于|搬到|搬去|安装在|收货|户籍|籍贯|"
    r"住)[\s:：，,是在到改成为]{0,4}$"
)
_ASKED_ZH = re.compile(
    r"地址|住址|住(?:在)?哪|住什么|哪个小区|几号楼|几栋|门牌|几单元|寄到哪|送到哪|哪个(?:区|市|城市|街道|路)"
)
_ASKED_EN = re.compile(
    r"(?:your|the|delivery|shipping|billing|home|mailing|service|street|current|new|full) (?:\w+ )?address|"
    r"where do you live|zip|post ?code|postal code",
    re.IGNORECASE,
)
_ADDRESS_ONLY = re.compile(r"[\s，,。.、]*(?:嗯|对|是|好的|在|就是|我家|家里)*[\s，,。.、]*")


# Utterances without any of this hold no address; looking for one is dear.
CHINESE_HINT = re.compile(
    rf"{_NUMERAL}\s?(?:号|栋|幢|座|弄|单元|室|楼|层|组|户|门|房|院)|[A-Za-z][0-9]{{0,3}}\s?[栋幢座单号]|"
    rf"[省市区县旗镇乡].{{0,16}}[市区县旗镇乡道村]"
    r"|地址|[家我]住|住在|住址|[寄送发][到往给]|位于|搬[到去]|户籍|籍贯"
)
ENGLISH_HINT = re.compile(
    r"[0-9]|street|road|avenue|boulevard|lane|\b(?:one|two|three|four|five|six|seven|eight|nine|zero|oh|zip|box|apt|"
    r"apartment|flat|suite)\b",
    re.IGNORECASE,
)


@cache
def _chinese() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = personal_lexicon().zh
    places = alternatives(f"{words.provinces} {words.cities}")
    region = (
        rf"(?:(?:{places})(?:省|市|自治区|特别行政区|地区)?|{_NAME}{{2,6}}?(?:自治区|自治州|自治县|市|开发区|新区|区|"
        rf"县|旗|镇|乡|街道))"
    )
    road = (
        rf"{_NAME}{{1,7}}?(?:大道|大街|路|街|道|巷|胡同|弄|条)(?:[东西南北中][一二三四五六七八九]?(?:路|街|"
        rf"段)?)?(?![过上由线程口费况])"
    )
    place = (
        rf"{_NAME}{{1,8}}?(?:小区|花园|公寓|大厦|广场|家园|新村|佳苑|苑|村|社区|公馆|写字楼|科技园|工业园|产业园|"
        rf"宿舍|山庄|庄园|新城|名城|华府|豪庭|花苑|雅苑|家属院|大院)(?:[一二三四五六七八九十东西南北]{{1,2}}[区期])?"
    )
    house = (
        rf"(?:{_NUMERAL}|[A-Za-z][0-9]{{0,3}}(?=\s?[栋幢座单])|[A-Za-z][0-9]{{1,3}}|[甲乙丙丁])\s?(?:号楼|号院|"
        rf"号(?![线码员店机])|栋|幢|座(?![机位])|弄|单元|室|楼(?![上下盘])|层|组|户(?![口型])|门(?![口店])|"
        rf"房(?![间子贷])|院(?!子))"
    )
    joint = r"[\s，,、]{0,2}的?"
    part = rf"(?:{region}|{road}|{place}|{house})"
    whole = re.compile(
        rf"{part}(?:{joint}{part}){{0,15}}(?:[\s，,]?-?{_NUMERAL}(?:\s?[-－—杠]\s?{_NUMERAL}){{0,3}}(?:室|房|"
        rf"号)?(?![0-9年月日号点天元块个次分人]))?"
    )
    single = re.compile(rf"(?P<region>{region})|(?P<road>{road})|(?P<place>{place})|(?P<house>{house})")
    return whole, single


def find_chinese(text: str) -> Iterator[Span]:
    """Yield Chinese addresses.

    A chain of parts is one when it names a house with its street or estate, two parts of a house, two places below the
    province, or when the words before it say that an address follows.
    """
    whole, single = _chinese()
    for match in whole.finditer(text):
        parts = [found.lastgroup for found in single.finditer(match.group())]
        houses, named = parts.count("house"), parts.count("road") + parts.count("place")
        regions = sum(len(found.group()) > 2 for found in single.finditer(match.group()) if found.lastgroup == "region")
        below = any(
            found.lastgroup == "region" and found.group()[-1] in "区县旗镇乡道"
            for found in single.finditer(match.group())
        )
        cued = _CUE.search(text[max(0, match.start() - 8) : match.start()]) is not None
        tail = bool(re.search(rf"{_NUMERAL}$", match.group()))
        enough = (
            (houses and named)
            or houses >= 2
            or (regions and houses and tail)
            or (regions >= 2 and below)
            or (regions and named and cued)
            or (cued and (named or houses or (below and len(parts) >= 2)))
        )
        if enough:
            yield Span(match.start(), match.end(), Kind.ADDRESS)


def find_chinese_reply(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield what an utterance ``start:end`` says of an address when it answers a question for one."""
    whole, single = _chinese()
    for match in whole.finditer(text, start, end):
        parts = {found.lastgroup for found in single.finditer(match.group())}
        is_narrow = match.group()[-1] in "区县旗镇乡道" and len(match.group()) > 2
        if parts & {"road", "place", "house"} or (is_narrow and _ADDRESS_ONLY.fullmatch(text, start, match.start())):
            yield Span(match.start(), match.end(), Kind.ADDRESS)


_NUMBER_EN = (
    rf"(?:[0-9]{{1,5}}[a-z]?|(?:(?:{WORD}|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|"
    rf"nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred)[\s-]){{0,5}}(?:{WORD}|ten|eleven|"
    rf"twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|"
    rf"eighty|ninety|hundred))"
)
_STREET_SURE = "street|road|avenue|boulevard|lane|terrace|crescent|parkway|highway|blvd|ave|rd|hwy|pkwy"
_STREET_CAPITAL = (
    "St|Dr|Drive|Way|Court|Ct|Place|Pl|Close|Square|Sq|Circle|Cir|Trail|Ln|Park|Row|Grove|Gardens|Hill|Walk|Mews|"
    "Alley|Loop"
)
_NO_STREET = (
    r"(?!(?:the|a|an|of|to|and|or|in|on|at|from|for|is|are|my|your|minute|minutes|mile|miles|day|days|hour|hours|"
    r"year|years|way|this|that|one|people|times|percent|dollars|lane|per|off|high|main reason)\b)"
)
_STREET_WORD = rf"{_NO_STREET}[a-z][a-z'’]{{1,20}}|[0-9]{{1,3}}(?:st|nd|rd|th)"
_UNIT = r"(?:apartment|apt\.?|unit|suite|ste\.?|flat|floor|room|building|bldg\.?|house|#)\s?(?:number\s)?#?\s?"
_UNIT_VALUE = rf"(?:[0-9]{{1,5}}\s?[a-z]?(?![a-z])|{WORD}(?:[\s-]{WORD}){{0,4}}|[a-z](?:[\s-]?[0-9]{{1,4}})?(?![a-z]))"
_ZIP = (
    r"(?:[0-9]{5}(?:-[0-9]{4})?(?![0-9])|(?-i:[A-Z]{1,2}[0-9][A-Z0-9]?\s?[0-9][A-Z]{2})(?![A-Za-z0-9])|"
    r"(?-i:[A-Z][0-9][A-Z]\s?[0-9][A-Z][0-9])(?![A-Za-z0-9]))"
)
_ABBREVIATED = (
    "(?-i:A[LKZR]|C[AOT]|DE|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[TA]|"
    "W[AVIY]|DC)"
)


@cache
def _english() -> tuple[re.Pattern[str], ...]:
    states = alternatives(personal_lexicon().en.states)
    short = r"(?:a[lkz]|c[at]|fl|ga|i[l]|k[sy]|m[dnst]|n[evhjmycd]|nc|ri|s[cd]|t[nx]|ut|v[ta]|w[aiy]|dc)"
    state = (
        rf"(?:{states}|new (?:york|jersey|mexico|hampshire)|(?:north|south) (?:carolina|dakota)|west virginia|"
        rf"rhode island|{_ABBREVIATED})"
    )
    direction = r"(?:(?:north|south|east|west|[nsew]\.?)\s)?"
    street = (
        rf"(?:(?:(?:{_STREET_WORD})\s){{1,3}}(?:{_STREET_SURE})(?![a-z])|(?-i:(?:(?:[A-Z][a-z'’]+|[0-9]{{1,3}}(?:st|"
        rf"nd|rd|th))\s){{1,3}}(?:{_STREET_CAPITAL})(?![a-z])))\.?"
    )
    city = r"(?-i:[A-Z][a-z]+(?:\s[A-Z][a-z]+){0,2})"
    rest = (
        rf"(?:[\s,]{{1,3}}(?:{direction}(?:{_UNIT}{_UNIT_VALUE}|{state}(?![a-z])|{_ZIP}|"
        rf"(?:in\s)?{city}(?=[\s,]{{1,3}}(?:{state}|{_ZIP})(?![a-z])|[.,]?\s*$|[,.\ue001]|\ue000)|"
        rf"(?:[a-z]+\s){{0,2}}[a-z]+[\s,]{{1,3}}(?:(?:{states}|{short})(?![a-z])|[a-z]{{2}}(?=\s{_ZIP}))))){{0,5}}"
    )
    flags = re.IGNORECASE
    loose = rf"{_NUMBER_EN}[\s,]{{1,2}}(?:{_NO_STREET}[a-z0-9'’]{{2,20}}\s){{1,2}}(?:{_STREET_CAPITAL})(?![a-z])"
    cue = (
        r"(?<![a-z])(?:ship(?: it)? to|staying at|lives? at|living at|address is|deliver(?: it)? to|send it to|"
        r"moved to)\s"
    )
    return (
        re.compile(rf"(?P<value>{loose}[\s,]{{1,3}}{_UNIT}{_UNIT_VALUE}{rest})", flags),
        re.compile(rf"{cue}(?P<value>{loose}{rest})", flags),
        re.compile(
            rf"(?<![a-z0-9])(?:{_UNIT}{_UNIT_VALUE}[\s,]{{1,3}})?{_NUMBER_EN}[\s,]{{1,2}}{direction}{street}{rest}",
            flags,
        ),
        re.compile(
            rf"(?<![a-z])(?:live|lives|living|located|address is|deliver(?:ed)? to|send it to|ship(?:ped)? to|"
            rf"moved to|staying)\s(?:(?:on|at|in|to)\s)?(?P<value>{street}{rest})",
            flags,
        ),
        re.compile(rf"(?P<value>{city}[\s,]{{1,3}}{state}[\s,]{{1,3}}{_ZIP})", flags),
        re.compile(rf"(?P<value>(?<![a-z]){state}[\s,]{{1,3}}[0-9]{{5}}(?:-[0-9]{{4}})?)(?![0-9])", flags),
        re.compile(
            rf"(?<![a-z])(?:zip|zip ?code|post ?code|postal ?code|area)[\s,:]{{1,3}}(?:code\s)?(?:is\s|for that is\s|"
            rf"it's\s){{0,2}}(?P<value>{_ZIP}|{WORD}(?:[\s,-]{{1,2}}{WORD}){{3,5}}|"
            rf"[a-z]{{1,2}}[0-9][a-z0-9]?\s?[0-9][a-z]{{2}})(?![a-z0-9])",
            flags,
        ),
        re.compile(r"(?P<value>p\.?\s?o\.?\s?box\s(?:number\s)?[0-9]{1,6})", flags),
        re.compile(r"(?P<value>(?<![A-Za-z0-9])[A-Z]{1,2}[0-9][A-Z0-9]?\s[0-9][A-Z]{2})(?![A-Za-z0-9])"),
        re.compile(
            rf"(?P<value>(?<![a-z])(?:apartment|apt\.?|flat|suite)\s(?:number\s)?#?\s?(?:[0-9]{{1,5}}\s?[a-z]?|"
            rf"{WORD}(?:[\s-]{WORD}){{0,3}}))(?![a-z0-9])",
            flags,
        ),
    )


def find_english(text: str) -> Iterator[Span]:
    """Yield English addresses: a number with a street, what follows it; a post code with its state or name; a box."""
    for pattern in _english():
        for match in pattern.finditer(text):
            start, end = match.span("value") if "value" in pattern.groupindex else match.span()
            yield Span(start, start + len(text[start:end].rstrip(" ,")), Kind.ADDRESS)


@cache
def _english_reply() -> re.Pattern[str]:
    street = (
        rf"{_NUMBER_EN}[\s,]{{1,2}}(?:{_NO_STREET}[a-z0-9'’]{{2,20}}\s){{1,3}}(?:{_STREET_SURE}|"
        rf"{_STREET_CAPITAL})(?![a-z])"
    )
    return re.compile(
        rf"(?<![A-Za-z0-9])(?:{_ZIP}|[a-z]{{1,2}}[0-9][a-z0-9]?\s?[0-9][a-z]{{2}}(?![a-z0-9])|"
        rf"{street}(?:[\s,]{{1,3}}{_UNIT}{_UNIT_VALUE})?(?:[\s,]{{1,3}}[a-z]+){{0,3}}(?=[\s,]*(?:{_ZIP}|\.|$|"
        rf"\ue001)))",
        re.IGNORECASE,
    )


def find_english_reply(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the post code that an utterance ``start:end`` gives when it answers a question for an address."""
    pattern = _english_reply()
    yield from (Span(match.start(), match.end(), Kind.ADDRESS) for match in pattern.finditer(text, start, end))


def questions_for_addresses(text: str) -> Iterator[int]:
    """Yield where a text asks where somebody lives."""
    return (match.start() for pattern in (_ASKED_ZH, _ASKED_EN) for match in pattern.finditer(text))
