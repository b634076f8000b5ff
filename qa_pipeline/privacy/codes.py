"""What words around it show to be a code of somebody: secrets, accounts, documents, orders, staff numbers, addresses
of the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iban

from qa_pipeline.privacy.digits import DIGIT, WORD
from qa_pipeline.privacy.kinds import Kind, Span

_GAP = (
    r"(?:[\s:：,，=#]|号码?|是|为|就是|填的?|输入的?|收到的?|报一?下|发的|显示|说是|念一?下|(?:is|was|it's|its|it is|"
    r"here|number|code|no\.|for that)(?![a-z])){0,5}"
)
_SPOKEN = (
    rf"(?:{DIGIT}(?:[\s,，、.\-]{{0,2}}{DIGIT}){{2,40}}(?![0-9]|[十百千万]|[-\s]?(?:位|分钟|秒|元|块|次|个|天|小时|"
    rf"digits?|times))"
    rf"|(?<![a-z]){WORD}(?:[\s,.\-]{{1,3}}{WORD}){{2,40}}(?![a-z]))"
)
_WRITTEN = (
    r"(?=[A-Za-z_.\-]{0,20}[0-9])[A-Za-z0-9](?:[A-Za-z0-9_.\-]{2,30}[A-Za-z0-9])(?![A-Za-z0-9])(?!\s?(?:元|块|次|位|"
    r"分钟|秒|天))"
)


def _cued(cue: str, value: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{cue})\s?{_GAP}(?P<value>{value})", re.IGNORECASE)


_CODES = (
    (
        Kind.SECRET,
        _cued(
            r"验证码|校验码|动态码|动态密码|动态口令|口令|密码|安全码|取件码|提取码|(?<![a-z])(?:cvv2?|cvc2?|pin码?|"
            r"otp|passcode|password|"
            r"(?:verification|security|access|one[- ]time|confirmation|login|the|my) (?:code|password))(?![a-z])",
            rf"{_SPOKEN}|{_WRITTEN}",
        ),
    ),
    (
        Kind.STAFF_ID,
        _cued(
            r"工号|员工编?号|座席编?号|坐席编?号|客服编号|客服代表|警号|"
            r"(?<![a-z])(?:agent|employee|staff|badge|operator|advisor|representative|rep) ?(?:id|number|no\.?|"
            r"#)(?![a-z])",
            rf"[A-Za-z]{{0,4}}-?[0-9]{{2,10}}(?![0-9])|{DIGIT}(?:[\s,，]?{DIGIT}){{1,9}}|"
            rf"{WORD}(?:[\s,.\-]{{1,3}}{WORD}){{1,9}}(?![a-z])",
        ),
    ),
    (
        Kind.STAFF_ID,
        re.compile(
            rf"(?P<value>(?:[A-Za-z]{{0,3}}[0-9]{{2,8}}|{DIGIT}(?:\s?{DIGIT}){{1,7}}))(?=\s?号\s?(?:客服|坐席|座席|"
            rf"话务员|接线员|专员|客户经理|为您|很高兴|竭诚))"
        ),
    ),
    (
        Kind.ID_CARD,
        _cued(
            r"护照|驾照|驾驶证|军官证|士兵证|通行证|回乡证|居住证|社保卡?号?|医保卡?号?|身份证|证件|学号|"
            r"(?<![a-z])(?:passport|driver'?s? ?licen[cs]e|driving licen[cs]e|licen[cs]e number|ssn|social security|"
            r"social|national insurance|nino|"
            r"(?:national |photo |government )?id (?:card|number|no\.?)|medicare)(?![a-z])",
            rf"(?:[A-Za-z](?![A-Za-z])[\s,，]?){{0,2}}{_SPOKEN}|{_WRITTEN}",
        ),
    ),
    (
        Kind.ACCOUNT,
        _cued(
            r"微信号?|qq号?|支付宝账?号?|[账帐]号|[账帐]户|用户名|登录名|会员号|会员卡号?|客户号|户号|合同号|保单号|"
            r"客户编号|"
            r"(?<![a-z])(?:account(?: (?:number|id|no\.?))?|acct|user ?name|user ?id|login(?: id)?|"
            r"member(?:ship)?(?: (?:number|id))?|policy(?: number)?|"
            r"customer (?:id|number)|wechat(?: id)?|sort code|routing number)(?![a-z])",
            rf"{_SPOKEN}|{_WRITTEN}",
        ),
    ),
    (
        Kind.ACCOUNT,
        _cued(
            r"微信号|微信id|wechat id is|(?:user ?name|login) is",
            r"[A-Za-z][A-Za-z0-9_\-]{5,30}(?<!ing)(?![A-Za-z0-9])",
        ),
    ),
    (
        Kind.NUMBER,
        _cued(
            r"尾号|[后末尾前][一二三四五六七八四468]位(?:数字?)?|(?<![a-z])(?:last (?:four|4|six|"
            r"6)(?: digits)?(?: of (?:my|the|your) \w+)?|ending (?:in|with)|ends (?:in|with))(?![a-z])",
            rf"{DIGIT}(?:[\s,，]?{DIGIT}){{2,7}}(?!{DIGIT})|{WORD}(?:[\s,.\-]{{1,3}}{WORD}){{2,7}}(?![a-z])",
        ),
    ),
    (
        Kind.ORDER,
        re.compile(
            r"(?:订单号码?|订单编号|单号|快递单号|运单号|流水号|工单号|受理号|发票号码?|预约号|取票号|"
            r"(?<![a-z])(?:order|tracking|booking|confirmation|reference|case|ticket|claim|invoice|"
            r"reservation) ?(?:number|no\.?|id|code|reference)|pnr)"
            r"\s?(?:[\s:：#,，]|is|are|it's|是|"
            r"为){0,3}(?P<value>(?=[A-Za-z\-]{0,20}[0-9])[A-Za-z0-9][A-Za-z0-9\-]{3,31})",
            re.IGNORECASE,
        ),
    ),
    (
        Kind.ORDER,
        re.compile(
            r"(?:订单|(?<![a-z])(?:order|reference))\s?(?:[\s:：#]|is|是|"
            r"为){0,3}(?P<value>(?=[A-Za-z\-]{0,20}[0-9])[A-Za-z0-9][A-Za-z0-9\-]{5,31})",
            re.IGNORECASE,
        ),
    ),
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]\s?[A-HJ-NP-Za-hj-np-z][\s·•.]?"
    rf"(?:[A-HJ-NP-Za-hj-np-z0-9]{{4,5}}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳](?![A-Za-z0-9])|(?:(?:{DIGIT}|"
    rf"[A-HJ-NP-Za-hj-np-z])[\s,，]?){{5,6}})"
)
# Taiwan, Hong Kong and United Kingdom (national insurance).
_DOCUMENT = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z][12]\d{8}|[A-Z]{1,2}\d{6}\([0-9A]\)|[A-CEGHJ-PR-TW-Z]{2}\s?(?:\d{2}\s?){3}[A-D]|"
    r"\d{3}-\d{2}-\d{4})(?![A-Za-z0-9])"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_INTERNATIONAL = re.compile(r"(?<![0-9])\+\d{1,3}[\s-]?(?:\(\d{1,4}\)[\s-]?)?\d{2,5}(?:[\s-]?\d{2,5}){1,4}(?![0-9])")
_AMERICAN = re.compile(r"(?<!\d)\(\d{3}\)\s?\d{3}[\s.-]?\d{4}(?!\d)")
_EMAIL = re.compile(r"[A-Za-z0-9][\w.+-]{0,63}\s?@\s?[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{2,63}){1,4}", re.ASCII)
_MAIL_HOST = re.compile(
    rf"(?P<at>(?<![a-z])at(?![a-z])|艾特|圈a|小老鼠)\s?(?:(?:{DIGIT}\s?){{2,4}}|(?:(?:{WORD})\s){{2,3}}|"
    rf"[a-z][a-z0-9-]{{1,20}})\s?"
    r"(?:dot|点|\.)\s?(?:com|cn|net|org|edu|io|co(?:\s?(?:dot|点|\.)\s?uk)?)(?![a-z])",
    re.IGNORECASE,
)
_MAIL_PART = re.compile(
    rf"(?P<sign>(?<![a-z])(?:dot|underscore|dash|hyphen|plus)(?![a-z])|点|下划线|杠|[._+-])|(?P<single>{DIGIT}|"
    rf"(?<![a-z'’])(?:{WORD}|[a-z]|double|triple)(?![a-z]))|[a-z0-9]+",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?:https?://|www\.)[^\s\u4e00-\u9fff，。；！？、\"'<>()（）\ue000-\ue001]{3,2000}", re.IGNORECASE)
_TELLING_LINK = re.compile(r"[?@#=]|/[^/]{16,}|/\d{5,}")
_ADDRESS_OF_NETWORK = re.compile(
    r"(?<![A-Za-z0-9.:])(?:(?:\d{1,3}\.){3}\d{1,3}(?![A-Za-z0-9]|\.\d)|"
    r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![A-Za-z0-9:-])|(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}(?![A-Za-z0-9:]))",
    re.IGNORECASE,
)
_VERSION = re.compile(r"(?:版本|version|固件|v)\s?(?:号|是)?\s?$", re.IGNORECASE)
_LOOK_BACK = 120


def find_proven(text: str) -> Iterator[Span]:
    """Yield what its form alone proves: e-mail and network addresses, plates, documents, account numbers, +44 …"""
    yield from _mails(text)
    for match in _LINK.finditer(text):
        if _TELLING_LINK.search(match.group().split("//")[-1]):
            yield Span(match.start(), match.end(), Kind.LINK)
    for match in _ADDRESS_OF_NETWORK.finditer(text):
        if not _VERSION.search(text, max(0, match.start() - 10), match.start()):
            yield Span(match.start(), match.end(), Kind.LINK)
    for kind, pattern in ((Kind.PLATE, _PLATE), (Kind.PHONE, _INTERNATIONAL), (Kind.PHONE, _AMERICAN)):
        yield from (Span(match.start(), match.end(), kind) for match in pattern.finditer(text))
    for match in _IBAN.finditer(text):
        if iban.is_valid(match.group()):
            yield Span(match.start(), match.end(), Kind.ACCOUNT)
    yield from (Span(match.start(), match.end(), Kind.ID_CARD) for match in _DOCUMENT.finditer(text))


def find_codes(text: str) -> Iterator[Span]:
    """Yield the codes that the words before them name."""
    for kind, pattern in _CODES:
        yield from (Span(match.start("value"), match.end("value"), kind) for match in pattern.finditer(text))


def _mails(text: str) -> Iterator[Span]:
    if "@" in text:
        yield from (Span(match.start(), match.end(), Kind.EMAIL) for match in _EMAIL.finditer(text))
    for host in _MAIL_HOST.finditer(text):
        yield Span(_start_of_mail(text, host.start()), host.end(), Kind.EMAIL)


def _start_of_mail(text: str, end: int) -> int:
    """Return where the local part of a spoken e-mail address begins: one word, with what joins to it."""
    base = max(0, end - _LOOK_BACK)
    start = end
    joined = True
    for part in reversed(list(_MAIL_PART.finditer(text, base, end))):
        gap = text[part.end() : start]
        if gap.strip(" ,，、"):
            break
        connects = part["sign"] is not None
        if not (joined or connects or part["single"]):
            break
        joined = connects
        start = part.start()
    return start


_ASKED = re.compile(
    r"(?:(?P<secret>验证码|校验码|动态码|密码|口令|安全码|取件码|(?<![a-z])(?:cvv|cvc|pin|otp|passcode|password|"
    r"(?:security|verification|access|one[- ]time|the) code|texted you a[a-z -]{0,10} code|"
    r"digits on the back)(?![a-z]))"
    r"|[后末尾前][四六八46]位|尾号|卡号|账号|证件号|(?<![a-z])(?:last (?:four|six|4|6)|(?:card|account|id|order|"
    r"phone|social security) number)(?![a-z]))"
    rf"(?![^\ue000\ue001]{{0,40}}(?:[0-9]{{3}}|{DIGIT}{{3}}|{WORD}\s{WORD}))",
    re.IGNORECASE,
)


def questions_for_codes(text: str) -> Iterator[tuple[int, Kind]]:
    """Yield where a text asks for a code, and the kind of code."""
    return ((match.start(), Kind.SECRET if match["secret"] else Kind.NUMBER) for match in _ASKED.finditer(text))
