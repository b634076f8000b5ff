"""What to practise for each kind of behaviour, read from the YAML files beside this module."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from qa_pipeline.errors import ConfigurationError
from qa_pipeline.resources import read_yaml
from qa_pipeline.resources.schema import RuleModel, Words, parse_document

FOLDER = Path(__file__).parent


class CoachingTopic(RuleModel):
    """One behaviour: which criteria it is about, what to do (`action`) and how to practise it.

    ``criteria`` and ``sections`` are patterns with ``*`` over the ids of a scorecard.
    """

    id: str
    criteria: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    action: Words
    practice: Words


class _File(RuleModel):
    topics: tuple[CoachingTopic, ...]
    general: CoachingTopic


@cache
def _library() -> _File:
    return parse_document(read_yaml(FOLDER / "behaviours.yaml"), _File, ConfigurationError)


def list_topics() -> Sequence[CoachingTopic]:
    """Return the topics in the order in which they are tried, without the general one."""
    return _library().topics


def topic_for(criterion_id: str, section_id: str) -> CoachingTopic:
    """Return the topic of a criterion: by its id, else by its section, else the general one."""
    by_id = (topic for topic in list_topics() if _fits(criterion_id, topic.criteria))
    by_section = (topic for topic in list_topics() if _fits(section_id, topic.sections))
    return next(by_id, None) or next(by_section, None) or _library().general


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
