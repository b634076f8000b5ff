"""Remarks on phrases: what hits too much, never hits, or counts for and against the agent at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from itertools import combinations
from typing import Any

import yaml

from qa_pipeline.detectors.params import REFERENCE
from qa_pipeline.detectors.search import phrase_finder
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.errors import N_
from qa_pipeline.privacy.masking import mask_transcript
from qa_pipeline.scorecards.library import SHIPPED_CARDS
from qa_pipeline.scorecards.problems import Keys
from qa_pipeline.scoring.match import Passage, prepare_phrases
from qa_pipeline.scoring.match_text import fold, has_chinese
from qa_pipeline.scoring.phrase_signs import Variant, write_out
from qa_pipeline.services.rules.remarks import CardSource, Leaf, Remark, Severity


class Use(StrEnum):
    """What a list of phrases is for."""

    WANTED = "wanted"
    FORBIDDEN = "forbidden"
    CONDITION = "condition"


@dataclass(frozen=True)
class Wordings:
    """One list of phrases of a check.

    ``written``: how it stands in the file, with references to lists.
    """

    leaf: Leaf
    keys: Keys
    role: str
    use: Use
    phrases: tuple[str, ...]
    unless: tuple[str, ...]
    written: tuple[str, ...]

    @cached_property
    def said(self) -> tuple[str, ...]:
        """Each phrase as people would say it, in all its wordings."""
        return tuple(_spoken(variant) for phrase in self.phrases for variant in write_out(phrase))

    @property
    def criterion_id(self) -> str:
        """The criterion that asks for it."""
        return self.leaf.criterion.id


def lint_wordings(source: CardSource) -> Iterator[Remark]:
    """Yield the remarks on all phrases of a card."""
    lists = tuple(_wordings(source))
    for each in lists:
        yield from _too_short(source, each)
        yield from _cancelled(source, each)
        yield from _masked(source, each)
        yield from _foreign(source, each)
        yield from _odd_role(source, each)
        yield from _doubled(source, each)
    yield from _credited_and_charged(source, lists)
    yield from _credited_twice(source, lists)


def _wordings(source: CardSource) -> Iterator[Wordings]:
    for leaf in source.leaves:
        yield from _lists_in(source, leaf, leaf.check.params, leaf.keys, str(leaf.check.params.get("role", "agent")))


def _lists_in(source: CardSource, leaf: Leaf, params: Mapping[str, Any], keys: Keys, role: str) -> Iterator[Wordings]:
    """Yield the lists under `params`, those of steps, events and checks inside it too."""
    detector = params.get("detector", leaf.check.detector if params is leaf.check.params else "")
    for name, value in params.items():
        place = (*keys, name)
        if isinstance(value, Mapping):
            yield from _lists_in(source, leaf, value, place, str(value.get("role", "agent")))
        elif not isinstance(value, Sequence) or isinstance(value, str) or detector == "pattern":
            continue
        elif name in ("any", "none", "all"):
            groups = [value] if name != "all" else value
            for index, group in enumerate(groups):
                at = place if name != "all" else (*place, index)
                yield _made(source, leaf, at, role, name, tuple(group), tuple(params.get("unless", ())))
        else:
            for index, inner in enumerate(value):
                if isinstance(inner, Mapping):
                    yield from _lists_in(source, leaf, inner, (*place, index), str(inner.get("role", "agent")))


def _made(
    source: CardSource,
    leaf: Leaf,
    keys: Keys,
    role: str,
    name: str,
    phrases: tuple[str, ...],
    unless: tuple[str, ...],
) -> Wordings:
    forbidden = (name == "none") != leaf.negated
    use = Use.CONDITION if leaf.is_condition else Use.FORBIDDEN if forbidden else Use.WANTED
    written = source.raw(keys)
    shown = tuple(item for item in written if isinstance(item, str)) if isinstance(written, list) else ()
    return Wordings(leaf, keys, role, use, phrases, unless, shown)


def _spoken(variant: Variant) -> str:
    """Return a sequence of words and slots with a word in each slot."""
    words = [piece if isinstance(piece, str) else None for piece in variant]
    filler = "某" if any(word and has_chinese(word) for word in words) else " x "
    return "".join(filler if word is None else word for word in words)


def _said(phrases: Sequence[str]) -> Passage:
    """Return the phrases as if somebody said each by itself."""
    utterances = [Utterance(index=place, role=Role.AGENT, text=phrase) for place, phrase in enumerate(phrases)]
    return Passage(utterances, [fold(phrase) for phrase in phrases])


def _too_short(source: CardSource, each: Wordings) -> Iterator[Remark]:
    short = [phrase for phrase in each.said if len(fold(phrase).text) == 1]
    if short:
        yield source.remark(
            Severity.WARNING,
            "too-short",
            each.keys,
            N_("“{phrase}” is a single character or letter, so it is found in words that mean something else."),
            N_("Write the whole wording, or the longer words that hold it under unless."),
            phrase=short[0],
        )


def _cancelled(source: CardSource, each: Wordings) -> Iterator[Remark]:
    if not each.unless:
        return
    passage = _said(each.said)
    prepared, excused = prepare_phrases(each.phrases), prepare_phrases(each.unless)
    alone = {hit.place for hit in passage.find_all(prepared, tolerant=False)}
    left = {hit.place for hit in phrase_finder(prepared, excused, tolerant=False)(passage)}
    lost = [phrase for place, phrase in enumerate(each.said) if place in alone - left]
    if not lost:
        return
    yield source.remark(
        Severity.ERROR if len(lost) == len(alone) else Severity.WARNING,
        "cancelled",
        each.keys,
        N_("unless takes back {count} of {n} phrases whenever they are said, such as “{phrase}”."),
        N_("Wordings under unless must be longer than the phrase they excuse; remove those that are part of one."),
        count=len(lost),
        n=len(each.said),
        phrase=lost[0],
    )


def _masked(source: CardSource, each: Wordings) -> Iterator[Remark]:
    lost = [phrase for phrase in each.said if _is_masked(phrase)]
    if lost:
        yield source.remark(
            Severity.WARNING,
            "masked",
            each.keys,
            N_("“{phrase}” looks like personal data, which is masked before any rule sees the words."),
            N_("Leave the number or name out of the phrase."),
            phrase=lost[0],
        )


def _is_masked(phrase: str) -> bool:
    transcript = Transcript(
        language="zh" if has_chinese(phrase) else "en",
        engine="",
        quality=TranscriptQuality.TRUSTED,
        utterances=(Utterance(index=0, role=Role.AGENT, text=phrase),),
    )
    return mask_transcript(transcript)[0].utterances != transcript.utterances


def _foreign(source: CardSource, each: Wordings) -> Iterator[Remark]:
    language = source.card.language
    if language not in ("zh", "en"):
        return
    fitting = [phrase for phrase in each.phrases if has_chinese(phrase) == (language == "zh")]
    if not fitting:
        yield source.remark(
            Severity.WARNING,
            "language",
            each.keys,
            N_("The card judges contacts in “{language}”, but no phrase here is in that language."),
            N_("Cite the list of that language, or leave language out of the card."),
            language=language,
        )


def _odd_role(source: CardSource, each: Wordings) -> Iterator[Remark]:
    if each.use is Use.FORBIDDEN and each.role != Role.AGENT.value:
        yield source.remark(
            Severity.WARNING,
            "role",
            each.keys,
            N_("What the customer says counts against the agent here."),
            N_("Forbid words of the agent alone: leave role out."),
        )
    for item in each.written:
        usual = _usual_roles().get(item, frozenset())
        if usual and each.role not in usual:
            yield source.remark(
                Severity.WARNING,
                "role",
                each.keys,
                N_(
                    "The list {name} is written for the words of the {usual}, but is looked for in those of the {role}."
                ),
                N_("Set role: {usual}, or use a list of your own."),
                name=item,
                usual="/".join(sorted(usual)),
                role=each.role,
            )


@cache
def _usual_roles() -> Mapping[str, frozenset[str]]:
    """Return whose words the shipped cards look for each shipped list in."""
    found: dict[str, set[str]] = {}

    def walk(value: Any) -> None:
        if isinstance(value, Mapping):
            role = str(value.get("role", "agent"))
            for name in ("any", "none", "all"):
                items = value.get(name)
                for item in items if isinstance(items, list) else ():
                    if isinstance(item, str) and item.startswith(REFERENCE):
                        found.setdefault(item, set()).add(role)
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    for path in sorted(SHIPPED_CARDS.glob("*.yaml")):
        walk(yaml.safe_load(path.read_text(encoding="utf-8")))
    return {name: frozenset(roles) for name, roles in found.items()}


def _doubled(source: CardSource, each: Wordings) -> Iterator[Remark]:
    folded = [fold(phrase).text for phrase in each.said]
    twice = [phrase for place, phrase in enumerate(each.said) if folded[place] in folded[:place]]
    if twice:
        yield source.remark(
            Severity.NOTE,
            "doubled",
            each.keys,
            N_("“{phrase}” stands here twice ({count} of such phrases)."),
            N_("Remove one of them; letter case, punctuation and the writing of numbers make no difference."),
            count=len(twice),
            phrase=twice[0],
        )


def _credited_and_charged(source: CardSource, lists: Sequence[Wordings]) -> Iterator[Remark]:
    """Yield where a wording that one criterion wants breaks another one."""
    wanted = [each for each in lists if each.use is Use.WANTED]
    for forbidden in (each for each in lists if each.use is Use.FORBIDDEN):
        find = phrase_finder(prepare_phrases(forbidden.phrases), prepare_phrases(forbidden.unless), tolerant=False)
        for each in wanted:
            if each.role != forbidden.role:
                continue
            hits = find(_said(each.said))
            if hits:
                yield source.remark(
                    Severity.WARNING,
                    "opposed",
                    each.keys,
                    N_("“{phrase}” meets {criterion}, but holds “{forbidden}”, which {other} forbids."),
                    N_("Remove it from one of the two, or put it under unless of {other}."),
                    phrase=each.said[hits[0].place],
                    criterion=each.criterion_id,
                    forbidden=hits[0].phrase,
                    other=forbidden.criterion_id,
                )


def _credited_twice(source: CardSource, lists: Sequence[Wordings]) -> Iterator[Remark]:
    """Yield where the same wording meets two criteria of the same speaker."""
    # Inside a combination a wording is one way among several, not what the criterion stands for.
    wanted = [each for each in lists if each.use is Use.WANTED and each.leaf.check is each.leaf.criterion.check]
    for one, other in combinations(wanted, 2):
        if one.criterion_id == other.criterion_id or one.role != other.role or _apart(one, other):
            continue
        known = {fold(phrase).text for phrase in one.said}
        shared = [phrase for phrase in other.said if fold(phrase).text in known]
        if shared:
            yield source.remark(
                Severity.NOTE,
                "shared",
                other.keys,
                N_("The same wording meets {one} and {other}, such as “{phrase}” ({count} of such wordings)."),
                N_("Keep each in one of them, unless one sentence shall count for both."),
                count=len(shared),
                one=one.criterion_id,
                other=other.criterion_id,
                phrase=shared[0],
            )


def _apart(one: Wordings, other: Wordings) -> bool:
    """Whether one is looked for at the start and the other at the end, so that no sentence is both."""
    return any(
        "in_last_utterances" in late.leaf.check.params
        and "in_last_utterances" not in early.leaf.check.params
        and not {"within_utterances", "within_s"}.isdisjoint(early.leaf.check.params)
        for early, late in ((one, other), (other, one))
    )
