"""Words of a contact: utterances of one speaker in one span, and the ordered whole."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.diarization import RELIABLE_FROM

_PARTIES = (Role.AGENT, Role.CUSTOMER)


class TranscriptQuality(StrEnum):
    """How far the words can be trusted as evidence."""

    TRUSTED = "trusted"  # imported, typed, or recognised with good confidence
    DRAFT = "draft"  # a phrase that was recognised may be believed, a phrase that was not proves nothing
    UNUSABLE = "unusable"  # no criterion may hang on these words


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One recognised word; confidence 0-1 or None when the engine gives none."""

    text: str
    start_s: float
    end_s: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Words of one speaker in one span.

    ``start_s``/``end_s`` are seconds from the start of the contact, None in transcripts without times.
    ``confidence`` is the mean over words, 0-1, None when unknown.
    ``usable`` is False for a span that failed the checks against invented text: it cannot be evidence.
    """

    index: int
    role: Role
    text: str
    start_s: float | None = None
    end_s: float | None = None
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    usable: bool = True

    def word_spans(self) -> tuple[tuple[int, int], ...] | None:
        """Return the half-open span in ``text`` of each word, None when the words do not make up the text."""
        spans: list[tuple[int, int]] = []
        place = 0
        for word in self.words:
            written = word.text.strip()
            start = self.text.find(written, place)
            if start < 0:
                return None
            place = start + len(written)
            spans.append((start, place))
        return tuple(spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A wording that the site's lexicon replaced: `heard` stood where `term` stands now.

    ``start`` is the place of the term in the text of utterance ``utterance``. ``similarity``: 0-1, 1 for a wording
    that the lexicon lists. ``words`` are the words that were merged into word ``first_word`` of the utterance; without
    words there are none.
    """

    utterance: int
    start: int
    heard: str
    term: str
    similarity: float
    first_word: int = 0
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerTurn:
    """Who spoke when on one shared channel, by diarisation; seconds from the start of the call.

    ``speaker``: 0 or 1, in the order of their first turns; tells the two apart where the role is UNKNOWN.
    """

    role: Role
    start_s: float
    end_s: float
    speaker: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLanguage:
    """What an engine took the language of a channel for; ``probability`` is its own for the sound alone, 0-1."""

    channel: int
    language: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The ordered whole with language and provenance; utterance ``index`` equals its place in the tuple.

    ``engine`` is an engine key such as ``pocketsphinx@5.1.1`` or ``import:vtt``.
    ``roles_swapped`` is True when the text showed the channel map to be the wrong way round and it was turned.
    ``roles_by`` says what the roles rest on: "channel", "metadata", "labels", "activity", "text", "diarization"
    or "none".
    ``turns``, ``diarizer`` and ``diarization_confidence`` (0-1) are of a mono recording whose speakers were told apart.
    ``corrections`` are those that the site's lexicon made, in order; they can be undone.
    ``languages``: of every channel, where an engine detected it; ``language`` is the one that most was spoken in.
    """

    language: str
    engine: str
    quality: TranscriptQuality
    utterances: tuple[Utterance, ...]
    confidence: float | None = None
    roles_by: str = "none"
    roles_swapped: bool = False
    turns: tuple[SpeakerTurn, ...] = ()
    diarizer: str = ""
    diarization_confidence: float | None = None
    corrections: tuple[Correction, ...] = ()
    languages: tuple[ChannelLanguage, ...] = ()

    @property
    def turns_reliable(self) -> bool:
        """Whether `turns` tell well enough who spoke when: the voices lie far apart, and each has a role."""
        return (
            bool(self.turns)
            and self.diarization_confidence is not None
            and self.diarization_confidence >= RELIABLE_FROM
            and all(turn.role in _PARTIES for turn in self.turns)
        )
