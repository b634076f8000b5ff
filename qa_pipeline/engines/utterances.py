"""From recognised spans of every channel to the utterances of a transcript, on one clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import fsum

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Utterance, Word
from qa_pipeline.ports import RecognizedSpan

PAUSE_S = 0.8
"""A pause this long ends an utterance."""

_HAN_FROM = "⺀"  # CJK radicals and everything after: scripts and punctuation that are written without spaces
_HANGUL = ("가", "힣")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Words that stay together, with their exact text."""

    channel: int
    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...]
    usable: bool


def assemble(spans: Iterable[RecognizedSpan], roles: Sequence[Role]) -> tuple[Utterance, ...]:
    """Return utterances in order of their start.

    Words of one channel belong to one utterance until a pause of 0.8 s, or until the checks against invented text
    change their verdict. Speech of the other channel does not split: overlap is kept.

    Parameters
    ----------
    roles
        The role of each channel.
    """
    by_channel = sorted(spans, key=lambda span: (span.channel, span.start_s))
    joined = [
        utterance
        for _, group in groupby(by_channel, key=lambda span: span.channel)
        for utterance in _joined(piece for span in group for piece in _pieces(span))
    ]
    joined.sort(key=lambda piece: (piece.start_s, piece.channel))
    return tuple(_utterance(index, piece, roles) for index, piece in enumerate(joined))


def _pieces(span: RecognizedSpan) -> Iterator[_Piece]:
    """Split a span at its pauses; the text of each piece is cut out of the span's text."""
    whole = _Piece(
        channel=span.channel,
        start_s=span.start_s,
        end_s=span.end_s,
        text=span.text,
        words=span.words,
        usable=span.usable,
    )
    if not span.words:
        yield whole
        return
    cursor = 0
    for words in _between_pauses(span.words):
        begin = span.text.index(words[0].text, cursor)
        for word in words:
            cursor = span.text.index(word.text, cursor) + len(word.text)
        yield replace(whole, start_s=words[0].start_s, end_s=words[-1].end_s, text=span.text[begin:cursor], words=words)


def _between_pauses(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    first = 0
    for at in range(1, len(words)):
        if words[at].start_s - words[at - 1].end_s >= PAUSE_S:
            yield tuple(words[first:at])
            first = at
    yield tuple(words[first:])


def _joined(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    current: _Piece | None = None
    for piece in pieces:
        if current is None:
            current = piece
        elif piece.start_s - current.end_s < PAUSE_S and piece.usable == current.usable:
            current = replace(
                current,
                end_s=max(current.end_s, piece.end_s),
                text=join_text(current.text, piece.text),
                words=current.words + piece.words,
            )
        else:
            yield current
            current = piece
    if current is not None:
        yield current


def join_text(left: str, right: str) -> str:
    """Join two texts with a space, except where Chinese or Japanese meets."""
    if left and right and not (is_unspaced(left[-1]) or is_unspaced(right[0])):
        return f"{left} {right}"
    return left + right


def is_unspaced(character: str) -> bool:
    """Whether a character is of a script, or its punctuation, that is written without spaces."""
    return character >= _HAN_FROM and not _HANGUL[0] <= character <= _HANGUL[1]


def mean_confidence(words: Iterable[Word]) -> float | None:
    """Return the mean word confidence, 0-1, None when no word has one."""
    values = [word.confidence for word in words if word.confidence is not None]
    # Exact, so that the order in which words come, of a whole call or of its parts, changes no digit.
    return fsum(values) / len(values) if values else None


def _utterance(index: int, piece: _Piece, roles: Sequence[Role]) -> Utterance:
    return Utterance(
        index=index,
        role=roles[piece.channel],
        text=piece.text,
        start_s=piece.start_s,
        end_s=piece.end_s,
        confidence=mean_confidence(piece.words),
        words=piece.words,
        usable=piece.usable,
    )
