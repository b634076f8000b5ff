"""From the lexicon file of a site to a Lexicon, with every mistake told by line, key and remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from qa_pipeline.domain.vocabulary import Lexicon, SpeechHints, Term
from qa_pipeline.errors import N_, LexiconError
from qa_pipeline.resources import Document, read_yaml
from qa_pipeline.resources.schema import RuleModel, located, validate
from qa_pipeline.scoring.match_text import has_chinese

HINT_TOKENS = 100
"""So much of a prompt, and of all hot words, reaches an engine."""

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class _Hints(RuleModel):
    prompt: Annotated[str, Field(max_length=1000)] = ""
    hot_words: tuple[Text, ...] = ()


class _Term(RuleModel):
    term: Text
    language: Literal["zh", "en"]
    heard: tuple[Text, ...] = ()
    queues: tuple[Text, ...] = ()


class _File(RuleModel):
    version: Literal[1]
    queues: dict[str, _Hints] = Field(default_factory=dict)
    terms: tuple[_Term, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconCheck:
    """What a check found: the lexicon when it has no errors, and what to think about."""

    path: Path
    lexicon: Lexicon | None
    errors: tuple[LexiconError, ...] = ()
    warnings: tuple[LexiconError, ...] = ()


def read_lexicon(path: Path) -> Lexicon:
    """Read the lexicon of a site; one without a file has no words of its own.

    Raises
    ------
    LexiconError
        The first mistake in the file; its hint says how to see the others.
    """
    if not path.exists():
        return Lexicon()
    check = check_lexicon(path)
    if check.lexicon is not None:
        return check.lexicon
    first = check.errors[0]
    if len(check.errors) > 1:
        first.hint = N_("This file has {count} mistakes; see all of them with: callqa lexicon check {path}")
        first.params |= {"count": len(check.errors), "path": str(path)}
    raise first


def check_lexicon(path: Path) -> LexiconCheck:
    """Return everything that is wrong with a lexicon file, and what to think about, in the order of its lines."""
    try:
        document = read_yaml(path, LexiconError)
    except LexiconError as error:
        return LexiconCheck(path=path, lexicon=None, errors=(error,))
    file, problems = validate(document, _File, LexiconError)
    if file is None:
        return LexiconCheck(path=path, lexicon=None, errors=tuple(problems))
    errors = tuple(sorted(_wrong_terms(document, file), key=lambda error: error.row or 0))
    if errors:
        return LexiconCheck(path=path, lexicon=None, errors=errors)
    return LexiconCheck(path=path, lexicon=_build(file), warnings=tuple(_long_hints(document, file)))


def _wrong_terms(document: Document, file: _File) -> Iterator[LexiconError]:
    owners = {(term.language, _key(term.term)): index for index, term in reversed(list(enumerate(file.terms)))}
    heard_by: dict[tuple[str, str], int] = {}
    for index, term in enumerate(file.terms):
        keys = ("terms", index)
        if owners[term.language, _key(term.term)] != index:
            yield located(
                document,
                LexiconError,
                (*keys, "term"),
                N_("The term {term} stands twice."),
                hint=N_("Keep one of the two, with the spellings and queues of both."),
                term=term.term,
            )
        wordings = [((*keys, "term"), term.term), *(((*keys, "heard", n), text) for n, text in enumerate(term.heard))]
        for place, text in wordings:
            if len(_key(text)) < 2:
                yield located(
                    document,
                    LexiconError,
                    place,
                    N_("{text} is one character; it would be put into many other words."),
                    hint=N_("Write the whole word, of two characters or more."),
                    text=text,
                )
        for number, text in enumerate(term.heard):
            place = (*keys, "heard", number)
            wording = (term.language, _key(text))
            if wording in owners:
                yield located(
                    document,
                    LexiconError,
                    place,
                    N_("{text} is itself a term, so it cannot be a wrong spelling of {term}."),
                    hint=N_("Take it out of one of the two places."),
                    text=text,
                    term=term.term,
                )
            elif heard_by.setdefault(wording, index) != index:
                yield located(
                    document,
                    LexiconError,
                    place,
                    N_("{text} is a wrong spelling of both {first} and {term}."),
                    hint=N_("Keep it with one of the two."),
                    text=text,
                    first=file.terms[heard_by[wording]].term,
                    term=term.term,
                )


def _long_hints(document: Document, file: _File) -> Iterator[LexiconError]:
    for queue, hints in file.queues.items():
        for key, text in (("prompt", hints.prompt), ("hot_words", ", ".join(hints.hot_words))):
            tokens = estimated_tokens(text)
            if tokens > HINT_TOKENS:
                yield located(
                    document,
                    LexiconError,
                    ("queues", queue, key),
                    N_("{key} of {queue} has about {tokens} tokens; engines hear the first {limit}."),
                    hint=N_("Put the words that matter first, or take some out."),
                    key=key,
                    queue=queue,
                    tokens=tokens,
                    limit=HINT_TOKENS,
                )


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a hint has: 1.5 for a Chinese character, a third for any other character."""
    chinese = sum(map(has_chinese, text))
    return round(1.5 * chinese + (len(text) - chinese) / 3)


def _build(file: _File) -> Lexicon:
    return Lexicon(
        terms=tuple(
            Term(text=term.term, language=term.language, heard=term.heard, queues=term.queues) for term in file.terms
        ),
        queues={
            name: SpeechHints(prompt=hints.prompt, hot_words=hints.hot_words) for name, hints in file.queues.items()
        },
    )


def _key(text: str) -> str:
    return "".join(text.casefold().split())
