"""``entity``: somebody says a piece of information of a kind: personal data (masked), an amount, a date, a duration."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from qa_pipeline.detectors.scene import Scene
from qa_pipeline.detectors.search import Finder, search
from qa_pipeline.detectors.suggest import suggestion
from qa_pipeline.detectors.verdict import Verdict
from qa_pipeline.detectors.wanted import Wanted, judge_unwanted, judge_wanted
from qa_pipeline.errors import N_, Message
from qa_pipeline.privacy.masking import TAGS
from qa_pipeline.scoring.match import Hit, Passage

_NUMBER_ZH = r"[0-9０-９一二两三四五六七八九十百千万亿零〇半][0-9０-９一二两三四五六七八九十百千万亿零〇点半.,]{0,15}"
_NUMBER_EN = (
    r"(?:[0-9](?:[0-9,.]{0,14}[0-9])?|\b(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty"
    r"|thirty|forty|fifty|sixty|ninety|hundred|thousand)\b)"
)
_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
_MONTH += r"|nov(?:ember)?|dec(?:ember)?)"

# Every repetition is bounded, so that time grows with the length of the text alone.
_WRITTEN = {
    "amount": (
        rf"[¥￥$€£]\s?[0-9](?:[0-9,.]{{0,14}}[0-9])?|{_NUMBER_ZH}\s?(?:元|块|圆|美金|美元|人民币)"
        rf"|{_NUMBER_EN}\s(?:yuan|rmb|dollars?|bucks|euros?|pounds?|cents?)\b"
    ),
    "percent": rf"[0-9]{{1,4}}(?:\.[0-9]{{1,4}})?\s?[%％]|百分之{_NUMBER_ZH}|{_NUMBER_EN}\spercent\b",
    "date": (
        r"[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?|[0-9一二三四五六七八九十]{1,3}月[0-9一二三四五六七八九十]{1,3}[日号]?"
        r"|(?:大前|前|昨|今|明|后|大后)天|(?:这|本|上|下)?(?:周|星期|礼拜)[一二三四五六日天]"
        rf"|\b{_MONTH}\.?\s(?:the\s)?[0-9]{{1,2}}(?:st|nd|rd|th)?\b|\b[0-9]{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}\b"
        r"|\b(?:today|tomorrow|yesterday|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
    ),
    "duration": (
        rf"{_NUMBER_ZH}\s?(?:到{_NUMBER_ZH})?个?(?:工作日|小时|钟头|分钟|秒钟?|天|周|星期|礼拜|月|年)"
        rf"|{_NUMBER_EN}\s(?:to\s{_NUMBER_EN}\s)?(?:business\s|working\s)?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b"
    ),
}


def _patterns() -> dict[str, str]:
    masked = {
        kind.value: "|".join(re.escape(tags[kind]) for tags in TAGS.values() if kind in tags)
        for kind in dict.fromkeys(kind for tags in TAGS.values() for kind in tags)
    }
    return masked | _WRITTEN


PATTERNS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _patterns().items()}
"""Kind of information -> what it looks like in masked text."""


def _is_kind(name: str) -> str:
    if name not in PATTERNS:
        params = {"name": name, "suggestion": suggestion(name, PATTERNS), "known": ", ".join(PATTERNS)}
        raise ValueError(Message(N_("there is no entity '{name}'{suggestion}; use: {known}"), params))
    return name


Kinds = Annotated[tuple[Annotated[str, AfterValidator(_is_kind)], ...], Field(min_length=1)]


class EntityParams(Wanted):
    """``any``: one of these kinds is said; ``none``: none is. The rest as for ``pattern``."""

    any: Kinds | None = None
    none: Kinds | None = None

    @model_validator(mode="after")
    def _is_one_question(self) -> EntityParams:
        if (self.any is None) == (self.none is None):
            raise ValueError(N_("give exactly one of any and none"))
        return self

    @cached_property
    def finder(self) -> Finder:
        """Finder of the kinds."""
        wanted = [(kind, PATTERNS[kind]) for kind in self.any or self.none or ()]

        def find(passage: Passage) -> tuple[Hit, ...]:
            hits = (
                Hit(kind, utterance, place, match.start(), match.end(), "words", 1.0)
                for place, utterance in enumerate(passage.utterances)
                for kind, pattern in wanted
                for match in pattern.finditer(utterance.text)
            )
            return tuple(sorted(hits, key=lambda hit: (hit.place, hit.start)))

        return find


def judge_entity(scene: Scene, params: EntityParams) -> Verdict:
    """Judge whether information of a kind is said."""
    problem = scene.cannot_judge_words(params.role)
    if problem is not None:
        return problem
    if params.none is not None:
        return judge_unwanted(scene, search(scene, params.role, params.finder, window=params, charges=True))
    return judge_wanted(
        scene,
        search(scene, params.role, params.finder, window=params),
        params,
        example=(params.any or ("",))[0],
    )
