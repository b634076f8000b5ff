"""The anger lexicon: words by which customers show anger, what excuses them, and words that hand over others' words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from qa_pipeline.errors import ConfigurationError
from qa_pipeline.resources import SHIPPED, read_yaml
from qa_pipeline.resources.schema import RuleModel, parse_document
from qa_pipeline.scoring.match import Phrase, prepare_phrases
from qa_pipeline.scoring.reported_speech import ReportedWording
from qa_pipeline.scoring.word_lists import Wording

LEXICON = SHIPPED / "lexicons" / "anger.yaml"


class _Lexicon(RuleModel):
    id: str
    version: int
    phrases: Wording
    unless: Wording
    reported: Wording
    denied: Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class AngerLexicon:
    """The lexicon of all its languages: a customer swears in either."""

    phrases: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    reported: ReportedWording


@cache
def anger_lexicon(path: Path = LEXICON) -> AngerLexicon:
    """Read the lexicon.

    Raises
    ------
    ConfigurationError
        With file, line and key, when the file is wrong.
    """
    read = parse_document(read_yaml(path), _Lexicon, ConfigurationError)
    return AngerLexicon(
        phrases=prepare_phrases([*read.phrases.zh, *read.phrases.en]),
        unless=prepare_phrases([*read.unless.zh, *read.unless.en]),
        reported=ReportedWording(
            cues=prepare_phrases([*read.reported.zh, *read.reported.en]),
            unless=(),
            denials=prepare_phrases([*read.denied.zh, *read.denied.en]),
        ),
    )
