"""Finding all personal data of a conversation: the finders in their order, and who wins where two meet.

What a checksum or a form proves goes first, then what words around it name, then what only looks like it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.privacy import addresses, codes, life_dates, names_en, names_zh
from qa_pipeline.privacy.digits import DigitRun, digit_runs, numbers_in, repeated_parts
from qa_pipeline.privacy.kinds import Kind, Span
from qa_pipeline.privacy.passage import Passage, passage_of, plain_text

_REPLY_TURNS = 2
_REPEATED_NEAR = 240  # characters of one speaker and the other: some five turns
_CODE_MIN_DIGITS = 3
_KNOWN_MIN_LETTERS = 3
_CODE_UNIT = re.compile(r"\s?(?:元|块|天|分钟|个|次|位|点|号|月|年|岁|days?|dollars?|minutes?|times)")
_RECOGNISED = frozenset({Kind.NAME, Kind.ACCOUNT, Kind.ORDER, Kind.SECRET})
_SPELLED = re.compile(r"的|旁|头|(?<![A-Za-z])[A-Za-z][\s,.-]")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]{2}|[A-Za-z][\s,.-][A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalSpan:
    """One piece of personal data; ``parts``: (utterance index, span in its text), several when it goes over turns."""

    kind: Kind
    parts: tuple[tuple[int, Span], ...]


class _Found:
    """Personal data found so far, without overlap: of what comes later only what is still free is kept."""

    def __init__(self, utterances: Sequence[Utterance]) -> None:
        self.spans: list[PersonalSpan] = []
        self._taken = {utterance.index: bytearray(len(utterance.text)) for utterance in utterances}
        self._texts = {utterance.index: utterance.text for utterance in utterances}

    def add(self, passage: Passage, spans: Iterable[Span]) -> None:
        """Add spans of a passage."""
        for span in spans:
            parts = tuple(piece for index, part in passage.parts(span) for piece in self._free(index, part))
            if parts:
                self.spans.append(PersonalSpan(kind=span.kind, parts=parts))

    def _free(self, index: int, part: Span) -> Iterator[tuple[int, Span]]:
        taken, text = self._taken[index], self._texts[index]
        if 1 not in taken[part.start : part.end]:
            taken[part.start : part.end] = b"\x01" * (part.end - part.start)
            yield index, part
        elif part.kind not in (Kind.NAME, Kind.STAFF_ID):
            # Half of a number must not stay because the other half was taken for something else.
            for free in re.finditer(rb"\x00+", taken[part.start : part.end]):
                start, end = part.start + free.start(), part.start + free.end()
                if _tells(text[start:end], part.kind):
                    taken[start:end] = b"\x01" * (end - start)
                    yield index, Span(start, end, part.kind)


def _tells(piece: str, kind: Kind) -> bool:
    """Return whether what is left of a span beside others still tells something."""
    if kind is Kind.ADDRESS:
        return any(char.isdigit() for char in piece) or _CHINESE.search(piece) is not None
    return any(char.isalnum() for char in piece)


def find_personal_data(
    utterances: Sequence[Utterance], tags: re.Pattern[str], known: Sequence[str] = ()
) -> tuple[PersonalSpan, ...]:
    """Return all personal data of a conversation, each once, without overlap; a dictation over several turns is one.

    Parameters
    ----------
    utterances
        In order, ``index`` being the place.
    tags
        Marks that stand for personal data already; never part of a span.
    known
        Names and references that are personal data wherever they are said.
    """
    plain = {utterance.index: plain_text(utterance.text, tags) for utterance in utterances}
    whole = passage_of(utterances, plain, joining=False)
    spoken = [passage_of([said for said in utterances if said.role is role], plain, joining=True) for role in Role]
    spoken = [passage for passage in spoken if passage.utterances]
    runs = [tuple(digit_runs(passage.text)) for passage in spoken]
    numbers = [tuple(numbers_in(passage.text, found)) for passage, found in zip(spoken, runs, strict=True)]
    found = _Found(utterances)
    found.add(whole, codes.find_proven(whole.text))
    for passage, own in zip(spoken, numbers, strict=True):
        found.add(passage, (span for span, _ in own if span.kind is not Kind.NUMBER))
    found.add(whole, _known(whole.text, known))
    found.add(whole, codes.find_codes(whole.text))
    found.add(whole, life_dates.find_life_dates(whole.text))
    replies = _Replies(whole)
    found.add(whole, replies.to(life_dates.questions_for_birth(whole.text), life_dates.find_birth_reply))
    _add_addresses(found, whole, replies)
    for passage, own in zip(spoken, numbers, strict=True):
        found.add(passage, (span for span, _ in own if span.kind is Kind.NUMBER))
    _add_short_numbers(found, whole, spoken, runs, numbers)
    _add_names(found, whole, replies)
    found.add(whole, _said_again(whole, found.spans))
    return tuple(found.spans)


class _Replies:
    """Who answers what: the turns of another speaker right after a question."""

    def __init__(self, whole: Passage) -> None:
        self.whole = whole

    def to(self, questions: Iterable[int], find: Callable[[str, int, int], Iterator[Span]]) -> Iterator[Span]:
        """Yield what a finder finds in the replies to questions at places of the text."""
        for number in sorted({reply for place in questions for reply in self.numbers_after(place)}):
            start = self.whole.starts[number]
            yield from find(self.whole.text, start, start + len(self.whole.utterances[number].text))

    def numbers_after(self, place: int) -> Iterator[int]:
        """Yield which utterances answer a question at a place."""
        utterances = self.whole.utterances
        asking = self.whole.place_of(place)
        for number in range(asking + 1, min(asking + 1 + _REPLY_TURNS, len(utterances))):
            if utterances[number].role is not utterances[asking].role or utterances[asking].role is Role.UNKNOWN:
                yield number


def _known(text: str, known: Sequence[str]) -> Iterator[Span]:
    for word in known:
        kind = Kind.NUMBER if any(char.isdigit() for char in word) else Kind.NAME
        for form, is_exact in _forms(word):
            pattern = rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])"
            for match in re.finditer(pattern, text, 0 if is_exact else re.IGNORECASE):
                yield Span(match.start(), match.end(), kind)


def _said_again(whole: Passage, spans: Sequence[PersonalSpan]) -> Iterator[Span]:
    """Yield where names and codes that were found once are said again without the words that gave them away."""
    said: dict[str, Kind] = {}
    for span in spans:
        if span.kind in _RECOGNISED:
            index, part = span.parts[0]
            base = whole.starts[index]
            said.setdefault(whole.text[base + part.start : base + part.end], span.kind)
    for word, kind in said.items():
        if kind is Kind.NAME:
            if len(word) > 1 and not _SPELLED.search(word):
                yield from _known(whole.text, [word])
                yield from _parts_again(whole.text, word)
        elif len(word) > _KNOWN_MIN_LETTERS:
            yield from (Span(match.start(), match.end(), kind) for match in re.finditer(re.escape(word), whole.text))


def _parts_again(text: str, name: str) -> Iterator[Span]:
    """Yield the first or last name where it is said alone, written as before."""
    for part in name.split():
        if len(part) >= _KNOWN_MIN_LETTERS and part.isascii() and not _english_names().is_word(part):
            for match in re.finditer(rf"(?<![A-Za-z0-9'])(?:{re.escape(part)})(?![A-Za-z0-9])", text):
                yield Span(match.start(), match.end(), Kind.NAME)


def _forms(word: str) -> Iterator[tuple[str, bool]]:
    """Yield how a name may be said, and whether its capitals matter: parts may be other words (Will, Mark)."""
    name = word.strip()
    if _CHINESE.search(name):
        yield name, False
        if len(name) == 3:
            yield name[1:], False
    elif len(name) >= _KNOWN_MIN_LETTERS:
        yield name, " " not in name and name.isalpha()
        for part in name.split():
            if len(part) >= _KNOWN_MIN_LETTERS and part.isalpha():
                yield part.capitalize(), True


def _add_addresses(found: _Found, whole: Passage, replies: _Replies) -> None:
    questions = sorted(set(addresses.questions_for_addresses(whole.text)))
    for hint, find, reply in (
        (addresses.CHINESE_HINT, addresses.find_chinese, addresses.find_chinese_reply),
        (addresses.ENGLISH_HINT, addresses.find_english, addresses.find_english_reply),
    ):
        hinted = whole.only(hint)
        found.add(hinted, find(hinted.text))
        found.add(whole, replies.to(questions, reply))


def _add_short_numbers(
    found: _Found,
    whole: Passage,
    spoken: Sequence[Passage],
    runs: Sequence[Sequence[DigitRun]],
    numbers: Sequence[Sequence[tuple[Span, str]]],
) -> None:
    """Add numbers too short to show themselves: parts said again, and codes that somebody asked for."""
    replies = _Replies(whole)
    asked: dict[int, Kind] = {}
    for place, kind in codes.questions_for_codes(whole.text):
        for number in replies.numbers_after(place):
            asked[whole.utterances[number].index] = kind
    said = sorted(
        (_whole_place(whole, passage, span.start), digits)
        for passage, own in zip(spoken, numbers, strict=True)
        for span, digits in own
    )
    if not said and not asked:
        return
    for passage, own in zip(spoken, runs, strict=True):
        moved = [
            (_whole_place(whole, passage, run.start), run) for run in own if len(run.digits) < 2 * _CODE_MIN_DIGITS
        ]
        again = set(repeated_parts(moved, said, _REPEATED_NEAR))
        for _, run in moved:
            found_kind = (
                Kind.NUMBER if run in again else asked.get(passage.utterances[passage.place_of(run.start)].index)
            )
            if found_kind and len(run.digits) >= _CODE_MIN_DIGITS and not _is_counted(passage.text, run):
                found.add(passage, [Span(run.start, run.end, found_kind)])


def _is_counted(text: str, run: DigitRun) -> bool:
    return _CODE_UNIT.match(text, run.end) is not None or text[max(0, run.start - 1) : run.start] in (
        "$",
        "¥",
        "￥",
        "£",
        "€",
    )


def _whole_place(whole: Passage, passage: Passage, place: int) -> int:
    """Return the place in the whole text of a place in one speaker's text."""
    number = passage.place_of(place)
    return whole.starts[passage.utterances[number].index] + place - passage.starts[number]


@cache
def _chinese_names() -> names_zh.ChineseNames:
    return names_zh.ChineseNames()


@cache
def _english_names() -> names_en.EnglishNames:
    return names_en.EnglishNames()


def _add_names(found: _Found, whole: Passage, replies: _Replies) -> None:
    questions = sorted({*names_zh.questions_for_names(whole.text), *names_en.questions_for_names(whole.text)})
    if _CHINESE.search(whole.text):
        finder = _chinese_names()
        beside = [other for other in found.spans if other.kind in (Kind.PHONE, Kind.ADDRESS)]
        found.add(whole, finder.find(whole.text))
        found.add(whole, replies.to(questions, finder.find_reply))
        for other in beside:
            index, part = other.parts[0]
            base = whole.starts[index]
            found.add(whole, finder.find_beside(whole.text, Span(base + part.start, base + part.end, part.kind)))
    latin = whole.only(_LATIN)
    if latin.text:
        # Whole names that were asked for go before the parts of them that lists know.
        found.add(whole, replies.to(questions, _english_names().find_reply))
        found.add(latin, _english_names().find(latin.text))
