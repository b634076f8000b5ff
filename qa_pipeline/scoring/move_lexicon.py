"""The lexicon of service moves: who may make each, the wording that shows it, and the names that tables give them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import ConfigurationError
from qa_pipeline.resources import SHIPPED, read_yaml
from qa_pipeline.resources.schema import RuleModel, Words, parse_document
from qa_pipeline.scoring.languages import written_language
from qa_pipeline.scoring.match import Phrase, prepare_phrases
from qa_pipeline.scoring.match_text import fold
from qa_pipeline.scoring.word_lists import Wording

LEXICON = SHIPPED / "lexicons" / "moves.yaml"
LANGUAGES = ("zh", "en")
_AGENT = frozenset({Role.AGENT})


class _Move(RuleModel):
    id: MoveKind
    name: Words
    who: Literal["agent", "customer", "both"]
    phrases: Wording
    agent_phrases: Wording = Wording()
    unless: Wording = Wording()
    whole: Wording = Wording()


class _Lexicon(RuleModel):
    id: str
    version: int
    moves: list[_Move]
    acts: dict[str, MoveKind | list[MoveKind] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveWording:
    """Wording that shows a move, said by one of ``who``, in one language.

    ``whole`` matches folded text that is made of such words alone.
    """

    move: MoveKind
    who: frozenset[Role]
    phrases: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    whole: re.Pattern[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a dialogue act of a table says of the moves: those it shows, and those it leaves open."""

    moves: frozenset[MoveKind] = frozenset()
    open: frozenset[MoveKind] = frozenset()


@cache
def _lexicon() -> _Lexicon:
    return parse_document(read_yaml(LEXICON), _Lexicon, ConfigurationError)


@cache
def move_wording(language: str) -> tuple[MoveWording, ...]:
    """Return the wording of every move in ``zh`` or ``en``, in the order of the lexicon."""
    return tuple(
        MoveWording(
            move=each.id,
            who=who,
            phrases=prepare_phrases(phrases),
            unless=prepare_phrases(each.unless.of(language)),
            whole=_whole(whole, language),
        )
        for each in _lexicon().moves
        for who, phrases, whole in (
            (makers(each.id), each.phrases.of(language), each.whole.of(language)),
            (_AGENT, each.agent_phrases.of(language), ()),
        )
        if phrases or whole
    )


def has_wording(language: str) -> bool:
    """Whether moves are known in the language of a tag such as ``zh-CN``."""
    return written_language(language) in LANGUAGES


@cache
def move_names() -> Mapping[MoveKind, Text]:
    """Return the names of all moves."""
    return {each.id: each.name.text for each in _lexicon().moves}


@cache
def makers(move: MoveKind) -> frozenset[Role]:
    """Return who may make a move; somebody unknown may be anybody."""
    who = next(each.who for each in _lexicon().moves if each.id is move)
    parties = (Role.AGENT, Role.CUSTOMER) if who == "both" else (Role(who),)
    return frozenset((*parties, Role.UNKNOWN))


@cache
def known_acts() -> Mapping[str, Act]:
    """Return what every known act means, by its name in lower case: shipped names, ids and names of the moves."""
    acts: dict[str, Act] = {}
    for each in _lexicon().moves:
        for name in (each.id.value, each.name.zh, each.name.en):
            acts[name.casefold()] = Act(moves=frozenset({each.id}))
    for name, meant in _lexicon().acts.items():
        if isinstance(meant, list):
            acts[name] = Act(open=frozenset(meant))
        else:
            acts[name] = Act(moves=frozenset() if meant is None else frozenset({meant}))
    return acts


def _whole(phrases: Sequence[str], language: str) -> re.Pattern[str] | None:
    if not phrases:
        return None
    folded = sorted({text for phrase in phrases if (text := fold(phrase).text)}, key=len, reverse=True)
    words = "|".join(re.escape(phrase) for phrase in folded)
    # Possessive: a long row of such words that ends in another is given up at once.
    return re.compile(f"(?:{words})++" if language == "zh" else f"(?:(?:{words})(?: |$))++")
