"""What listening to a recording finds before any word is recognised."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qa_pipeline.domain.contact import Role


class ChannelLayout(StrEnum):
    """How the parties lie on the channels."""

    STEREO = "stereo"  # one party per channel of one file
    PAIR = "pair"  # one party per file
    MONO = "mono"  # both parties on one channel
    DUAL_MONO = "dual_mono"  # two channels with the same content, so one channel of information


class AudioStatus(StrEnum):
    """How complete the recording is."""

    OK = "ok"
    TRUNCATED = "truncated"  # less than .95 of the length that the container states
    DAMAGED = "damaged"  # packets that did not decode


class SoundKind(StrEnum):
    """What is heard on a line besides voices."""

    DTMF = "dtmf"  # a key was pressed; which one is not kept, for it may be part of a card number
    CALL_PROGRESS = "call_progress"  # dial, ringing, busy and special information tones
    FAX = "fax"  # calling tone 1,100 Hz, answer tone 2,100 Hz, or the flags before a page
    TONE = "tone"  # any other steady tone
    MUSIC = "music"  # notes: lines of the spectrum that stand still one after the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A stretch of one channel (its place in ``Listening.channels``) that is no speech; seconds of the call."""

    kind: SoundKind
    channel: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelActivity:
    """Speech of one channel: spans in seconds from the start of the call, sorted, not overlapping.

    ``speech_db`` is the mean level of speech in dBFS, None without speech; ``thirds_db`` the same for each third of
    the call. ``waveform``: the loudest moment of each of up to 1,200 equal parts of the call, 0 (-60 dBFS or less) to
    100 (0 dBFS); empty in what was heard before version 4.
    """

    role: Role
    spans: tuple[tuple[float, float], ...]
    speech_db: float | None = None
    thirds_db: tuple[float | None, ...] = ()
    waveform: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Result of the listen stage.

    ``channels`` has one entry per party channel after dual-mono is folded, in channel order.
    ``narrow_band`` is True for telephone speech (rate at most 11,025 Hz or no energy above 5 kHz).
    ``errors_count`` counts packets that did not decode. ``sounds`` are in order of time.
    ``clocks_agree`` is False for two files that do not run together: by the cross-talk one lags, which ``lag_s`` tells
    (seconds that the second file is late at the start and at the end; None when there is too little cross-talk), or
    their lengths differ.
    """

    duration_s: float
    sample_rate_hz: int
    channel_count: int
    layout: ChannelLayout
    status: AudioStatus
    narrow_band: bool
    channels: tuple[ChannelActivity, ...]
    errors_count: int = 0
    stated_duration_s: float | None = None
    sounds: tuple[Sound, ...] = ()
    clocks_agree: bool = True
    lag_s: tuple[float, float] | None = None

    @property
    def parties_apart(self) -> bool:
        """Whether each party has a channel of its own."""
        return self.layout in (ChannelLayout.STEREO, ChannelLayout.PAIR)

    @property
    def timing_reliable(self) -> bool:
        """Whether who-spoke-when can be judged: one party per channel, on one clock."""
        return self.parties_apart and self.clocks_agree

    @property
    def speech_s(self) -> float:
        """Seconds of speech, summed over the channels."""
        return sum(end - start for channel in self.channels for start, end in channel.spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdFacts:
    """Facts of one third of the call, ``start_s`` to ``end_s``; the same definitions as in :class:`Facts`.

    Seconds and ratios are of what lies within; a count and a latency belong to the third in which they begin.
    """

    start_s: float
    end_s: float
    agent_talk_s: float | None = None
    customer_talk_s: float | None = None
    agent_talk_ratio: float | None = None
    silence_ratio: float | None = None
    overlap_ratio: float | None = None
    agent_overlaps_count: int | None = None
    customer_overlaps_count: int | None = None
    agent_interruptions_count: int | None = None
    customer_interruptions_count: int | None = None
    response_latency_s: float | None = None
    hold_s: float | None = None
    agent_speech_rate: float | None = None
    customer_speech_rate: float | None = None
    agent_speech_db: float | None = None
    customer_speech_db: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Measured facts of the conversation. None = not measurable for this contact; never a default number.

    Every definition stands in :mod:`qa_pipeline.audio.facts`. Ratios are 0-1 of the duration; rates are characters per
    minute of own speech (zh) or words per minute (other); ``_db`` is the mean level of own speech in dBFS. ``thirds``
    has three entries, or none where the contact has no duration, and for chats. For chats, latencies come from
    message times, ``duration_s`` from first to last message.
    """

    duration_s: float | None = None
    agent_talk_s: float | None = None
    customer_talk_s: float | None = None
    agent_talk_ratio: float | None = None  # agent's share of all talk
    silence_ratio: float | None = None
    longest_silence_s: float | None = None
    longest_silence_start_s: float | None = None
    overlap_ratio: float | None = None
    agent_overlaps_count: int | None = None  # stretches of overlap that the agent began
    agent_overlaps_s: float | None = None
    customer_overlaps_count: int | None = None
    customer_overlaps_s: float | None = None
    agent_interruptions_count: int | None = None
    customer_interruptions_count: int | None = None
    longest_agent_monologue_s: float | None = None
    longest_customer_monologue_s: float | None = None
    first_agent_speech_s: float | None = None
    response_latency_s: float | None = None  # median over the customer's turns that the agent answers
    longest_response_latency_s: float | None = None
    hold_count: int | None = None
    hold_s: float | None = None
    longest_hold_s: float | None = None
    longest_hold_start_s: float | None = None
    agent_speech_rate: float | None = None
    customer_speech_rate: float | None = None
    agent_speech_db: float | None = None
    customer_speech_db: float | None = None
    thirds: tuple[ThirdFacts, ...] = ()
