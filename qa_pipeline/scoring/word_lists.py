"""The shipped lists of wording by name: those of the phrase files, and the classes of forbidden words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from qa_pipeline.errors import ConfigurationError
from qa_pipeline.resources import SHIPPED, read_yaml
from qa_pipeline.resources.schema import RuleModel, Words, parse_document

LANGUAGES = ("zh", "en")
FORBIDDEN = SHIPPED / "lexicons" / "forbidden.yaml"
_EXCUSES = "_unless"


class Wording(RuleModel):
    """Phrases in both languages; a list may be empty in one of them."""

    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()

    def of(self, language: str) -> tuple[str, ...]:
        """Return the phrases in ``zh`` or ``en``."""
        return self.zh if language == "zh" else self.en


class _Class(RuleModel):
    id: str
    name: Words
    phrases: Wording
    unless: Wording = Wording()


class _Forbidden(RuleModel):
    id: str
    version: int
    classes: list[_Class]


@cache
def word_lists(language: str) -> Mapping[str, tuple[str, ...]]:
    """Return every shipped list of ``zh`` or ``en``, such as ``greeting`` or ``forbidden_blaming``.

    A class of forbidden words gives two lists: its phrases, and under ``forbidden_blaming_unless`` the harmless
    wordings inside which they do not count.

    Raises
    ------
    ConfigurationError
        With file, line and key, when a file is wrong.
    """
    document = read_yaml(SHIPPED / "lexicons" / f"phrases_{language}.yaml")
    lists = {str(name): tuple(phrases) for name, phrases in document.data["lists"].items()}
    for each in parse_document(read_yaml(FORBIDDEN), _Forbidden, ConfigurationError).classes:
        lists[f"forbidden_{each.id}"] = each.phrases.of(language)
        lists[f"forbidden_{each.id}{_EXCUSES}"] = each.unless.of(language)
    return lists


def excuses_of(name: str, language: str) -> tuple[str, ...]:
    """Return the harmless wordings inside which phrases of the list `name` do not count."""
    return word_lists(language).get(f"{name}{_EXCUSES}", ())
