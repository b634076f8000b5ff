"""Long contacts in pieces: how many tokens words take, where a transcript is cut, and one opinion from many."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.engines.judge_prompt import line_of
from qa_pipeline.errors import N_
from qa_pipeline.ports import Answer, Opinion

OVERLAP_RATIO = 0.15
"""Share of a window that stands in the next one too, so that a question and its answer meet in one of them."""

# Tokens by the kind of characters: tokenizers of today take 0.6 to 1.3 for a Chinese character and about one for five
# Latin letters; marks of punctuation that stand together are one. The figure is for estimates and for cutting only.
_PIECES = re.compile(r"[A-Za-z]+|[0-9]+|[^\sA-Za-z0-9\u0080-\U0010ffff]+|[\u0080-\U0010ffff]")
_LETTERS_PER_TOKEN = 6
_DIGITS_PER_TOKEN = 3


def count_tokens(text: str) -> int:
    """Return about how many tokens a text takes; docs/judge.md says how near that comes."""
    return sum(_tokens_of(piece) for piece in _PIECES.findall(text))


def estimated_tokens(asked: Sequence[Mapping[str, str]]) -> int:
    """Return about how many tokens the messages of one request take."""
    return sum(count_tokens(message["content"]) for message in asked)


def _tokens_of(piece: str) -> int:
    if piece[0].isascii() and piece[0].isalpha():
        return -(-len(piece) // _LETTERS_PER_TOKEN)
    if piece[0].isascii() and piece[0].isdigit():
        return -(-len(piece) // _DIGITS_PER_TOKEN)
    return 1


def cut(utterances: Sequence[Utterance], window_tokens: int) -> list[Sequence[Utterance]]:
    """Return the windows of a transcript in order, each of at most `window_tokens`, together all of it.

    Neighbours share some utterances. An utterance that is longer by itself is a window of its own.
    """
    costs = [count_tokens(line_of(item)) + 1 for item in utterances]
    windows: list[Sequence[Utterance]] = []
    start = 0
    while start < len(utterances):
        end, filled = start, 0
        while end < len(utterances) and (end == start or filled + costs[end] <= window_tokens):
            filled += costs[end]
            end += 1
        windows.append(utterances[start:end])
        if end == len(utterances):
            break
        start = _next_start(costs, start, end, window_tokens)
    return windows


def _next_start(costs: Sequence[int], start: int, end: int, window_tokens: int) -> int:
    """Return where the next window begins: as far back as the overlap goes, yet past this start and with room."""
    shared, place = 0, end
    while place - 1 > start and shared + costs[place - 1] <= window_tokens * OVERLAP_RATIO:
        place -= 1
        shared += costs[place]
    # A window that could not take the next utterance beside the overlap would end where this one ends.
    return place if shared + costs[end] <= window_tokens else end


def merged(opinions: Sequence[Opinion]) -> Opinion:
    """Return one opinion over all windows of a contact, each quote verified already.

    One window that shows the statement is enough for yes, the surest one; no needs every window. Where one window
    takes the same utterance for what another takes it against, nobody can tell.
    """
    if not opinions:
        return Opinion(answer=Answer.CANNOT_TELL, confidence=0.0)
    yes = [item for item in opinions if item.answer is Answer.YES]
    no = [item for item in opinions if item.answer is Answer.NO]
    if yes:
        if _places(yes) & _places(no):
            return Opinion(
                answer=Answer.CANNOT_TELL,
                confidence=0.0,
                quotes=yes[0].quotes,
                problem=Reason(message=N_("The judge reads the same words in two ways.")),
            )
        return max(yes, key=lambda item: item.confidence)
    if len(no) < len(opinions):
        return next(item for item in opinions if item.answer is Answer.CANNOT_TELL)
    least_sure = min(no, key=lambda item: item.confidence)
    shown = next((item for item in no if item.quotes), least_sure)
    return Opinion(answer=Answer.NO, confidence=least_sure.confidence, reason=shown.reason, quotes=shown.quotes)


def _places(opinions: Sequence[Opinion]) -> set[int]:
    return {place for item in opinions for place, _ in item.quotes}
