"""Who sits on which channel: folding, roles, resemblance, cross-talk and bandwidth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.fft import rfft

from qa_pipeline.domain.contact import Contact, Role, Source
from qa_pipeline.domain.listening import ChannelLayout
from qa_pipeline.errors import N_, AudioError

Samples = npt.NDArray[np.float32]
Levels = npt.NDArray[np.float64]  # dBFS per 32 ms frame; 0 = mean square of 1

FLOOR_DB = -100.0
# What a call centre's recorder does unless somebody says otherwise.
DEFAULT_ROLES = (Role.AGENT, Role.CUSTOMER)
_AUDIBLE_DB = -50.0
_SECOND = 16_000


def level_db(power: npt.ArrayLike) -> Levels:
    """Return 10 log10 of the mean square, at least -100 dBFS."""
    levels: Levels = 10.0 * np.log10(np.maximum(np.asarray(power, dtype=np.float64), 10.0 ** (FLOOR_DB / 10.0)))
    return levels


def file_layout(contact: Contact, channel_count: int) -> ChannelLayout:
    """Return the layout that the number of files and channels suggests, before the sound was heard.

    Parameters
    ----------
    channel_count
        Of the first recording.
    """
    if len(contact.audio) == 2:
        return ChannelLayout.PAIR
    named = channel_count > 1 and len(contact.channel_map) == channel_count
    return ChannelLayout.STEREO if channel_count == 2 or named else ChannelLayout.MONO


def fold(block: Samples, layout: ChannelLayout) -> Samples:
    """Reduce a block (channels, samples) of one file to its party channels, always the same way."""
    if layout is ChannelLayout.STEREO or len(block) == 1:
        return block
    if layout is ChannelLayout.DUAL_MONO:
        return block[:1]
    mixed: Samples = block.mean(axis=0, keepdims=True, dtype=np.float32)
    return mixed


def roles_of(contact: Contact, layout: ChannelLayout, count: int) -> tuple[Role, ...]:
    """Return the role of each party channel.

    A file's own role comes first, then the contact's channel map, then agent before customer; a single channel that
    nobody described is UNKNOWN, for both parties may be on it.
    """
    if layout is ChannelLayout.PAIR:
        return _pair_roles(contact.audio, contact.channel_map)
    if layout is ChannelLayout.STEREO:
        return contact.channel_map if len(contact.channel_map) == count else DEFAULT_ROLES
    own = contact.audio[0].role
    if own is not None:
        return (own,)
    return contact.channel_map if len(contact.channel_map) == 1 else (Role.UNKNOWN,)


def _pair_roles(sources: Sequence[Source], channel_map: tuple[Role, ...]) -> tuple[Role, ...]:
    fallback = channel_map if len(channel_map) == 2 else DEFAULT_ROLES
    first, second = sources[0].role, sources[1].role
    if first is None and second is not None:
        return next(role for role in (*fallback, Role.UNKNOWN) if role is not second), second
    if first is not None and second is None:
        return first, next(role for role in (*fallback, Role.UNKNOWN) if role is not first)
    if first is None or second is None:
        return fallback
    return first, second


def check_sources(contact: Contact) -> None:
    """Raise AudioError unless the contact has one recording, or two for its two parties."""
    count = len(contact.audio)
    if count not in {1, 2}:
        raise AudioError(
            N_("The call {contact} has {count} recordings."),
            hint=N_("Give one file, or two mono files: one of the agent, one of the customer."),
            file=contact.audio[0].uri if contact.audio else None,
            contact=contact.id,
            count=count,
        )


class Resemblance:
    """Tells two copies of one signal from two parties, also when one copy lags, is a little louder or inverted.

    Of the seconds in which somebody is heard the first ten and then every tenth are compared by cross-correlation.
    They are alike when the correlation coefficient at the best lag within 100 ms is at least .95 and the levels lie
    within 6 dB: one-sided cross-talk correlates as well, but is much weaker than its source.
    """

    _MAX_LAG = 1600
    _MIN_CORRELATION = 0.95
    _MAX_GAIN_DB = 6.0
    _MIN_ALIKE_RATIO = 0.9

    def __init__(self) -> None:
        self._heard = 0
        self._compared = 0
        self._alike = 0

    def feed(self, block: Samples) -> None:
        """Take the next block, shape (2, samples) at 16,000 Hz."""
        for first in range(0, block.shape[1] - _SECOND + 1, _SECOND):
            second = block[:, first : first + _SECOND]
            power = np.einsum("ij,ij->i", second, second) / _SECOND
            if level_db(power.max()) < _AUDIBLE_DB:
                continue
            self._heard += 1
            if self._heard <= 10 or self._heard % 10 == 0:
                self._compared += 1
                self._alike += self._is_alike(second, power)

    def _is_alike(self, second: Samples, power: npt.NDArray[np.float32]) -> bool:
        levels = level_db(power)
        if abs(levels[0] - levels[1]) > self._MAX_GAIN_DB:
            return False
        spectra = np.fft.rfft(second, n=2 * _SECOND)
        correlation = np.fft.irfft(spectra[0] * np.conj(spectra[1]))
        # Wires that were mixed up turn a copy upside down, which sounds the same.
        near = np.abs(np.concatenate((correlation[: self._MAX_LAG + 1], correlation[-self._MAX_LAG :])))
        return bool(near.max() / (_SECOND * np.sqrt(power[0] * power[1])) >= self._MIN_CORRELATION)

    @property
    def alike(self) -> bool:
        """Whether the channels carry the same; False when nothing was heard."""
        return self._compared > 0 and self._alike >= self._MIN_ALIKE_RATIO * self._compared


class Bandwidth:
    """Tells telephone speech (nothing above 5 kHz) from wide-band speech, by the spectrum of audible seconds."""

    # The edge lies above the 4 kHz of a telephone line, because codecs that work at a higher rate (Opus at 16 kbit/s
    # first of all) mirror some sound to 4-5 kHz. On open recordings telephone speech behind Opus, AAC or mp3 of 12 to
    # 48 kbit/s lies 58 dB and more lower above this edge than below, wide-band speech 18 to 52 dB.
    _EDGE_HZ = 5_000
    _EMPTY_BELOW_DB = -55.0
    _MAX_SECONDS = 120
    _WINDOW = np.hanning(_SECOND).astype(np.float32)

    def __init__(self) -> None:
        self._below = 0.0
        self._above = 0.0
        self._seconds = 0

    def feed(self, block: Samples) -> None:
        """Take the next block, shape (channels, samples) at 16,000 Hz."""
        for first in range(0, block.shape[1] - _SECOND + 1, _SECOND):
            if self._seconds >= self._MAX_SECONDS:
                return
            second = block[:, first : first + _SECOND]
            if level_db(np.square(second).mean(axis=1).max()) < _AUDIBLE_DB:
                continue
            # A window, because the leakage of a cut would itself lie above the edge.
            lines = rfft(second * self._WINDOW)
            spectrum = (lines.real**2 + lines.imag**2).sum(axis=0)
            self._below += float(spectrum[100 : self._EDGE_HZ].sum())
            self._above += float(spectrum[self._EDGE_HZ :].sum())
            self._seconds += 1

    def is_narrow(self, sample_rate_hz: int) -> bool:
        """Return whether the recording is telephone speech; a rate of at most 11,025 Hz leaves no doubt."""
        if sample_rate_hz <= 11_025:
            return True
        if not self._below:
            return False
        return bool(level_db(self._above / self._below) < self._EMPTY_BELOW_DB)


def without_bleed(
    probabilities: Sequence[npt.NDArray[np.float32]], levels: Sequence[Levels], louder_db: float
) -> list[npt.NDArray[np.float32]]:
    """Drop speech that is only heard through from the other channel.

    Parameters
    ----------
    probabilities, levels
        Per channel one value per 32 ms frame, all of one length.
    louder_db
        A frame is cross-talk when the other channel speaks and is at least this much louder.

    Returns
    -------
    list of ndarray
        Probabilities with 0 in frames of cross-talk. Channels into which nothing leaks stay as they are: there a much
        quieter voice is a person who talks at the same time.
    """
    if len(probabilities) != 2:
        return list(probabilities)
    return [
        _gated(probabilities[own], probabilities[1 - own], levels[own], levels[1 - own], louder_db) for own in (0, 1)
    ]


def _gated(
    own: npt.NDArray[np.float32], other: npt.NDArray[np.float32], own_db: Levels, other_db: Levels, louder_db: float
) -> npt.NDArray[np.float32]:
    # An echo comes a little after its source: the other channel counts with the loudest of its last three frames.
    recent_db = np.maximum.reduce([np.roll(other_db, shift) for shift in range(3)]) if len(other_db) > 2 else other_db
    louder = recent_db - own_db >= louder_db
    if not _leaks(own, own_db, other, other_db, louder & (other >= 0.5)):
        return own
    # Where something leaks at all, the level alone decides: the detector may hear the copy and not the original.
    return np.where(louder, np.float32(0.0), own)


def _leaks(
    own: npt.NDArray[np.float32],
    own_db: Levels,
    other: npt.NDArray[np.float32],
    other_db: Levels,
    other_alone: npt.NDArray[np.bool_],
) -> bool:
    """Return whether the other side is heard: above -30 dB of own speech and 6 dB above the channel's own noise."""
    if not other_alone.any():
        return False
    own_speech = (own >= 0.5) & ~other_alone
    nobody = (own < 0.5) & (other < 0.5)
    reference = own_db[own_speech] if own_speech.any() else other_db[other_alone]
    leaked_db = float(np.median(own_db[other_alone]))
    noise_db = float(np.median(own_db[nobody])) if nobody.any() else FLOOR_DB
    return leaked_db > float(np.median(reference)) - 30.0 and leaked_db > noise_db + 6.0
