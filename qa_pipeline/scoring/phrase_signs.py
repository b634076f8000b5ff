"""Signs in phrases, and the sequences that a phrase with signs stands for.

``[name]`` is a slot that any few words fill, ``[name:20]`` one of at most 20; ``(please)`` may be left out;
``{wait|hold on}`` is one of several wordings. The last two may hold signs themselves, and full-width brackets mean the
same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from qa_pipeline.errors import N_, Message
from qa_pipeline.scoring.match_text import fold

VARIANTS_MAX = 64
SLOT_UNITS = 12
SLOT_UNITS_MAX = 40
_DEPTH_MAX = 5

_PLAIN_WIDTH = str.maketrans("［］【】（）｛｝｜", "[][](){}|")
_SIGNS = frozenset("[](){}|")
_CLOSING = {"[": "]", "(": ")", "{": "}"}


@dataclass(frozen=True, slots=True)
class Slot:
    """Room for at least `least` and at most `most` units; a unit is a Chinese character, a word, a number or a tag."""

    least: int = 1
    most: int = SLOT_UNITS


Piece = str | Slot
Variant = tuple[Piece, ...]


class PhraseSyntaxError(ValueError):
    """A sign in a phrase stands where it means nothing; its only argument is a `Message`."""


def write_out(phrase: str) -> tuple[Variant, ...]:
    """Return the sequences of fixed words and slots that a phrase stands for; one without signs is itself.

    No two fixed parts and no two slots stand beside each other.

    Raises
    ------
    PhraseSyntaxError
        For brackets that do not match, a slot without end, more than 64 wordings, or a wording without words.
    """
    plain = phrase.translate(_PLAIN_WIDTH)
    if _SIGNS.isdisjoint(plain):
        return ((phrase,),)
    variants = tuple(dict.fromkeys(_joined(variant) for variant in _Reader(plain).read()))
    if not all(any(isinstance(piece, str) and fold(piece).text for piece in variant) for variant in variants):
        raise _wrong(N_("“{phrase}” can be said without a word: leave some words outside [ ] and ( )"), phrase=phrase)
    return variants


def _wrong(message: str, **params: object) -> PhraseSyntaxError:
    return PhraseSyntaxError(Message(message, params))


def _joined(variant: Variant) -> Variant:
    """Return a sequence with neighbours of one kind made one, and parts without words left out."""
    texts: list[Piece] = []
    for piece in variant:
        if isinstance(piece, str) and texts and isinstance(texts[-1], str):
            texts[-1] += piece
        else:
            texts.append(piece)
    joined: list[Piece] = []
    for piece in texts:
        last = joined[-1] if joined else None
        if isinstance(piece, Slot) and isinstance(last, Slot):
            joined[-1] = Slot(last.least + piece.least, last.most + piece.most)
        elif isinstance(piece, Slot) or fold(piece).text:
            joined.append(piece)
    return tuple(joined)


class _Reader:
    """Reads one phrase from left to right; every sign is looked at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> list[Variant]:
        found = self._sequence("", 0)
        if self._at < len(self._text):
            raise _wrong(N_("“{sign}” has nothing to close or to part; remove it"), sign=self._text[self._at])
        return found

    def _sequence(self, ends: str, depth: int) -> list[Variant]:
        """Read up to one of the signs `ends`, which stays unread."""
        found: list[Variant] = [()]
        while self._at < len(self._text) and self._text[self._at] not in ends + ")]}|":
            parts = list(self._part(depth))
            if len(found) * len(parts) > VARIANTS_MAX:
                raise _wrong(N_("it stands for more than {most} wordings: write several phrases"), most=VARIANTS_MAX)
            found = [head + tail for head, tail in product(found, parts)]
        return found

    def _part(self, depth: int) -> Iterator[Variant]:
        sign = self._text[self._at]
        if sign not in _CLOSING:
            end = next((at for at in range(self._at, len(self._text)) if self._text[at] in _SIGNS), len(self._text))
            yield (self._text[self._at : end],)
            self._at = end
            return
        if depth == _DEPTH_MAX:
            raise _wrong(N_("brackets lie more than {most} deep in each other: write it flatter"), most=_DEPTH_MAX)
        self._at += 1
        if sign == "[":
            yield (self._slot(),)
        elif sign == "(":
            yield ()
            yield from self._sequence(")", depth + 1)
            self._close(sign)
        else:
            yield from self._sequence("|}", depth + 1)
            while self._text[self._at : self._at + 1] == "|":
                self._at += 1
                yield from self._sequence("|}", depth + 1)
            self._close(sign)

    def _slot(self) -> Slot:
        end = self._text.find("]", self._at)
        inside = self._text[self._at : end] if end >= 0 else ""
        if end < 0 or not _SIGNS.isdisjoint(inside):
            raise _wrong(N_("“{sign}” is not closed: write a slot as [name], without brackets inside"), sign="[")
        self._at = end + 1
        _, _, most = inside.replace("：", ":").partition(":")
        if not most.strip():
            return Slot()
        if not most.strip().isdecimal() or not 1 <= int(most) <= SLOT_UNITS_MAX:
            raise _wrong(
                N_("“{size}” is not the size of a slot: write a number from 1 to {most}, such as [name:20]"),
                size=most.strip()[:40],
                most=SLOT_UNITS_MAX,
            )
        return Slot(most=int(most))

    def _close(self, sign: str) -> None:
        if self._text[self._at : self._at + 1] != _CLOSING[sign]:
            raise _wrong(N_("“{sign}” is not closed: add “{closing}”"), sign=sign, closing=_CLOSING[sign])
        self._at += 1
