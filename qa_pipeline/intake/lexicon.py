"""The words that intake understands, from ``resources/lexicons/intake.yaml`` and ``speakers.yaml``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from qa_pipeline.domain.contact import Role
from qa_pipeline.resources import SHIPPED, read_yaml

_NOT_A_LETTER = re.compile(r"[\W\d_]+")
_HAN = re.compile(r"[\u3400-\u9fff]")


@lru_cache(maxsize=1)
def intake_words() -> Mapping[str, Any]:
    """Return the sections of ``intake.yaml``."""
    words: Mapping[str, Any] = read_yaml(SHIPPED / "lexicons" / "intake.yaml").data
    return words


@lru_cache(maxsize=1)
def _speaker_words() -> Mapping[str, Role]:
    data = read_yaml(SHIPPED / "lexicons" / "speakers.yaml").data
    return {folded_label(word): role for role in (Role.AGENT, Role.CUSTOMER, Role.SYSTEM) for word in data[role.value]}


def folded_label(label: str) -> str:
    """Return a speaker label without case, width, numbers and punctuation, words parted by one space."""
    return _NOT_A_LETTER.sub(" ", unicodedata.normalize("NFKC", label).casefold()).strip()


@lru_cache(maxsize=4096)
def find_role(label: str) -> Role | None:
    """Return whom a speaker label means: ``坐席``, ``Agent 8001``, ``客服小王``, ``Customer service``; None if unknown.

    The longest word of the lexicon that fits decides: ``客服机器人`` is the system, ``customer service`` the agent.
    """
    folded = folded_label(label)
    fitting = [word for word in _speaker_words() if _fits(word, folded)]
    return _speaker_words()[max(fitting, key=len)] if fitting else None


def find_role_of_word(word: str) -> Role | None:
    """Return the role of a text that is a speaker word and nothing more: ``agent`` but not ``agent acts``."""
    return _speaker_words().get(folded_label(word))


def _fits(word: str, label: str) -> bool:
    if _HAN.search(word):
        return label.startswith(word)
    return f" {word} " in f" {label} "
