"""What to practise for each kind of behaviour and indicator, read from the YAML files beside this module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from qa_pipeline.domain.coaching_plan import GapKind
from qa_pipeline.errors import ConfigurationError
from qa_pipeline.resources import read_yaml
from qa_pipeline.resources.schema import RuleModel, Words, parse_document

FOLDER = Path(__file__).parent


class CoachingTopic(RuleModel):
    """One behaviour: which criteria or indicators it is about, what to do (`action`), how to practise it, an if-then.

    ``criteria`` and ``sections`` are patterns with ``*`` over the ids of a scorecard, ``indicators`` are ids.
    """

    id: str
    criteria: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    action: Words
    practice: Words
    if_then: Words


class KindOfGap(RuleModel):
    """How to tell a kind of gap from the others (`cue`), and what helps (`step`)."""

    id: GapKind
    cue: Words
    step: Words


class _Topics(RuleModel):
    topics: tuple[CoachingTopic, ...]
    general: CoachingTopic


class _Kinds(RuleModel):
    kinds: tuple[KindOfGap, ...]


@cache
def _topics(name: str) -> _Topics:
    return parse_document(read_yaml(FOLDER / f"{name}.yaml"), _Topics, ConfigurationError)


def list_topics() -> Sequence[CoachingTopic]:
    """Return the topics of criteria in the order in which they are tried, without the general one."""
    return _topics("behaviours").topics


def list_indicator_topics() -> Sequence[CoachingTopic]:
    """Return the topics of indicators, without the general one."""
    return _topics("indicators").topics


def topic_for(criterion_id: str, section_id: str) -> CoachingTopic:
    """Return the topic of a criterion: by its id, else by its section, else the general one."""
    by_id = (topic for topic in list_topics() if _fits(criterion_id, topic.criteria))
    by_section = (topic for topic in list_topics() if _fits(section_id, topic.sections))
    return next(by_id, None) or next(by_section, None) or _topics("behaviours").general


def topic_for_indicator(indicator_id: str) -> CoachingTopic:
    """Return the topic of an indicator, the general one where one person's behaviour hardly moves it."""
    found = (topic for topic in list_indicator_topics() if indicator_id in topic.indicators)
    return next(found, None) or _topics("indicators").general


@cache
def kinds_of_gap() -> Mapping[GapKind, KindOfGap]:
    """Return what is said of each kind of gap."""
    found = parse_document(read_yaml(FOLDER / "kinds.yaml"), _Kinds, ConfigurationError)
    return {one.id: one for one in found.kinds}


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
