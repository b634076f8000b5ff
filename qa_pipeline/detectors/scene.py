"""A contact view made ready for many rules: folded once, split by who spoke and by what can be believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from qa_pipeline.detectors.verdict import Verdict, no_words, undetermined
from qa_pipeline.domain.contact import ContactKind, Role
from qa_pipeline.domain.transcript import TranscriptQuality, Utterance
from qa_pipeline.errors import N_
from qa_pipeline.ports import ContactView, JudgingModels
from qa_pipeline.scoring.attitude_lexicon import LANGUAGES, attitude_lexicon
from qa_pipeline.scoring.match import Passage
from qa_pipeline.scoring.match_text import Folded, fold, has_chinese
from qa_pipeline.scoring.pieces import pieces_of
from qa_pipeline.scoring.reported_speech import ReportedSpeech

# A longer pause ends a sentence.
SENTENCE_PAUSE_MAX_S = 1.5
# So much of each side of a seam is read; the longest phrases of the shipped lists have 40 characters.
SEAM_CHARACTERS = 60


class Speaker(StrEnum):
    """Whose words a rule looks at; ``any`` is everybody but recorded announcements."""

    AGENT = "agent"
    CUSTOMER = "customer"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of all utterances with their vectors, shape (n, d), of length 1.

    ``spans``: utterance index -> (row of the vectors, half-open span of its text) of each of its pieces.
    """

    vectors: npt.NDArray[np.float32]
    spans: Mapping[int, Sequence[tuple[int, tuple[int, int]]]]

    def of(self, utterance: int) -> Sequence[tuple[int, tuple[int, int]]]:
        """Return the rows and spans of the pieces of an utterance."""
        return self.spans.get(utterance, ())


@dataclass(frozen=True, slots=True)
class Seam:
    """Two utterances that may be one sentence, and the text from the one into the other.

    ``place``: of the first among what its speaker certainly said. ``cut``: characters of the first left out of the
    text. ``end``: where the first ends in the text; ``start``: where the second starts.
    """

    first: Utterance
    second: Utterance
    place: int
    text: str
    cut: int
    end: int
    start: int


class Scene:
    """One contact as the rules of one card see it, with models they may ask. Build it once per contact and card."""

    def __init__(self, view: ContactView, models: JudgingModels | None = None) -> None:
        self.view = view
        self.models = models or JudgingModels()
        self._passages: dict[tuple[str, Speaker], Passage] = {}
        self._seams: dict[Speaker, tuple[tuple[Seam, ...], Passage]] = {}

    @cached_property
    def _folded(self) -> dict[int, Folded]:
        return {utterance.index: fold(utterance.text) for utterance in self.view.utterances}

    @cached_property
    def pieces(self) -> Pieces | None:
        """The pieces of everything that was said, embedded in one batch; None where the site embeds nothing."""
        if self.models.embedder is None:
            return None
        spans: dict[int, list[tuple[int, tuple[int, int]]]] = {}
        texts: list[str] = []
        for said in self.view.utterances:
            for start, end in pieces_of(said.text):
                spans.setdefault(said.index, []).append((len(texts), (start, end)))
                texts.append(said.text[start:end])
        return Pieces(self.models.embedder.embed(texts, self.view.language), spans)

    @property
    def is_draft(self) -> bool:
        """Whether a phrase that was not heard may have been said all the same."""
        return self.view.quality is TranscriptQuality.DRAFT

    @property
    def timing_reliable(self) -> bool:
        """Whether who spoke when can be judged; messages of a chat carry their own times."""
        return self.view.timing_reliable or self.view.kind is ContactKind.CHAT

    def example_of(self, phrases: Sequence[str]) -> str:
        """Return the first phrase written as the contact's language is, for a reason that its reader can use."""
        is_chinese = self.view.language.startswith("zh")
        fitting = (phrase for phrase in phrases if has_chinese(phrase) == is_chinese)
        return next(fitting, phrases[0] if phrases else "")

    def said_by(self, speaker: Speaker) -> Passage:
        """Return what `speaker` certainly said and what can be evidence."""
        return self._passage("sure", speaker, lambda item: item.usable and _is_by(item, speaker))

    def doubtful_by(self, speaker: Speaker) -> Passage:
        """Return what `speaker` may have said: the speaker is unknown or the span cannot be evidence."""
        return self._passage("doubtful", speaker, lambda item: _may_be_by(item, speaker))

    def seams_of(self, speaker: Speaker) -> tuple[tuple[Seam, ...], Passage]:
        """Return where `speaker` goes on without pause in another utterance, as recognisers cut sentences in two.

        With them a passage, in which the text across each is one utterance.
        """
        if speaker not in self._seams:
            places = {item.index: place for place, item in enumerate(self.said_by(speaker).utterances)}
            seams = tuple(
                _seam(first, second, places[first.index])
                for first, second in pairwise(self.view.utterances)
                if first.index in places and second.index in places and _goes_on(first, second)
            )
            across = [replace(seam.first, text=seam.text, words=()) for seam in seams]
            self._seams[speaker] = seams, Passage.of(across)
        return self._seams[speaker]

    def reported_by(self, speaker: Speaker) -> ReportedSpeech:
        """Return where in what `speaker` certainly said words are quoted, told of somebody else or denied."""
        wordings = (attitude_lexicon(language).reported for language in LANGUAGES)  # languages are mixed in contacts
        return ReportedSpeech(self.said_by(speaker), *wordings)

    def cannot_judge_words(self, speaker: Speaker) -> Verdict | None:
        """Return why no rule about the words of `speaker` can be judged, None when it can."""
        if self.view.quality is TranscriptQuality.UNUSABLE:
            return undetermined(N_("The recognised text is too poor to judge words by."))
        if not self.view.utterances:
            return no_words()
        if not self.said_by(speaker).text and not self.doubtful_by(speaker).text:
            return no_words(N_("The party that this criterion is about says nothing in the transcript."))
        return None

    def _passage(self, name: str, speaker: Speaker, wanted: Callable[[Utterance], bool]) -> Passage:
        key = (name, speaker)
        if key not in self._passages:
            utterances = [item for item in self.view.utterances if wanted(item)]
            self._passages[key] = Passage(utterances, [self._folded[item.index] for item in utterances])
        return self._passages[key]


def _is_by(utterance: Utterance, speaker: Speaker) -> bool:
    if speaker is Speaker.ANY:
        return utterance.role is not Role.SYSTEM
    return utterance.role == speaker.value


def _may_be_by(utterance: Utterance, speaker: Speaker) -> bool:
    if _is_by(utterance, speaker):
        return not utterance.usable
    return speaker is not Speaker.ANY and utterance.role is Role.UNKNOWN


def _goes_on(first: Utterance, second: Utterance) -> bool:
    if first.role is not second.role:
        return False
    if first.end_s is None or second.start_s is None:
        return True
    return second.start_s - first.end_s <= SENTENCE_PAUSE_MAX_S


def _seam(first: Utterance, second: Utterance, place: int) -> Seam:
    said = first.text.rstrip()
    before = said[-SEAM_CHARACTERS:]
    between = "" if has_chinese(before[-1:]) else " "
    return Seam(
        first=first,
        second=second,
        place=place,
        text=before + between + second.text[:SEAM_CHARACTERS],
        cut=len(said) - len(before),
        end=len(before),
        start=len(before) + len(between),
    )
