"""The attitude lexicon: dimensions with anchors, behaviours with their wording, openings for empathy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import ConfigurationError
from qa_pipeline.resources import SHIPPED, read_yaml
from qa_pipeline.resources.schema import RuleModel, Words, parse_document
from qa_pipeline.scoring.languages import written_language
from qa_pipeline.scoring.match import Phrase, prepare_phrases
from qa_pipeline.scoring.reported_speech import ReportedWording
from qa_pipeline.scoring.word_lists import Wording, excuses_of, word_lists

LEXICON = SHIPPED / "lexicons" / "attitude.yaml"
LANGUAGES = ("zh", "en")
LOWEST_ANCHOR, HIGHEST_ANCHOR = 1, 5
DIMENSIONS = ("courtesy", "empathy", "patience", "ownership", "professionalism")

DimensionId = Literal["courtesy", "empathy", "patience", "ownership", "professionalism"]


class _Dimension(RuleModel):
    id: DimensionId
    name: Words
    start: float
    anchors: dict[int, Words]


class _Measured(RuleModel):
    id: str
    dimension: DimensionId
    name: Words
    effect: float


class _Behaviour(_Measured):
    where: Literal["opening", "closing"] | None = None
    whole: bool = False
    answers_openings: bool = False
    void_near: str | None = None
    cites: tuple[str, ...] = ()
    phrases: Wording = Wording()
    unless: Wording = Wording()


class _Reported(RuleModel):
    cues: Wording
    unless: Wording
    denials: Wording


class _Lexicon(RuleModel):
    id: str
    version: int
    dimensions: list[_Dimension]
    behaviours: list[_Behaviour]
    measured: list[_Measured]
    reported: _Reported
    question_words: Wording
    openings: Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One dimension: ``start`` is its value when nothing of the lexicon occurs; ``anchors`` describe 1 to 5."""

    id: str
    name: Text
    start: float
    anchors: Mapping[int, Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One observable behaviour of the agent with its wording in one language.

    ``effect``: points on the 1-5 scale of its first occurrence. ``where``: only among the agent's first or last
    utterances. ``whole``: the phrase must be the whole utterance. ``answers_openings``: counts only after an opening.
    ``void_near``: does not count where that other behaviour stands in the same or the next utterance of the agent.
    ``unless``: longer, harmless wordings inside which a phrase does not count.
    """

    id: str
    dimension: str
    effect: float
    where: str | None
    whole: bool
    answers_openings: bool
    void_near: str | None
    phrases: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttitudeLexicon:
    """The lexicon in one language. ``names`` holds the names of all behaviours; ``measured`` effects by id."""

    language: str
    dimensions: tuple[Dimension, ...]
    behaviours: tuple[Behaviour, ...]
    reported: ReportedWording
    question_words: tuple[Phrase, ...]
    openings: tuple[Phrase, ...]
    measured: Mapping[str, float]
    names: Mapping[str, Text]


@cache
def attitude_lexicon(language: str, path: Path = LEXICON) -> AttitudeLexicon:
    """Read the lexicon of ``zh`` or ``en``.

    Raises
    ------
    ConfigurationError
        With file, line and key, when the file is wrong.
    """
    read = parse_document(read_yaml(path), _Lexicon, ConfigurationError)
    return AttitudeLexicon(
        language=language,
        dimensions=tuple(
            Dimension(
                id=each.id,
                name=each.name.text,
                start=each.start,
                anchors={points: words.text for points, words in each.anchors.items()},
            )
            for each in read.dimensions
        ),
        behaviours=tuple(_behaviour(each, language) for each in read.behaviours),
        reported=ReportedWording(
            cues=prepare_phrases(read.reported.cues.of(language)),
            unless=prepare_phrases(read.reported.unless.of(language)),
            denials=prepare_phrases(read.reported.denials.of(language)),
        ),
        question_words=prepare_phrases(read.question_words.of(language)),
        openings=prepare_phrases(read.openings.of(language)),
        measured={each.id: each.effect for each in read.measured},
        names={each.id: each.name.text for each in (*read.behaviours, *read.measured)},
    )


def find_lexicon(language: str) -> AttitudeLexicon | None:
    """Return the lexicon for a language tag such as ``zh-CN``, None when there is none."""
    primary = written_language(language)
    return attitude_lexicon(primary) if primary in LANGUAGES else None


def _behaviour(each: _Behaviour, language: str) -> Behaviour:
    lists = word_lists(language)
    phrases = (*each.phrases.of(language), *(phrase for name in each.cites for phrase in lists[name]))
    excuses = (*each.unless.of(language), *(phrase for name in each.cites for phrase in excuses_of(name, language)))
    return Behaviour(
        id=each.id,
        dimension=each.dimension,
        effect=each.effect,
        where=each.where,
        whole=each.whole,
        answers_openings=each.answers_openings,
        void_near=each.void_near,
        phrases=prepare_phrases(phrases),
        unless=prepare_phrases(excuses),
    )
