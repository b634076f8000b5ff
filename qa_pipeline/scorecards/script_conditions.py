"""By which words of the customer a branch such as "if the customer wants to cancel the order" is recognised.

The words in quotes, if there are any. Else the words of the condition that carry its meaning: they count in any order
and a few words apart, and a thing that the customer would not name again (the order) may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from qa_pipeline.detectors.params import is_phrase
from qa_pipeline.scorecards.script_wording import with_signs, wordings_of
from qa_pipeline.scoring.match_text import fold, has_chinese

_START = re.compile(
    r"(?:客户|用户|顾客|对方|来电人|the\scustomer|the\scaller|customers?|caller|they|he|she)\s?"
    r"(?:还(?![款清钱贷])|仍然?|坚持|坚决|明确|主动|表示|提出|反映|反馈|要求|想要?|希望|需要|打算|询问|咨询|问到?|问起|提到|说到?|回答|称|要|"
    r"觉得|认为|担心|嫌|抱怨|承诺|答应|"
    r"(?:still\s)?(?:wants?|asks?|says?|would\slike|requests?|needs?|complains?|mentions?|is|has|insists?|answers?|replies|"
    r"thinks?|worries|promises)\b\s?(?:to|about|for|that|on)?\s?(?:know\s)?)*",
    re.I,
)
_END = re.compile(r"(?:的话|的时候|时候?|的|了)$")
_CHOICE = re.compile(r"、|，|/|／|或者?|\s+or\s+", re.I)
_DEGREE = re.compile(r"(?:暂时|目前|现在|确实|已经|比较|非常|有点|十分)+")
# A mood, or a yes or no, is not told by the words that name it.
_WORDLESS = re.compile(
    r"情绪|激动|生气|愤怒|不满|沉默|犹豫|^(?:不?同意|不?接受|认可|满意|拒绝)$"
    r"|\b(?:angry|upset|frustrated|silent|hesitat\w+|unhappy|agrees?|accepts?|refuses?|declines?)\b",
    re.I,
)
_LACK = re.compile(r"^没有?")
_ACTIONS_ZH = (
    "取消|退订|退款|退货|退换|换货|退票|退保|改签|投诉|办理|查询|修改|更改|变更|开通|升级|续费|缴费|还款|注销|解约|转接|催单|"
    "预约|补办|挂失|申请|购买|报修|重置|解绑|绑定|更换"
)
_ACTION_ZH = re.compile(rf"({_ACTIONS_ZH})(?:了|一下|掉)?(.*)$")
# What a customer who wants something done to it need not name.
_THINGS_ZH = re.compile(r"(?:该|此|这个|自己的|其)?(?:订单|业务|服务|商品|产品|东西|账户|账号)?$")
_THINGS_EN = frozenset(("order", "item", "product", "service", "account"))
_SMALL_EN = frozenset(
    re.split(
        r"\s+",
        "a an the my their his her your our this that these those them one to with of for on in at from about into and "
        "is are was be it they he she by some any",
    )
)
# How else the same is said; the first is how a script says it.
_FORMS = {
    "cancel": "{cancel|cancelled|canceled|cancelling|canceling|cancellation}",
    "refund": "{refund|refunded|money back}",
    "return": "{return|returned|returning|send it back}",
    "exchange": "{exchange|exchanged|exchanging}",
    "complain": "{complain|complaint|complaining}",
    "complaint": "{complain|complaint|complaining}",
    "speak": "{speak|talk}",
    "talk": "{speak|talk}",
    "manager": "{manager|supervisor}",
    "supervisor": "{manager|supervisor}",
    "upgrade": "{upgrade|upgraded|upgrading}",
}
_NOT_ZH = "{不|别|没|不要|不想|没有|不用|先不}(要)"
_NOT_EN = "{don't|won't|not} ({want to|going to}) "
_CONTENT_MAX = 3


def cue_of(condition: str, quotes: Sequence[str]) -> dict[str, Any] | None:
    """Return by what a condition is recognised, as ``when`` of a flow; None when that is unclear."""
    if quotes:
        said = [phrase for quote in quotes for pieces in wordings_of(quote) for phrase in pieces]
        return {"role": "customer", "any": said} if said else None
    meant = _END.sub("", _START.sub("", condition, count=1).strip(" ，,。.：:")).strip()
    phrases: list[str] = []
    denials: list[str] = []
    for part in _CHOICE.split(meant):
        if _WORDLESS.search(part):
            continue
        some = _chinese(with_signs(part).strip()) if has_chinese(part) else _english(with_signs(part).strip())
        good = [phrase for phrase in some if len(fold(phrase).text) >= 2 and is_phrase(phrase)]
        phrases += good
        sign = _NOT_ZH if has_chinese(part) else _NOT_EN
        denials += [sign + phrase for phrase in good if _can_be_denied(phrase) and is_phrase(sign + phrase)]
    if not phrases:
        return None
    check = {"detector": "phrase", "role": "customer", "any": list(dict.fromkeys(phrases))}
    return {"check": check | {"unless": denials} if denials else check}


def phrases_of(when: dict[str, Any]) -> list[str]:
    """Return the phrases of what `cue_of` returned."""
    said: list[str] = when["any"] if "any" in when else when["check"]["any"]
    return said


def _can_be_denied(phrase: str) -> bool:
    return "[" not in phrase and not phrase.startswith(("不", "没", "无", "{太"))


def _chinese(part: str) -> list[str]:
    part = _DEGREE.sub("", part) or part
    if part[:1] in "太很" and len(part) > 1:
        return ["{太|很|好|有点|这么|那么|比较}" + part[1:]]
    action = _ACTION_ZH.match(part)
    if action is None:
        return [_LACK.sub("没(有)", part)]
    verb, thing = action.group(1), action.group(2).strip().removeprefix("的")
    if _THINGS_ZH.match(thing):
        return [verb]
    return [f"{verb}([…]){thing}", f"{thing}([…]){verb}"]


def _english(part: str) -> list[str]:
    words = [word for word in re.split(r"[\s,;.!?]+", part.lower()) if word and word not in _SMALL_EN]
    kept = [word for word in words if word not in _THINGS_EN] or words
    if not kept or len(kept) > _CONTENT_MAX or any(sign in part for sign in "[({|"):
        return [part]
    forms = [_FORMS.get(word, word) for word in kept]
    orders = [forms] if len(forms) == 1 else [forms, forms[::-1]]
    return ["( […]) ".join(order) for order in orders]
