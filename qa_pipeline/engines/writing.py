"""Recognised Chinese in the form that people write: simplified, with full-width punctuation, without inner spaces.

Punctuation that an engine does not give is not made up: pauses already end utterances, and matching sees none of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from opencc import OpenCC

from qa_pipeline.domain.transcript import Word
from qa_pipeline.ports import Recognition, RecognizedSpan

WRITING_VERSION = "2"
"""Part of every identity of recognised words: raise it when they come out written otherwise."""

_HAN = "\u3400-\u9fff"
_FULL_WIDTH = dict(zip(",.?!;:", "，。？！；：", strict=True))
_HALF_WIDTH_MARK = re.compile(rf"([{_HAN}]\s*)([,.?!;:])(?=[{_HAN}\s]|$)")
_MARKS = "，。？！；：、"
_INNER_SPACE = re.compile(rf"(?<=[{_HAN}{_MARKS}])\s+(?=[{_HAN}{_MARKS}])|(?<=[{_MARKS}])\s+|\s+(?=[{_MARKS}])")


def written(recognition: Recognition) -> Recognition:
    """Return a recognition with its Chinese tidied; channels in other languages are left as they came.

    Traditional characters become simplified ones, ASCII marks after a Chinese character full-width ones, spaces
    between Chinese characters go. The text of a span stays made of its words, in order.
    """
    spoken = {channel.channel: channel.language for channel in recognition.languages}
    return replace(
        recognition,
        spans=tuple(
            _tidied(span) if spoken.get(span.channel, recognition.language).split("-")[0] == "zh" else span
            for span in recognition.spans
        ),
    )


def _tidied(span: RecognizedSpan) -> RecognizedSpan:
    text = simplified(span.text)
    text = _HALF_WIDTH_MARK.sub(lambda mark: mark[1] + _FULL_WIDTH[mark[2]], text)
    dropped = {place for space in _INNER_SPACE.finditer(text) for place in range(*space.span())}
    kept = ["" if place in dropped else char for place, char in enumerate(text)]
    words = tuple(
        replace(word, text="".join(kept[start : start + len(word.text)]).strip()) for word, start in _word_starts(span)
    )
    return replace(span, text="".join(kept), words=words)


def _word_starts(span: RecognizedSpan) -> Iterator[tuple[Word, int]]:
    place = 0
    for word in span.words:
        place = span.text.index(word.text, place)
        yield word, place
        place += len(word.text)


def simplified(text: str) -> str:
    """Return `text` in simplified characters, as many as before, so that places in it stay true."""
    converted = str(_converter().convert(text))
    # A phrase may come out longer or shorter; its characters one by one never do.
    return converted if len(converted) == len(text) else "".join(map(_simplified_character, text))


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


@cache
def _simplified_character(char: str) -> str:
    converted = str(_converter().convert(char))
    return converted if len(converted) == 1 else char
