"""The words that personal data is recognised by."""

from __future__ import annotations

from functools import cache

from qa_pipeline.errors import ConfigurationError
from qa_pipeline.resources import SHIPPED, read_yaml
from qa_pipeline.resources.schema import RuleModel, parse_document

LEXICON = SHIPPED / "lexicons" / "personal.yaml"


class ChineseWords(RuleModel):
    """Surnames, characters of names, places; see the comments of the file."""

    double_surnames: str
    surnames: str
    given: str
    sounds: str
    no_names: str
    never_given: str
    spelled: str
    provinces: str
    cities: str


class EnglishWords(RuleModel):
    """Names that are hardly another word, words that are no names, states."""

    given: str
    surnames: str
    doubtful: str
    no_names: str
    states: str


class PersonalLexicon(RuleModel):
    """The whole file."""

    zh: ChineseWords
    en: EnglishWords


@cache
def personal_lexicon() -> PersonalLexicon:
    """Return the shipped lexicon."""
    return parse_document(read_yaml(LEXICON), PersonalLexicon, ConfigurationError)


def characters(listed: str) -> str:
    """Return the characters of a list for use between the brackets of a pattern."""
    return "".join(sorted(set(listed) - set(" \n，")))


def alternatives(listed: str) -> str:
    """Return the words of a list as alternatives of a pattern, longer ones first."""
    return "|".join(sorted(set(listed.split()), key=lambda word: (-len(word), word)))
