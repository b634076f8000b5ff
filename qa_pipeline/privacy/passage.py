"""The words of a conversation as one text, in which finders look; places lead back to utterances."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from qa_pipeline.characters import plain_characters
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.privacy.kinds import Span

# Runs may go on over the border between utterances of one speaker. Private-use characters, because the control
# characters made for separating count as spaces in regular expressions.
JOINT = "\ue000"
BREAK = "\ue001"

# A number dictated in groups goes on after the other side's "嗯" or "yes".
_NEXT_TURN_MAX = 2


@dataclass(frozen=True, slots=True)
class Passage:
    """Texts of utterances, plain and joined by one character each; ``starts``: where each begins."""

    text: str
    starts: tuple[int, ...]
    utterances: tuple[Utterance, ...]

    def place_of(self, place: int) -> int:
        """Return which of the utterances a place lies in."""
        return bisect_right(self.starts, place) - 1

    def parts(self, span: Span) -> Iterator[tuple[int, Span]]:
        """Yield the index of each utterance that a span touches, with the part in its own text."""
        for number in range(self.place_of(span.start), len(self.starts)):
            utterance, base = self.utterances[number], self.starts[number]
            if base >= span.end:
                break
            start = max(span.start, base)
            end = min(span.end, base + len(utterance.text))
            if start < end:
                yield utterance.index, Span(start - base, end - base, span.kind)

    def only(self, pattern: re.Pattern[str]) -> Passage:
        """Return the utterances that a pattern is found in, as a passage of their own."""
        kept = []
        for number, (start, said) in enumerate(zip(self.starts, self.utterances, strict=True)):
            if pattern.search(self.text, start, start + len(said.text)):
                kept.append(number)
        texts = {self.utterances[number].index: self._text_of(number) for number in kept}
        return passage_of([self.utterances[number] for number in kept], texts, joining=False)

    def _text_of(self, number: int) -> str:
        start = self.starts[number]
        return self.text[start : start + len(self.utterances[number].text)]


def passage_of(utterances: Sequence[Utterance], plain: Mapping[int, str], *, joining: bool) -> Passage:
    """Join utterances; `plain`: the plain text of each by its index. Only with `joining` may anything cross turns."""
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for number, utterance in enumerate(utterances):
        if number:
            near = joining and utterance.index - utterances[number - 1].index <= _NEXT_TURN_MAX
            parts.append(JOINT if near else BREAK)
            length += 1
        starts.append(length)
        parts.append(plain[utterance.index])
        length += len(utterance.text)
    return Passage("".join(parts), tuple(starts), tuple(utterances))


def plain_text(text: str, tags: re.Pattern[str]) -> str:
    """Return text as finders see it, character by character: digits of all scripts as 0-9, `tags` blanked."""
    return tags.sub(lambda tag: BREAK * len(tag.group()), text.translate(_plain_table()))


@cache
def _plain_table() -> dict[int, str]:
    digits: dict[int, str] = {}
    for code in (*range(0x80, 0x3400), *range(0xA000, 0x10000), *range(0x1D7CE, 0x1D800)):
        digit = unicodedata.digit(chr(code), None)
        if digit is not None:
            digits[code] = str(digit)
    formal = dict(zip(map(ord, "壹贰叁肆伍陆柒捌玖"), "一二三四五六七八九", strict=True))
    traditional = {code: formal[ord(new)] for code, new in plain_characters().items() if ord(new) in formal}
    # Text cannot break or join what it says itself.
    return plain_characters() | digits | formal | traditional | {ord(JOINT): " ", ord(BREAK): " "}
