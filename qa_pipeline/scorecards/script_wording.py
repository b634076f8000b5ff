"""From words as a script has them to phrases of a scorecard: slots, alternatives, optional parts, pieces."""

from __future__ import annotations

import re

from qa_pipeline.detectors.params import is_phrase
from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.scoring.match_text import fold, has_chinese

# A piece must be long enough to say something by itself; shorter ones go with their neighbour.
_PIECE_CHINESE = 4
_PIECE_WORDS = 3
_PIECES_MAX = 12

_NAMED_SLOT = re.compile(  # [name] 【name】 <name> {name}
    r"\[[^\[\]\n]{1,60}\]|【[^【】\n]{1,60}】"
    r"|<[^<>\n]{1,60}>|｛[^｛｝|｜\n]{1,60}｝|\{[^{}|｜\n]{1,60}\}"
)
_BLANK = re.compile(r"(?<![A-Za-z])(?:[Xx×ｘＸ]{2,10}|某某?)(?![A-Za-z])|_{2,40}|＿{2,40}|\*{2,20}")
_SLOT_NAME_MAX = 16
_OPTIONAL = re.compile(r"[（(]\s?(?:(?:可选|选说|optional)\s?[:：]\s?)?([^（()）\n]{1,60})[)）]", re.I)
_LEFTOVER = re.compile(r"[\[\](){}|［］【】（）｛｝｜]")
_CLAUSE = re.compile(r"[，。！？；,!?;…]+|\.(?=\s|$)")
_WAYS = re.compile(r"\s?[/／]\s?")
# Words that stand for one another inside a sentence: 先生/女士, 您/你, "morning/afternoon".
_WORD_WAYS = re.compile(
    r"(?:(?:先生|女士|小姐|老师)(?:[/／](?:先生|女士|小姐|老师))+|(?:早上|上午|中午|下午|晚上)(?:[/／](?:早上|上午|中午|下午|晚上))+"
    r"|[您你他她它](?:[/／][您你他她它])+|(?<![\w'’/])[A-Za-z'’]{1,20}(?:/[A-Za-z'’]{1,20}){1,5}(?![\w/]))"
)

_SHORT_FORMS = tuple(
    (re.compile(pattern, re.I), words)
    for pattern, words in (
        (r"\bcan't\b", "cannot"),
        (r"\bwon't\b", "will not"),
        (r"(?<=\w)n't\b", " not"),
        (r"(?<=\w)'ll\b", " will"),
        (r"(?<=\w)'re\b", " are"),
        (r"(?<=\w)'ve\b", " have"),
        (r"\bI'm\b", "I am"),
        (r"\b(it|that|there|what|here|he|she)'s\b", r"\1 is"),
    )
)

_SPOKEN = re.compile(
    r"[您你我咱]|请|谢谢|感谢|抱歉|对不起|再见|\b(?:you|your|i|i'?m|my|we|our|us|please|thanks?|thank|hello|hi|welcome|sorry)\b"
    r"|\bgoodbye\b",
    re.I,
)
_THIRD_PERSON = re.compile(r"客户|用户|顾客|坐席|\b(?:the\s)?(?:customer|caller|agent)(?:'?s)?\b", re.I)
_NOTE = re.compile(
    r"(?:say|ask|tell|greet|verify|confirm|check|offer|apologi[sz]e|explain|introduce|close|inform|advise|record|enter|"
    r"click|select|get|find|gather|thank|start|pull|look)\b(?!.*\b(?:you|your|i|i'?m|my|we|our|me)\b)",
    re.I,
)
# What a script asks for without giving the words -> the move that does it.
_MOVES = (
    (MoveKind.SELF_INTRODUCTION, r"自报|自我介绍|报(?:出)?(?:工号|姓名)|introduce"),
    (
        MoveKind.IDENTITY_CHECK,
        r"(?:核实|核对|验证|确认).{0,4}(?:身份|信息|资料|本人)"
        r"|(?:verify|validate|check|confirm).{0,20}(?:identity|account holder|who they are)",
    ),
    (MoveKind.HOLD_RETURN, r"等待后|等候后|等待结束|(?:return|back|resum\w*)\sfrom\shold|after\s(?:the\s)?hold"),
    (MoveKind.HOLD_REQUEST, r"稍等|等候|hold"),
    (
        MoveKind.FURTHER_HELP,
        r"(?:还有|其他|其它|更多).{0,6}(?:帮|需|问题)|(?:further|more|else|other)\s?(?:help|assistance|questions?)|anything\selse|further\sassistance",
    ),
    (MoveKind.RATE_INVITATION, r"(?:满意度|评价|打分)|\b(?:rate|rating|survey|feedback)\b"),
    (MoveKind.APOLOGY, r"道歉|致歉|apolog"),
    (MoveKind.EMPATHY, r"安抚|共情|同理|理解客户|empath"),
    (MoveKind.THANKS, r"致谢|感谢|\bthank"),
    (MoveKind.TRANSFER, r"转接|\btransfer"),
    (
        MoveKind.CONFIRM_NEED,
        r"(?:复述|确认).{0,6}(?:需求|问题|诉求)|(?:repeat|confirm|restate).{0,20}(?:request|issue|need|problem)",
    ),
    (MoveKind.OFFER_HELP, r"询问.{0,4}(?:需求|问题|来意)|主动询问|offer.{0,10}help|ask.{0,12}how.{0,12}help"),
    (MoveKind.PROMISE, r"承诺|\bpromise"),
    (MoveKind.EXPLANATION, r"解释|说明原因|\bexplain"),
    (
        MoveKind.REQUEST_INFORMATION,
        r"(?:询问|索取|请客户提供|让客户提供).{0,12}(?:号|姓名|地址|信息|时间|原因|资料)"
        r"|(?:ask|get|gather|find\sout).{0,40}(?:name|id|number|address|e-?mail|date|details|reason|level)",
    ),
    (MoveKind.CLOSING, r"结束语|道别|再见|结束通话|goodbye|close\sthe\s(?:call|chat)|\bclosing\b"),
    (MoveKind.GREETING, r"问候|问好|打招呼|开场白|欢迎语|\bgreet"),
)
_MOVES_COMPILED = tuple((move, re.compile(pattern, re.I)) for move, pattern in _MOVES)


