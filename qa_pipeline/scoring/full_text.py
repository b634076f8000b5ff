"""Full-text search, independent of the database: the units and tokens of what was said, and queries over them.

Folded text (see `match_text`) is read as units: a Latin word, a number, or one character of any other script. A phrase
is found where its units follow each other, so a Chinese word is found wherever its characters stand, and a Latin word
only as a whole. Databases index tokens: Latin words, and each other character together with its neighbour, which makes
two-character words, the commonest queries, one look-up. What several tokens say is checked against the units, so every
database finds the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript
from qa_pipeline.errors import N_, InputError
from qa_pipeline.scoring.match_text import fold

QUERY_CHARACTERS_MAX = 300
TERMS_MAX = 20
# Of longer utterances only the beginning is indexed: a database row has its limits.
UNITS_MAX = 20_000
_WORD_MAX = 60

_UNIT = re.compile(r"[^\s\u0250-\U0010ffff]+|\S")
_CHARACTER = re.compile(r"[\u0250-\U0010ffff]")
_UNSAFE = re.compile(r"[^0-9a-z\u3400-\u9fff]")
_QUOTES = re.compile("[“”„‟＂「」『』]")
# Blanks and the signs that end a Chinese or English clause part words; what lies between items is skipped.
_ITEM = re.compile(r'(?P<minus>[-－−]?)(?:"(?P<phrase>[^"]*)(?P<closed>"?)|(?P<word>[^\s"\u3000，。、；！？;]+))')
_OR = frozenset({"OR", "|", "｜"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with its half-open span in the original text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchableUtterance:
    """A masked utterance as databases keep it for searching.

    ``words``: the units, each between spaces. ``tokens``: what is indexed, between spaces.
    """

    utterance: int
    role: Role
    start_s: float | None
    end_s: float | None
    text: str
    words: str
    tokens: str


@dataclass(frozen=True, slots=True)
class Token:
    """What an index looks up; ``is_prefix``: any token that begins so."""

    text: str
    is_prefix: bool


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase of a query as units; ``is_prefix``: its last unit may go on."""

    units: tuple[str, ...]
    is_prefix: bool

    @property
    def words(self) -> str:
        """What must occur in `SearchableUtterance.words`."""
        return f" {' '.join(self.units)}" + ("" if self.is_prefix else " ")

    @property
    def tokens(self) -> tuple[Token, ...]:
        """What must occur in the index, all of it."""
        found = [Token(_safe(text), False) for text in _tokens(self.units)]
        if not self.is_prefix and not _is_character(self.units[-1]):
            return tuple(found)
        # The neighbour of the last unit is not known; the pair before it says that the last one occurs.
        if len(found) > 1 and _is_character(self.units[-1]) and _is_character(self.units[-2]):
            return tuple(found[:-1])
        return (*found[:-1], Token(found[-1].text, True))

    @property
    def is_one_token(self) -> bool:
        """Whether the index alone tells where the term occurs."""
        return len(self.tokens) == 1 and len(self.units[0]) < _WORD_MAX

    def spans_in(self, units: Sequence[Unit]) -> Iterator[tuple[int, int]]:
        """Yield the half-open spans of the original text in which the term stands."""
        length = len(self.units)
        for place in range(len(units) - length + 1):
            here = [unit.text for unit in units[place : place + length]]
            ends_alike = here[-1].startswith(self.units[-1]) if self.is_prefix else here[-1] == self.units[-1]
            if ends_alike and tuple(here[:-1]) == self.units[:-1]:
                yield units[place].start, units[place + length - 1].end


