"""Service attitude in words: what each behaviour added to or took from a dimension, with the sentences that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa_pipeline.domain.annotation import AttitudeMark, AttitudeScore
from qa_pipeline.scoring.attitude_lexicon import HIGHEST_ANCHOR, LANGUAGES, LOWEST_ANCHOR, attitude_lexicon

QUOTES_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AttitudeReason:
    """All marks of one behaviour: their points together, how often it counted, and the marks that have a quote."""

    behaviour: str
    effect: float
    count: int
    quoted: tuple[AttitudeMark, ...]


def attitude_reasons(score: AttitudeScore) -> tuple[AttitudeReason, ...]:
    """Return the behaviours that moved a dimension, those with the largest effect first."""
    by_behaviour: dict[str, list[AttitudeMark]] = {}
    for mark in score.marks:
        by_behaviour.setdefault(mark.behaviour, []).append(mark)
    reasons = [_reason(behaviour, marks) for behaviour, marks in by_behaviour.items()]
    return tuple(sorted(reasons, key=lambda reason: -abs(reason.effect)))


def _reason(behaviour: str, marks: Sequence[AttitudeMark]) -> AttitudeReason:
    quoted = [mark for mark in marks if mark.quote and mark.utterance is not None]
    return AttitudeReason(
        behaviour=behaviour,
        effect=sum(mark.effect for mark in marks),
        count=len(marks),
        quoted=tuple(quoted[:QUOTES_MAX]),
    )


def behaviour_word(behaviour: str, *, language: str) -> str:
    """Return the name of a behaviour for people, its id where no lexicon knows it any more."""
    names = attitude_lexicon(LANGUAGES[0]).names
    return names[behaviour].in_language(language) if behaviour in names else behaviour


def anchor_word(dimension: str, value: float, *, language: str) -> str:
    """Return the words of the anchor nearest to a value of 1 to 5; halves go to the lower one."""
    nearest = min(range(LOWEST_ANCHOR, HIGHEST_ANCHOR + 1), key=lambda anchor: (abs(anchor - value), anchor))
    found = next(each for each in attitude_lexicon(LANGUAGES[0]).dimensions if each.id == dimension)
    return found.anchors[nearest].in_language(language)
