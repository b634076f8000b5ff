"""What customers contact the company for, found without labels: groups of alike openings with readable names."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from qa_pipeline.ports import TextEmbedder
from qa_pipeline.report.cells import csv_text
from qa_pipeline.services.topics.grouping import OTHER, TEXTS_MIN, group_texts
from qa_pipeline.services.topics.naming import name_groups
from qa_pipeline.services.topics.openings import Opening
from qa_pipeline.services.topics.words import words_of

QUOTE_CHARACTERS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An opening in its topic; ``likeness``: to the middle of the topic, at most 1."""

    opening: Opening
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A group of alike openings, the most typical first.

    ``share``: of all openings of the language. ``months``: month -> how many, where the contacts are of several.
    """

    name: str
    share: float
    members: tuple[Member, ...]
    months: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Topics of one language, the largest first. ``other``: openings that are like no group.

    ``topics`` is empty where there are fewer than ``needed`` openings.
    """

    language: str
    count: int
    topics: tuple[Topic, ...]
    other: tuple[Opening, ...]

    needed: int = TEXTS_MIN

    @property
    def too_few(self) -> bool:
        """Whether there are too few openings to find topics in."""
        return self.count < self.needed


def find_topics(
    openings: Sequence[Opening], embedder: TextEmbedder, *, count: int | None = None, seed: int = 0
) -> tuple[Topics, ...]:
    """Return the topics of each language that occurs; the same openings and seed give the same topics.

    `count` fixes the number of topics; without it the openings decide.
    """
    languages = sorted({each.language for each in openings})
    return tuple(
        _topics_of([each for each in openings if each.language == language], language, embedder, count, seed)
        for language in languages
    )


def _topics_of(
    openings: Sequence[Opening], language: str, embedder: TextEmbedder, count: int | None, seed: int
) -> Topics:
    if len(openings) < TEXTS_MIN:
        return Topics(language=language, count=len(openings), topics=(), other=tuple(openings))
    openings, words = _telling_part(openings, language)
    likeness = embedder.embed([each.text for each in openings], language)
    grouping = group_texts(with_words(likeness, words), count=count, seed=seed)
    names = name_groups(words, grouping.group.tolist(), grouping.count)
    months = {each.period for each in openings if each.period}
    topics = []
    for number, name in enumerate(names):
        rows = np.flatnonzero(grouping.group == number)
        rows = rows[np.argsort(-grouping.likeness[rows], kind="stable")]
        members = tuple(
            Member(opening=openings[int(row)], likeness=round(float(grouping.likeness[row]), 4)) for row in rows
        )
        counts = Counter(member.opening.period for member in members)
        trend = {month: counts[month] for month in sorted(months)} if len(months) > 1 else {}
        shown = name or _quoted(members[0].opening.text, number)
        topics.append(Topic(name=shown, share=len(rows) / len(openings), members=members, months=trend))
    other = tuple(openings[int(row)] for row in np.flatnonzero(grouping.group == OTHER))
    return Topics(language=language, count=len(openings), topics=tuple(topics), other=other)


def _telling_part(openings: Sequence[Opening], language: str) -> tuple[Sequence[Opening], Sequence[Sequence[str]]]:
    """Return the openings cut after the utterance with which they hold two different telling words, and the words."""
    lines = [each.text.splitlines() for each in openings]
    flat = iter(words_of([line for each in lines for line in each], language))
    kept, words = [], []
    for opening, said in zip(openings, lines, strict=True):
        told = [next(flat) for _ in said]
        until = next(
            (end for end in range(1, len(said)) if len({word for part in told[:end] for word in part}) > 1), len(said)
        )
        kept.append(replace(opening, text="\n".join(said[:until])))
        words.append([word for part in told[:until] for word in part])
    return kept, words


def with_words(likeness: npt.NDArray[np.float32], words: Sequence[Sequence[str]]) -> npt.NDArray[np.float32]:
    """Return vectors of which one half is the likeness and the other the telling words by tf-idf, rows of length 1.

    Likeness alone groups how people speak ("may I ask"), words alone miss what is said otherwise. A text without a
    telling word has no vector.
    """
    counts = Counter(word for said in words for word in set(said))
    places = {word: place for place, word in enumerate(sorted(word for word, count in counts.items() if count > 1))}
    told = np.zeros((len(words), len(places)), dtype=np.float32)
    for row, said in enumerate(words):
        for word in set(said) & places.keys():
            told[row, places[word]] = np.log((1 + len(words)) / (1 + counts[word])) + 1
    lengths = np.linalg.norm(told, axis=1, keepdims=True)
    told = np.divide(told, lengths, out=np.zeros_like(told), where=lengths > 0)
    return np.hstack([likeness * (lengths > 0), told]) * np.float32(np.sqrt(0.5))


def _quoted(text: str, number: int) -> str:
    """Return a name for a topic whose words tell nothing: its most typical text, and its number to be the only one."""
    return f"“{' '.join(text.split())[:QUOTE_CHARACTERS]}” ({number + 1})"


def labelled_table(found: Topics) -> bytes:
    """Return the openings with their topics as a CSV that a person corrects and training reads.

    Columns ``text``, ``category`` (empty for those of no topic), ``contact``; UTF-8 with byte order mark.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(("text", "category", "contact"))
    for topic in found.topics:
        for member in topic.members:
            writer.writerow((csv_text(member.opening.text), csv_text(topic.name), member.opening.contact_id))
    for opening in found.other:
        writer.writerow((csv_text(opening.text), "", opening.contact_id))
    return buffer.getvalue().encode("utf-8-sig")
