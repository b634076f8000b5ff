"""The listen stage: one streaming pass over a contact's recordings gives layout, state, speech spans and levels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from qa_pipeline.audio.channels import (
    FLOOR_DB,
    Bandwidth,
    Levels,
    Resemblance,
    check_sources,
    file_layout,
    fold,
    level_db,
    roles_of,
    without_bleed,
)
from qa_pipeline.audio.clocks import clocks_agree, lag_between
from qa_pipeline.audio.decode import DEFAULT_MAX_DURATION_S, AudioReader, open_audio
from qa_pipeline.audio.intervals import intersection
from qa_pipeline.audio.tones import HeardSounds, SoundDetector
from qa_pipeline.audio.vad import (
    DEFAULT_THRESHOLD,
    FRAME_S,
    FRAME_SAMPLES,
    Probabilities,
    SpanRules,
    SpeechDetector,
    detector_version,
    framed,
    speech_spans,
)
from qa_pipeline.domain.contact import Contact, Source
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.listening import AudioStatus, ChannelActivity, ChannelLayout, Listening, Sound
from qa_pipeline.errors import N_, NoSpeech

# Raise it when the same recording and options would give another Listening.
LISTEN_VERSION = 4
_WAVEFORM_PARTS_MAX = 1_200
_WAVEFORM_FLOOR_DB = -60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenOptions:
    """How recordings are heard.

    ``vad_threshold``: probability 0-1 at which speech begins. ``min_silence_s``: shorter pauses do not end a span.
    ``min_speech_s``: shorter bursts are no speech. ``padding_s``: put around speech when it is cut into windows for
    recognition; the spans themselves are kept without it, because facts are measured on them. ``bleed_db``: speech is
    cross-talk where the other channel is at least this much louder. ``raw_format``: ``codec:rate:channels`` of files
    without a header.
    """

    max_duration_s: float = DEFAULT_MAX_DURATION_S
    vad_threshold: float = DEFAULT_THRESHOLD
    min_silence_s: float = 0.5
    min_speech_s: float = 0.1
    padding_s: float = 0.2
    bleed_db: float = 10.0
    raw_format: str | None = None


def listen_spec(options: ListenOptions) -> EngineSpec:
    """Return the identity of the detector with all that can change its result."""
    params = tuple((field.name, str(getattr(options, field.name))) for field in fields(options))
    return EngineSpec(
        kind="vad", name="silero", version=detector_version(), params=(("listen", str(LISTEN_VERSION)), *params)
    )


def listen(contact: Contact, options: ListenOptions) -> Listening:
    """Hear the recordings of a contact once, in a stream; memory does not grow with samples, only with 32 ms frames.

    Raises
    ------
    NoSpeech
        When nobody speaks on any channel; one silent channel is fine.
    EmptyAudio, NotAudio, AudioTooLong, AudioError
        As :func:`qa_pipeline.audio.decode.open_audio`, and for more than two recordings.
    """
    check_sources(contact)
    tracks = [_hear(contact, source, options) for source in contact.audio]
    layout = ChannelLayout.DUAL_MONO if tracks[0].dual_mono else tracks[0].layout
    probabilities, levels = _side_by_side(tracks)
    duration_s = max(track.duration_s for track in tracks)
    channels = _activities(contact, layout, duration_s, probabilities, levels, options)
    if not any(channel.spans for channel in channels):
        raise _no_speech(contact, duration_s, levels)
    lag_s = lag_between(levels[0], levels[1]) if layout is ChannelLayout.PAIR else None
    stated = [track.stated_duration_s for track in tracks if track.stated_duration_s is not None]
    return Listening(
        duration_s=duration_s,
        sample_rate_hz=min(track.sample_rate_hz for track in tracks),
        channel_count=sum(track.channel_count for track in tracks),
        layout=layout,
        status=_worst([track.status for track in tracks]),
        narrow_band=all(track.narrow_band for track in tracks),
        channels=channels,
        errors_count=sum(track.errors_count for track in tracks),
        stated_duration_s=max(stated) if len(stated) == len(tracks) else None,
        sounds=_sounds(tracks),
        clocks_agree=layout is not ChannelLayout.PAIR or clocks_agree(lag_s, (tracks[0].length_s, tracks[1].length_s)),
        lag_s=lag_s,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Track:
    """What one file gave: per party channel what each frame holds, and the file's properties."""

    probabilities: list[Probabilities]
    levels: list[Levels]
    sounds: list[HeardSounds]
    layout: ChannelLayout
    dual_mono: bool
    duration_s: float
    stated_duration_s: float | None
    sample_rate_hz: int
    channel_count: int
    status: AudioStatus
    errors_count: int
    narrow_band: bool

    @property
    def length_s(self) -> float:
        """Length of the recording as it was made; of a file that was cut off, what its header states."""
        return max(self.duration_s, self.stated_duration_s or 0.0)


