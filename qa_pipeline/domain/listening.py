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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelActivity:
    """Speech of one channel: spans in seconds from the start of the call, sorted, not overlapping."""

    role: Role
    spans: tuple[tuple[float, float], ...]
    speech_db: float | None = None  # mean level of speech in dBFS, None without speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Result of the listen stage.

    ``channels`` has one entry per party channel after dual-mono is folded, in channel order.
    ``narrow_band`` is True for telephone speech (rate at most 11,025 Hz or no energy above 4.3 kHz).
    ``errors_count`` counts packets that did not decode.
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

    @property
    def timing_reliable(self) -> bool:
        """Whether who-spoke-when can be judged: one party per channel."""
        return self.layout in (ChannelLayout.STEREO, ChannelLayout.PAIR)

    @property
    def speech_s(self) -> float:
        """Seconds of speech, summed over the channels."""
        return sum(end - start for channel in self.channels for start, end in channel.spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Measured facts of the conversation. None = not measurable for this contact; never a default number.

    Ratios are 0-1 of the duration; rates are characters per minute of own speech (zh) or words per minute (other).
    ``agent_interruptions_count``: the agent starts while the customer has spoken >= 1 s and goes on >= 0.5 s after,
    with >= 0.5 s of overlap. ``response_latency_s``: median gap from the end of a customer turn to the agent's start.
    For chats, latencies come from message times, ``duration_s`` from first to last message.
    """

    duration_s: float | None = None
    agent_talk_s: float | None = None
    customer_talk_s: float | None = None
    agent_talk_ratio: float | None = None  # agent's share of all talk
    silence_ratio: float | None = None
    longest_silence_s: float | None = None
    longest_silence_start_s: float | None = None
    overlap_ratio: float | None = None
    agent_interruptions_count: int | None = None
    longest_agent_monologue_s: float | None = None
    first_agent_speech_s: float | None = None
    response_latency_s: float | None = None
    agent_speech_rate: float | None = None
    customer_speech_rate: float | None = None