@dataclass(frozen=True, slots=True)
class Clause:
    """One of the terms must occur in the contact, or none of them where ``is_excluded``."""

    any_of: tuple[Term, ...]
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All clauses must hold of a contact."""

    clauses: tuple[Clause, ...]

    @property
    def terms(self) -> tuple[Term, ...]:
        """What is looked for, without what must not occur."""
        return tuple(term for clause in self.clauses if not clause.is_excluded for term in clause.any_of)

    def spans_in(self, text: str) -> tuple[tuple[int, int], ...]:
        """Return the half-open spans of `text` that were looked for, in order, those that touch joined."""
        units = units_of(text)
        joined: list[tuple[int, int]] = []
        for start, end in sorted(span for term in self.terms for span in term.spans_in(units)):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return tuple(joined)


def units_of(text: str) -> tuple[Unit, ...]:
    """Return the units of a text."""
    folded = fold(text)
    return tuple(Unit(found.group(), *folded.original_span(*found.span())) for found in _UNIT.finditer(folded.text))


def searchable(transcript: Transcript) -> tuple[SearchableUtterance, ...]:
    """Return the utterances of a masked transcript that can be searched: usable ones with words."""
    made = []
    for said in transcript.utterances:
        units = tuple(unit.text for unit in units_of(said.text)[:UNITS_MAX]) if said.usable else ()
        if units:
            made.append(
                SearchableUtterance(
                    utterance=said.index,
                    role=said.role,
                    start_s=said.start_s,
                    end_s=said.end_s,
                    text=said.text.replace("\x00", " "),  # PostgreSQL takes no NUL in a text
                    words=f" {' '.join(units)} ",
                    tokens=" ".join(_safe(token) for token in _tokens(units)),
                )
            )
    return tuple(made)


def parse_query(text: str) -> Query:
    """Read a query: words that must all occur in a contact, ``"a phrase"``, ``a OR b``, ``-without``, ``begin*``.

    A Chinese word needs no quotes: its characters are looked for in their order. Quotes of any kind will do.

    Raises
    ------
    InputError
        Saying what to write instead, field ``query``.
    """
    if len(text) > QUERY_CHARACTERS_MAX:
        raise _wrong(N_("The query is longer than {most} characters."), most=QUERY_CHARACTERS_MAX)
    clauses: list[Clause] = []
    joins = False
    for item in _items(text):
        word = item["word"]
        if word in _OR and not item["minus"]:
            if joins or not clauses or clauses[-1].is_excluded:
                raise _wrong(N_("OR needs a word on either side, and none that must not occur."))
            joins = True
            continue
        term = _term(item["phrase"] if word is None else word, is_word=word is not None)
        if joins:
            if item["minus"]:
                raise _wrong(N_("OR needs a word on either side, and none that must not occur."))
            clauses[-1] = Clause((*clauses[-1].any_of, term))
            joins = False
        else:
            clauses.append(Clause((term,), bool(item["minus"])))
    if joins:
        raise _wrong(N_("OR needs a word on either side, and none that must not occur."))
    query = Query(tuple(clauses))
    if not query.terms:
        raise _wrong(N_("Say what to look for: a word, or a phrase in quotes."))
    if sum(len(clause.any_of) for clause in clauses) > TERMS_MAX:
        raise _wrong(N_("The query has more than {most} words and phrases."), most=TERMS_MAX)
    return query


def _items(text: str) -> Iterator[re.Match[str]]:
    for item in _ITEM.finditer(_QUOTES.sub('"', text.replace("\x00", " "))):
        if item["phrase"] is not None and not item["closed"]:
            raise _wrong(N_("A quote is opened and not closed."))
        yield item


def _term(written: str, *, is_word: bool) -> Term:
    units = tuple(unit.text for unit in units_of(written.rstrip("*") if is_word else written))
    if not units:
        raise _wrong(
            N_("There is nothing to look for in “{term}”: signs and sounds like 嗯 are not kept."), term=written
        )
    return Term(units, is_prefix=is_word and written.endswith("*") and not _is_character(units[-1]))


def _tokens(units: Sequence[str]) -> Iterator[str]:
    """Yield one token per unit: a word, or a character with the character that follows it."""
    for unit, following in zip(units, (*units[1:], ""), strict=True):
        is_pair = _is_character(unit) and following != "" and _is_character(following)
        yield unit + following if is_pair else unit[:_WORD_MAX]


def _is_character(unit: str) -> bool:
    return _CHARACTER.match(unit) is not None


def _safe(token: str) -> str:
    """Return a token of letters and Chinese characters alone, which every database keeps in one piece."""
    return _UNSAFE.sub(lambda char: f"u{ord(char.group()):x}", token)


def _wrong(message: str, **params: Any) -> InputError:
    return InputError(
        message,
        hint=N_('Write words, "phrases in quotes", a OR b, -word for what must not occur, begin* for a beginning.'),
        field="query",
        **params,
    )