def _hear(contact: Contact, source: Source, options: ListenOptions) -> _Track:
    with open_audio(source.uri, max_duration_s=options.max_duration_s, raw_format=options.raw_format) as reader:
        detectors: list[SpeechDetector] = []
        listeners: list[SoundDetector] = []
        powers: list[list[npt.NDArray[np.float32]]] = []
        resemblance, bandwidth = Resemblance(), Bandwidth()
        for frames in framed(_parties(contact, reader, resemblance, bandwidth)):
            if not detectors:
                detectors = [SpeechDetector() for _ in frames]
                listeners = [SoundDetector() for _ in frames]
                powers = [[] for _ in frames]
            for detector, listener, power, channel in zip(detectors, listeners, powers, frames, strict=True):
                detector.feed(channel)
                listener.feed(channel)
                power.append(np.einsum("ij,ij->i", channel, channel) / FRAME_SAMPLES)
        dual_mono = len(detectors) == 2 and resemblance.alike
        kept = 1 if dual_mono else len(detectors)
        first_channel = contact.audio.index(source) if len(contact.audio) == 2 else 0
        sounds = [listener.found(first_channel + index) for index, listener in enumerate(listeners[:kept])]
        return _Track(
            probabilities=[
                np.where(heard.frames, np.float32(0.0), detector.probabilities)
                for detector, heard in zip(detectors, sounds, strict=False)
            ],
            sounds=sounds,
            levels=[level_db(np.concatenate(power)) for power in powers[:kept]],
            layout=file_layout(contact, reader.channel_count),
            dual_mono=dual_mono,
            duration_s=reader.decoded_s,
            stated_duration_s=reader.stated_duration_s,
            sample_rate_hz=reader.sample_rate_hz,
            channel_count=reader.channel_count,
            status=reader.status,
            errors_count=reader.errors_count,
            narrow_band=bandwidth.is_narrow(reader.sample_rate_hz),
        )


def _parties(
    contact: Contact, reader: AudioReader, resemblance: Resemblance, bandwidth: Bandwidth
) -> Iterator[npt.NDArray[np.float32]]:
    for block in reader.blocks_16k():
        parties = fold(block, file_layout(contact, reader.channel_count))
        if len(parties) == 2:
            resemblance.feed(parties)
        bandwidth.feed(parties)
        yield parties


def _sounds(tracks: list[_Track]) -> tuple[Sound, ...]:
    found = (sound for track in tracks for heard in track.sounds for sound in heard.sounds)
    return tuple(sorted(found, key=lambda sound: (sound.start_s, sound.channel)))


def _side_by_side(tracks: list[_Track]) -> tuple[list[Probabilities], list[Levels]]:
    """Bring the channels of all files to one length; a file that ends earlier is silent from there."""
    count = max(len(found) for track in tracks for found in track.probabilities)
    probabilities = [np.pad(found, (0, count - len(found))) for track in tracks for found in track.probabilities]
    levels = [
        np.pad(found, (0, count - len(found)), constant_values=FLOOR_DB) for track in tracks for found in track.levels
    ]
    return probabilities, levels


def _activities(
    contact: Contact,
    layout: ChannelLayout,
    duration_s: float,
    probabilities: list[Probabilities],
    levels: list[Levels],
    options: ListenOptions,
) -> tuple[ChannelActivity, ...]:
    rules = SpanRules(
        threshold=options.vad_threshold, min_silence_s=options.min_silence_s, min_speech_s=options.min_speech_s
    )
    roles = roles_of(contact, layout, len(probabilities))
    own = without_bleed(probabilities, levels, options.bleed_db)
    found = []
    for role, probability, level in zip(roles, own, levels, strict=True):
        spans = speech_spans(probability, duration_s, rules)
        thirds_db = tuple(
            _speech_db(intersection(spans, ((third * duration_s / 3, (third + 1) * duration_s / 3),)), level)
            for third in range(3)
        )
        found.append(
            ChannelActivity(
                role=role,
                spans=spans,
                speech_db=_speech_db(spans, level),
                thirds_db=thirds_db,
                waveform=waveform_of(level),
            )
        )
    return tuple(found)


def waveform_of(levels: Levels) -> tuple[int, ...]:
    """Return the loudest level of each of up to 1,200 equal parts, as percent of the way from -60 to 0 dBFS.

    Parameters
    ----------
    levels : array, shape (frames,)
        dBFS of each frame of the call.
    """
    if not len(levels):
        return ()
    parts = min(len(levels), _WAVEFORM_PARTS_MAX)
    begins = (np.arange(parts) * len(levels)) // parts
    loudest = np.maximum.reduceat(levels, begins)
    percent = np.clip(100 * (1 - loudest / _WAVEFORM_FLOOR_DB), 0, 100)
    return tuple(int(value) for value in np.rint(percent))


def _speech_db(spans: tuple[tuple[float, float], ...], levels: Levels) -> float | None:
    if not spans:
        return None
    speech = np.concatenate([levels[int(start / FRAME_S) : math.ceil(end / FRAME_S)] for start, end in spans])
    return round(float(level_db(np.power(10.0, speech / 10.0).mean())), 1)


def _worst(found: list[AudioStatus]) -> AudioStatus:
    order = (AudioStatus.TRUNCATED, AudioStatus.DAMAGED, AudioStatus.OK)
    return next(status for status in order if status in found)


def _no_speech(contact: Contact, duration_s: float, levels: list[Levels]) -> NoSpeech:
    return NoSpeech(
        N_("Nobody speaks in this recording of {duration_s} s; its loudest moment has {loudest_db} dBFS."),
        hint=N_(
            "Listen to it. Below -60 dBFS the recorder heard nothing: check its line; otherwise leave the file out."
        ),
        file=contact.audio[0].uri,
        duration_s=f"{duration_s:.1f}",
        loudest_db=f"{max(float(level.max()) for level in levels):.0f}",
    )
