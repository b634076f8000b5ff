"""Words in a transcript that speak to a judge instead of to the other party: orders, fake answers, fake markup.

Whoever says such a thing wants to decide the judgement. The words are kept from every judge; what that means for the
criterion is the detector's business. Found are the customary forms in Chinese and English, not every one that can be
thought of: docs/judge.md says what is left.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from qa_pipeline.characters import plain_characters
from qa_pipeline.domain.transcript import Utterance

# Every repetition is bounded, so that time grows with the length of the text alone.
_OVERRIDES = (
    r"(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{0,40}\b(?:instructions?|prompts?|rules|guidelines|"
    r"system message|scorecard|criteria)\b",
    r"(?:ignore|disregard|forget)\s+(?:all\s+|everything\s+)?(?:of\s+)?(?:the\s+)?(?:above|previous text|text above)\b",
    r"new (?:instructions?|system prompt)\s*:",
    r"(?:忽略|无视|忘记|忘掉|不要理会|不要遵守|覆盖)[^。!?\n]{0,15}(?:指令|指示|提示词|提示语|系统提示|评分标准|判定标准|评分规则)",
    r"(?:忽略|无视)(?:掉)?(?:以上|上面|上述|前面|之前)的?(?:所有|全部|一切)?(?:内容|文字|对话|信息|要求)?(?:[,。!\n]|$)",
)
_JUDGE_EN = r"(?:judge|grader|evaluator|language model|llm|ai model|quality (?:model|checker|inspector))"
_JUDGE_ZH = (
    r"(?:质检(?:模型|系统|程序|机器人|ai|大模型|员)|评分(?:模型|系统|程序)|判定(?:模型|系统|程序)|"
    r"大模型|语言模型|裁判|评委)"
)
_ADDRESSES = (
    r"\b(?:dear|hey|hello|hi|attention|note (?:to|for)|message (?:to|for))\s+(?:the\s+|ai\s+|our\s+)?" + _JUDGE_EN,
    r"\b" + _JUDGE_EN + r"\s*[:,]\s*(?:please|you|answer|return|output|mark|say|the)\b",
    r"\b(?:you are|act as|as)\s+(?:now\s+)?(?:a|an|the)\s+(?:impartial\s+|strict\s+|helpful\s+)?" + _JUDGE_EN,
    r"\bsystem prompt\b",
    r"(?:致|告诉|通知|提醒|请)(?:各位)?" + _JUDGE_ZH,
    _JUDGE_ZH + r"\s*(?:[:,]|请|你|注意|必须|应该|直接)",
    r"(?:你是|你现在是|作为)(?:一[个名位])?" + _JUDGE_ZH,
    r"系统提示词",
)
_VERDICT_EN = (
    r"[\"'“‘]?(?:yes|met|pass(?:ed)?|compliant|fail(?:ed)?|not met|cannot_tell)\b[\"'”’]?(?!\s*,?\s+or\b)(?!\s*/)"
)
_VERDICT_ZH = r"[“\"']?(?:合格|通过|达标|符合|成立|满足|不合格|不通过|不达标|不符合|不成立|是|否|yes|no|true|false)"
_COMMANDS = (
    r"\b(?:answer|respond|reply|output|return)\s+(?:only\s+|just\s+|with\s+|that\s+it\s+is\s+|:\s*){1,3}" + _VERDICT_EN,
    r"\b(?:output|return|answer)\s+(?:only\s+)?[\"'“]?(?:yes|met|cannot_tell)\b[\"'”]?(?!\s*,?\s+or\b)(?!\s*/)",
    r"\b(?:mark|rate|score|judge|grade|classify|count)\s+(?:this|it|the\s+\w+|me|us|him|her)(?:\s+\w+){0,3}\s+as\s+"
    + _VERDICT_EN,
    r"(?:输出|返回)\s*(?:答案|结果)?\s*(?:为|是|成)?\s*:?\s*[“\"']?(?:合格|通过|达标|成立|符合|不合格|不成立|yes|no|true)",
    r"(?:直接|必须|务必|一律|统一|全部|都|请|应该|应当|把|将)[^。!?\n]{0,15}(?:判定|判断|判|评定|评|标记|标注|标)(?:为|成|作)\s*"
    + _VERDICT_ZH,
    r"(?:这个|这条|这一|该|本)(?:评分项|质检项|评分|质检|判定|陈述)[^。!?\n]{0,10}" + _VERDICT_ZH,
)
_MARKUP = (
    r"[\"'“]?\b(?:answer|verdict|confidence|quote)\b[\"'”]\s*:",
    r"\{\s*[\"'“]?(?:answer|verdict|confidence|reason|outcome)[\"'”]?\s*:",
    r"<\|[a-z_0-9]{2,20}\|>|\[/?inst\]|<</?sys>>",
    r"</?\s*(?:system|assistant|user|record|transcript|statement|instructions?|conversation|think)(?:-[0-9a-f]+)?\s*>",
    r"(?:^|\n)\s*#{0,3}\s*(?:system|assistant|instructions?)\s*:",
    r"(?:^|\n)\s*\[\s*\d+\s*,\s*\"?(?:agent|customer|system)\"?\s*,",
)
_SPOKEN_TO_JUDGE = re.compile("|".join((*_OVERRIDES, *_ADDRESSES, *_COMMANDS, *_MARKUP)), re.IGNORECASE)
_INVISIBLE = frozenset({"Cf", "Cc"})


def speaks_to_judge(text: str) -> bool:
    """Whether words order a judge about, answer in its place or imitate the markup of its question."""
    return _SPOKEN_TO_JUDGE.search(_plain(text)) is not None


def split_addressed(utterances: Iterable[Utterance]) -> tuple[tuple[Utterance, ...], tuple[Utterance, ...]]:
    """Return the utterances that a judge may read, and those that speak to it."""
    read: list[Utterance] = []
    kept: list[Utterance] = []
    for item in utterances:
        (kept if speaks_to_judge(item.text) else read).append(item)
    return tuple(read), tuple(kept)


def _plain(text: str) -> str:
    """Return the text in simplified script, without full-width forms and without characters that nobody sees."""
    plain = unicodedata.normalize("NFKC", text).translate(plain_characters())
    return "".join(char for char in plain if char in "\n\t" or unicodedata.category(char) not in _INVISIBLE)
