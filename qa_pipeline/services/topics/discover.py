"""What customers contact the company for, found without labels: groups of alike openings with readable names."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

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
    texts = [each.text for each in openings]
    grouping = group_texts(embedder.embed(texts, language), count=count, seed=seed)
    names = name_groups(words_of(texts, language), grouping.group.tolist(), grouping.count)
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
