"""Two parties on one channel: the words of a transcript given to two voices, and the voices to agent and customer."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from qa_pipeline.audio.windows import speech_windows
from qa_pipeline.domain.contact import Contact, Role
from qa_pipeline.domain.diarization import RELIABLE_FROM, SpeakerSpan
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.listening import ChannelLayout, Listening
from qa_pipeline.domain.transcript import SpeakerTurn, Transcript, TranscriptQuality, Utterance
from qa_pipeline.engines.diarizers import diarizer_spec, get_diarizer
from qa_pipeline.engines.options import SpeechOptions
from qa_pipeline.engines.roles import agent_of
from qa_pipeline.engines.utterances import mean_confidence

SPEAKERS_VERSION = "1"
"""Raise it when the same words and turns would give other utterances or roles."""

_ONE_CHANNEL = (ChannelLayout.MONO, ChannelLayout.DUAL_MONO)
_PARTIES = (Role.AGENT, Role.CUSTOMER)

Piece = tuple[int, Utterance]  # a speaker, 0 or 1, and what is said


def speakers_spec(contact: Contact, options: SpeechOptions) -> EngineSpec | None:
    """Return the identity of what tells the voices of a contact apart, None for one that needs it not.

    How many channels a single recording has is not known before it is listened to, so it counts as one that may.

    Raises
    ------
    EngineError, ConfigurationError
        The diarizer that was asked for is not installed or lacks its models.
    """
    if len(contact.audio) != 1 or contact.audio[0].role is not None:
        return None
    spec = diarizer_spec(options.diarization)
    params = (("speakers", SPEAKERS_VERSION),)
    if spec is None:
        return EngineSpec(kind="diarization", name="none", version="", params=params)
    return replace(spec, params=spec.params + params)


def with_speakers(
    transcript: Transcript, contact: Contact, listening: Listening | None, options: SpeechOptions
) -> Transcript:
    """Return the transcript of a recording with one channel with its two speakers told apart.

    Transcripts that know who speaks, and those of other recordings, come back as they are. Where the voices lie too
    close together only `turns` and the confidence are added: words are not given to speakers that may be one.

    Raises
    ------
    EngineError, ConfigurationError
        The diarizer that was asked for cannot start.
    """
    if listening is None or not _needs_speakers(transcript, listening):
        return transcript
    diarizer = get_diarizer(options.diarization)
    if diarizer is None:
        return transcript
    found = diarizer.diarize(speech_windows(contact, listening, options.listen))
    told = replace(
        transcript,
        roles_by="none",
        diarizer=found.engine,
        diarization_confidence=found.confidence,
        turns=tuple(turns_of(found.spans, listening.channels[0].spans)),
    )
    if found.confidence < RELIABLE_FROM or not told.turns:
        return told
    return _with_roles(told, found.spans)


def _needs_speakers(transcript: Transcript, listening: Listening) -> bool:
    return (
        listening.layout in _ONE_CHANNEL
        and all(channel.role is Role.UNKNOWN for channel in listening.channels)
        and not any(item.role in _PARTIES for item in transcript.utterances)
        and all(item.start_s is not None and item.end_s is not None for item in transcript.utterances)
    )


def turns_of(spans: Iterable[SpeakerSpan], speech: Sequence[tuple[float, float]]) -> Iterator[SpeakerTurn]:
    """Yield what lies of the spans in the speech itself: they are of windows, which are padded around it."""
    starts = [start for start, _ in speech]
    for span in spans:
        at = max(0, bisect_right(starts, span.start_s) - 1)
        while at < len(speech) and speech[at][0] < span.end_s:
            start_s, end_s = max(span.start_s, speech[at][0]), min(span.end_s, speech[at][1])
            if end_s > start_s:
                yield SpeakerTurn(role=Role.UNKNOWN, start_s=start_s, end_s=end_s, speaker=span.speaker)
            at += 1


def _with_roles(transcript: Transcript, spans: Sequence[SpeakerSpan]) -> Transcript:
    pieces = split_by_speaker(transcript.utterances, spans)
    agent = None
    if transcript.quality is not TranscriptQuality.UNUSABLE:
        said = [[item.text for speaker, item in pieces if speaker == one and item.usable] for one in (0, 1)]
        agent = agent_of(said[0], said[1])
    roles = {agent: Role.AGENT, 1 - agent: Role.CUSTOMER} if agent is not None else {}
    return replace(
        transcript,
        roles_by="none" if agent is None else "diarization",
        turns=tuple(replace(turn, role=roles.get(turn.speaker, Role.UNKNOWN)) for turn in transcript.turns),
        utterances=tuple(
            replace(item, index=index, role=roles.get(speaker, item.role) if item.role is Role.UNKNOWN else item.role)
            for index, (speaker, item) in enumerate(pieces)
        ),
    )


def split_by_speaker(utterances: Sequence[Utterance], spans: Sequence[SpeakerSpan]) -> list[Piece]:
    """Split utterances where the speaker changes; a word belongs to the one who speaks for most of it.

    An utterance without word times stays whole.
    """
    speaker_of = _Clock(spans).speaker_of
    pieces: list[Piece] = []
    for item in utterances:
        assert item.start_s is not None and item.end_s is not None
        speakers = [speaker_of(word.start_s, word.end_s) for word in item.words]
        pieces += _parts(item, speakers, speaker_of(item.start_s, item.end_s))
    return pieces


def _parts(item: Utterance, speakers: Sequence[int], whole: int) -> Iterator[Piece]:
    """Yield speaker and text of each run of words of one speaker."""
    places = item.word_spans()
    if not places or len(set(speakers)) == 1:
        yield speakers[0] if places else whole, item
        return
    runs = [list(run) for _, run in groupby(range(len(speakers)), key=lambda at: speakers[at])]
    for number, run in enumerate(runs):
        # Punctuation goes with the words before it.
        start = places[run[0]][0] if number else 0
        end = places[runs[number + 1][0]][0] if number + 1 < len(runs) else len(item.text)
        words = tuple(item.words[at] for at in run)
        part = replace(
            item,
            text=item.text[start:end].rstrip(),
            start_s=words[0].start_s,
            end_s=words[-1].end_s,
            words=words,
            confidence=mean_confidence(words) or item.confidence,
        )
        yield speakers[run[0]], part


class _Clock:
    """Who speaks at a time, by spans that do not overlap."""

    def __init__(self, spans: Sequence[SpeakerSpan]) -> None:
        self._spans = sorted(spans, key=lambda span: span.start_s)
        self._starts = [span.start_s for span in self._spans]

    def speaker_of(self, start_s: float, end_s: float) -> int:
        """Return who speaks for most of a stretch; where nobody does, who speaks nearest to it."""
        at = max(0, bisect_right(self._starts, start_s) - 1)
        spoken = [0.0, 0.0]
        near = self._spans[at : at + 2]
        while at < len(self._spans) and self._spans[at].start_s < end_s:
            span = self._spans[at]
            spoken[span.speaker] += max(0.0, min(end_s, span.end_s) - max(start_s, span.start_s))
            at += 1
        if max(spoken) > 0:
            return int(spoken[1] > spoken[0])
        return min(near, key=lambda span: max(span.start_s - end_s, start_s - span.end_s)).speaker


def speakers_of(transcript: Transcript) -> list[int | None]:
    """Return for each utterance which voice says it, 0 or 1; None where the voices were not told apart reliably."""
    confidence = transcript.diarization_confidence
    if not transcript.turns or confidence is None or confidence < RELIABLE_FROM:
        return [None] * len(transcript.utterances)
    clock = _Clock(
        [SpeakerSpan(speaker=turn.speaker, start_s=turn.start_s, end_s=turn.end_s) for turn in transcript.turns]
    )
    return [
        None if item.start_s is None or item.end_s is None else clock.speaker_of(item.start_s, item.end_s)
        for item in transcript.utterances
    ]