def is_spoken(text: str) -> bool:
    """Whether words without quotes or a speaker are to be said, rather than a note on what to do."""
    if _THIRD_PERSON.search(_NAMED_SLOT.sub("", text)) or _NOTE.match(text):
        return False
    return bool(_SPOKEN.search(text) or _NAMED_SLOT.search(text) or _BLANK.search(text))


def move_of(text: str) -> MoveKind | None:
    """Return the service move that a note on what to do asks for, None when it names none."""
    return next((move for move, pattern in _MOVES_COMPILED if pattern.search(text)), None)


def choices_of(text: str) -> list[str]:
    """Return the parts of an enumeration such as 不知道、没办法 or "I don't know, no idea"."""
    return [part for part in re.split(r"、|，|,|;|；|/|／|或者?|\s+or\s+", text[:2000]) if fold(part).text]


def wordings_of(words: str) -> list[list[str]]:
    """Return the pieces of a saying, each with its wordings as phrases; empty when it has no words.

    A saying of several clauses is several pieces, each of which has to be said. A piece that cannot be a phrase (it is
    too long or stands for too many wordings) is left out.
    """
    clauses = [_phrases_of(clause) for clause in _clauses(with_signs(words))]
    return [phrases for phrases in clauses if phrases][:_PIECES_MAX]


def spelt_out(phrase: str) -> list[str]:
    """Return a phrase, and with its short forms written out: "that's" is said as "that is" too."""
    full = phrase.replace("’", "'")
    for pattern, words in _SHORT_FORMS:
        full = pattern.sub(words, full)
    return [phrase] if full == phrase.replace("’", "'") else [phrase, full]


def with_signs(words: str) -> str:
    """Return words with slots, optional parts and alternatives in the signs of phrases, other brackets taken off."""
    kept: list[str] = []

    def keep(sign: str) -> str:
        kept.append(sign)
        return chr(0xE100 + len(kept) - 1)

    text = re.sub(r"\{[^{}\n]{1,80}[|｜][^{}\n]{0,80}\}", lambda match: keep(match.group()), words[:2000])
    text = _NAMED_SLOT.sub(lambda match: keep(f"[{_slot_name(match.group())}]"), text)
    text = _BLANK.sub(lambda _: keep("[…]"), text)
    text = _OPTIONAL.sub(lambda match: keep(f"({_ways(match.group(1))})") if fold(match.group(1)).text else "", text)
    text = _WORD_WAYS.sub(lambda match: keep("{" + _WAYS.sub("|", match.group()) + "}"), text)
    text = _LEFTOVER.sub(" ", text)
    return "".join(kept[ord(char) - 0xE100] if 0xE100 <= ord(char) < 0xE100 + len(kept) else char for char in text)


def _slot_name(written: str) -> str:
    return re.sub(r"[\W_]+", " ", written).strip()[:_SLOT_NAME_MAX].strip() or "…"


def _ways(text: str) -> str:
    ways = [way for way in _WAYS.split(_LEFTOVER.sub(" ", text)) if way.strip()]
    return ways[0] if len(ways) == 1 else "{" + "|".join(ways) + "}"


def _clauses(text: str) -> list[str]:
    """Split at punctuation outside brackets; clauses too short to stand alone go with the one before or after."""
    parts: list[str] = []
    start = depth = 0
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        end = _CLAUSE.match(text, at) if depth == 0 else None
        if end:
            parts.append(text[start : end.end()])
            start = end.end()
    parts.append(text[start:])
    clauses: list[str] = []
    for part in parts:
        if not part.strip(" ，。！？；,!?;….") and not part.strip():
            continue
        if clauses and (_is_short(part) or _is_short(clauses[-1])):
            clauses[-1] += part
        else:
            clauses.append(part)
    return clauses


def _is_short(clause: str) -> bool:
    folded = fold(clause).text
    return len(folded) < _PIECE_CHINESE if has_chinese(folded) else len(folded.split()) < _PIECE_WORDS


def _phrases_of(clause: str) -> list[str]:
    ways = [clause] if "{" in clause or "(" in clause else _WAYS.split(clause)
    phrases = []
    for way in ways:
        phrase = way.strip(" ，。！？；,.!?;…、:：")
        if fold(way).text and is_phrase(phrase):
            phrases.append(phrase)
    return phrases
