"""What the page of one contact shows beside the documents of the API: quoted words marked, sentiment as a curve."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from api.documents import ContactDocument, TranscriptDocument, UtteranceDocument
from qa_pipeline.domain.contact import Role
from qa_pipeline.report.data import ContactRow
from qa_pipeline.services.search import FoundContact, SearchHit

WIDTH, HEIGHT = 640.0, 110.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Part of an utterance; ``is_quoted`` when a finding rests on these words."""

    text: str
    is_quoted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One utterance in pieces."""

    said: UtteranceDocument
    pieces: tuple[Piece, ...]


def lines_of(transcript: TranscriptDocument, inspection: ContactRow | None) -> tuple[Line, ...]:
    """Return the transcript with the quotes of the findings marked."""
    quotes: dict[int, list[str]] = defaultdict(list)
    for finding in inspection.findings if inspection else ():
        for piece in finding.evidence:
            if piece.quote and piece.utterance is not None:
                quotes[piece.utterance].append(piece.quote)
    return tuple(
        Line(said=said, pieces=pieces_of(said.text, quotes.get(said.index, ()))) for said in transcript.utterances
    )


def pieces_of(text: str, quotes: Iterable[str]) -> tuple[Piece, ...]:
    """Cut a text so that every occurrence of a quote is its own piece; joined, the pieces are the text."""
    quoted = [False] * len(text)
    for quote in quotes:
        start = text.find(quote)
        while quote and start >= 0:
            quoted[start : start + len(quote)] = [True] * len(quote)
            start = text.find(quote, start + len(quote))
    pieces: list[Piece] = []
    begin = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or quoted[place] != quoted[begin]:
            pieces.append(Piece(text=text[begin:place], is_quoted=quoted[begin]))
            begin = place
    return tuple(pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursePoint:
    """Sentiment of one customer utterance; ``y`` 0 is +1, ``HEIGHT`` is -1."""

    x: float
    y: float
    said: UtteranceDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLine:
    """An utterance that holds words looked for, in pieces; those words are the quoted ones."""

    hit: SearchHit
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLines:
    """What was found in one contact and how many utterances more."""

    lines: tuple[FoundLine, ...]
    more_count: int


def found_in(found: FoundContact) -> FoundLines:
    """Return the utterances of a contact that were looked for, with the words marked."""
    lines = tuple(FoundLine(hit=hit, pieces=_marked(hit.text, hit.highlights)) for hit in found.hits)
    return FoundLines(lines=lines, more_count=found.hits_count - len(lines))


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    borders = sorted({0, len(text), *(border for span in spans for border in span)})
    return tuple(
        Piece(text=text[start:end], is_quoted=any(first <= start and end <= last for first, last in spans))
        for start, end in pairwise(borders)
    )


def turns_by_utterance(document: ContactDocument) -> Mapping[int, tuple[str, ...]]:
    """Return the events of the customer's course by the utterance that shows them."""
    found: dict[int, tuple[str, ...]] = {}
    for turn in document.turning_points:
        found[turn.utterance] = (*found.get(turn.utterance, ()), turn.event.value)
    return found


def sentiment_course(utterances: Sequence[UtteranceDocument]) -> tuple[CoursePoint, ...]:
    """Return the customer's sentiment over time, or over the order of utterances when one has no time.

    The customer's only: how staff feel is not measured.
    """
    judged = [said for said in utterances if said.role is Role.CUSTOMER and said.sentiment_score is not None]
    is_timed = all(said.start_s is not None for said in utterances)
    places = [(said.start_s or 0.0) if is_timed else float(said.index) for said in judged]
    last = max([*places, (utterances[-1].end_s or 0.0) if is_timed and utterances else float(len(utterances)), 1.0])
    return tuple(
        CoursePoint(
            x=round(WIDTH * place / last, 1), y=round(HEIGHT * (1 - (said.sentiment_score or 0.0)) / 2, 1), said=said
        )
        for place, said in zip(places, judged, strict=True)
    )
