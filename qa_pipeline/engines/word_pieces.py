"""From the pieces that recognisers write (characters, SentencePiece or byte-pair pieces) to words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qa_pipeline.engines.utterances import is_unspaced

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of text; a leading space begins a word. ``probability``: 0-1, None when the engine gives none."""

    text: str
    start_s: float
    end_s: float
    probability: float | None = None


Heard = tuple[str, float, float, float | None]
"""A word: text with its leading space, start, end, probability."""


def words_of(pieces: Iterable[Piece]) -> list[Heard]:
    """Return the words that pieces make up.

    A word begins at a space and wherever a script without spaces is involved, so Chinese gives a word per piece.
    Punctuation belongs to the word before it and takes no time of its own. The probability of a word is the mean over
    its pieces, None when one has none.
    """
    groups: list[list[Piece]] = []
    for piece in pieces:
        if not piece.text.strip():
            continue
        if groups and _continues(groups[-1][-1].text, piece.text):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return [_word(group) for group in groups]


def _continues(before: str, text: str) -> bool:
    if all(map(is_punctuation, text.strip())):
        return True
    if text[0].isspace() or before[-1].isspace():
        return False
    return not is_unspaced(text[0]) and not is_unspaced(before[-1])


def _word(group: Sequence[Piece]) -> Heard:
    known = [piece.probability for piece in group if piece.probability is not None]
    mean = sum(known) / len(known) if len(known) == len(group) else None
    spoken = [piece for piece in group if not _is_mark(piece)] or group
    return "".join(piece.text for piece in group), group[0].start_s, max(piece.end_s for piece in spoken), mean


def _is_mark(piece: Piece) -> bool:
    return all(map(is_punctuation, piece.text.strip()))


def is_punctuation(character: str) -> bool:
    """Whether a character is a mark between words."""
    return unicodedata.category(character).startswith("P")


def joined_bytes(pieces: Sequence[Piece]) -> list[Piece]:
    """Join pieces such as ``<0xE4>``, which byte-level models write for rare characters, to characters."""
    found: list[Piece] = []
    pending: list[Piece] = []
    for piece in pieces:
        if _BYTE.fullmatch(piece.text):
            pending.append(piece)
            continue
        found.extend(_characters(pending))
        pending = []
        found.append(piece)
    return found + _characters(pending)


def _characters(pending: Sequence[Piece]) -> list[Piece]:
    """Return the characters that a run of bytes spells; bytes that spell none are left out."""
    found: list[Piece] = []
    run: list[Piece] = []
    for piece in pending:
        run.append(piece)
        data = bytes(int(part.text[3:5], 16) for part in run)
        try:
            text = data.decode()
        except UnicodeDecodeError:
            continue
        known = [part.probability for part in run if part.probability is not None]
        found.append(
            Piece(
                text=text,
                start_s=run[0].start_s,
                end_s=run[-1].end_s,
                probability=sum(known) / len(known) if len(known) == len(run) else None,
            )
        )
        run = []
    return found


def punctuate(words: Sequence[Heard], punctuated: str) -> list[Heard]:
    """Return words with the marks that a punctuation model put between them.

    Parameters
    ----------
    punctuated
        The text of the words with marks added. Where it differs in anything but marks and spaces, the words come back
        as they were: a punctuation model has no say in what was heard.
    """
    texts = [text for text, *_ in words]
    places = [(at, character) for at, text in enumerate(texts) for character in text if not character.isspace()]
    marks = [""] * len(words)
    cursor = 0
    for character in punctuated:
        if cursor < len(places) and places[cursor][1] == character:
            cursor += 1
        elif is_punctuation(character) and cursor:
            marks[places[cursor - 1][0]] += character
        elif not character.isspace():
            return list(words)
    if cursor < len(places):
        return list(words)
    return [(word[0] + mark, *word[1:]) for word, mark in zip(words, marks, strict=True)]
