"""What is heard on a line besides voices: keys, call progress, fax, other steady tones and music. In a stream.

Speech glides and tones stand still, so two looks suffice. Keys are short: frames of 32 ms in which one frequency of
each DTMF group holds nearly all energy. The rest is judged on blocks of 128 ms, in which a tone is one or two lines of
the spectrum and no voice is: its pitch moves. Music is a passage in which the lines of one block are those of the next
again and again, but not the same ones all the time, which would be a hum.

Limits, measured on the open speech recordings and on built sounds: notes shorter than about 0.2 s, songs with a voice
in front and percussion alone are not found as music; keys must last 70 ms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.fft import rfft

from qa_pipeline.audio.vad import FRAME_S, FRAME_SAMPLES, Frames
from qa_pipeline.domain.listening import Sound, SoundKind

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

_HZ = 8_000  # every second sample is enough: all tones lie below 4 kHz
_SHORT = FRAME_SAMPLES // 2
_FRAMES_PER_BLOCK, _HOP_FRAMES = 4, 2
_LONG = _FRAMES_PER_BLOCK * _SHORT
_BIN_HZ = _HZ / _LONG
_AUDIBLE_POWER = 10.0**-5  # -50 dBFS

# ITU-T Q.23: one frequency of each group; Q.24 lets their levels differ by a few dB.
_DTMF_LOW_HZ = (697, 770, 852, 941)
_DTMF_HIGH_HZ = (1209, 1336, 1477, 1633)
# A frame that a key fills holds nearly nothing else; at its edges a key fills a part only, which smears its lines.
_DTMF_SHARE, _DTMF_EDGE_SHARE, _DTMF_WEAKER_PART = 0.85, 0.5, 0.18
_DTMF_FRAMES = 2

_TONE_SHARE = 0.95
_STEADY_HZ = 2.0
_LINE_BINS = 2  # a line of the Hann window takes its bin and two on each side
_LOWEST_BIN = 26  # 200 Hz: mains hum and rumble lie below
# Dial, ringing, busy and reorder of ITU-T E.180: China 450; Europe 425; North America 350 + 440, 440 + 480, 480 + 620;
# United Kingdom 400 + 450.
_PROGRESS_HZ = (350.0, 400.0, 425.0, 440.0, 450.0, 480.0, 620.0)
_PROGRESS_OFF_HZ = 6.0
_FAX_HZ = (1100.0, 2100.0)  # ITU-T T.30 allows 38 and 15 Hz
_FAX_OFF_HZ = (38.0, 15.0)
_FLAGS_BINS = slice(round(1550 / _BIN_HZ), round(1950 / _BIN_HZ))  # V.21 channel 2: 1,650 and 1,850 Hz
_BLOCKS = {SoundKind.CALL_PROGRESS: 2, SoundKind.FAX: 2, SoundKind.TONE: 5}
# Cadences: a tone that pauses for less is one passage. Ringing pauses 4 s, fax calling 3 s.
_JOIN_S = {SoundKind.CALL_PROGRESS: 4.5, SoundKind.FAX: 3.5, SoundKind.DTMF: 2.0, SoundKind.TONE: 0.5}

_SAME_LINES = 0.8  # cosine between the powers of two blocks that do not overlap; noise has .5 and less
_MUSIC_SHARE = 0.4  # open speech recordings stay below .3 in every four seconds
_MUSIC_BLOCKS = round(4.0 / (_HOP_FRAMES * FRAME_S))
_MIN_MUSIC_S = 3.0
_MIN_NOTES, _NOTE_SHARE = 3, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSounds:
    """``sounds``: passages. ``frames``: for each 32 ms frame whether such a sound and no voice fills it."""

    sounds: tuple[Sound, ...]
    frames: Flags


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Per block: loud enough, the strongest lines (Hz) with their shares of the energy, share of the fax flags'
    band, and whether the lines are those of two blocks before."""

    audible: Flags
    first_hz: Floats
    second_hz: Floats
    first_share: Floats
    both_share: Floats
    flags_share: Floats
    same_lines: Flags


class SoundDetector:
    """Finds sounds that are no speech on one channel, fed in pieces; keeps a few numbers per 64 ms."""

    def __init__(self) -> None:
        self._frame_count = 0
        self._keys: list[npt.NDArray[np.int8]] = []
        self._sure: list[Flags] = []
        self._blocks: list[_Blocks] = []
        self._waiting: Floats = np.zeros((0, _SHORT), np.float32)
        self._before: Floats = np.zeros((2, _LONG // 2 + 1), np.float32)

    def feed(self, frames: Frames) -> None:
        """Take the next frames of the channel, shape (n, 512) at 16,000 Hz."""
        halved = np.ascontiguousarray(frames[:, ::2])
        self._frame_count += len(halved)
        keys, sure = _keys(halved)
        self._keys.append(keys)
        self._sure.append(sure)
        joined = np.concatenate((self._waiting, halved))
        count = max(0, (len(joined) - _HOP_FRAMES) // _HOP_FRAMES)
        if count:
            flat = joined.reshape(-1)
            windows = np.lib.stride_tricks.sliding_window_view(flat, _LONG)[:: _HOP_FRAMES * _SHORT][:count]
            audible = np.einsum("ij,ij->i", windows, windows) >= _AUDIBLE_POWER * _LONG
            powers = np.zeros((count, _LONG // 2 + 1), np.float32)
            if audible.any():
                powers[audible] = _powers(windows[audible])
            joint = np.concatenate((self._before, powers))
            self._blocks.append(_measure(audible, powers, joint))
            self._before = joint[-2:]
        self._waiting = joined[count * _HOP_FRAMES :]

    def found(self, channel: int) -> HeardSounds:
        """Return what was heard on the channel, which has this place in ``Listening.channels``."""
        filled = np.zeros(self._frame_count, np.bool_)
        sounds: list[Sound] = []
        keys = np.concatenate([np.zeros(0, np.int8), *self._keys])
        sure = np.concatenate([np.zeros(0, np.bool_), *self._sure])
        runs = [
            (SoundKind.DTMF, first, last)
            for first, last in _runs(keys)
            if last - first >= _DTMF_FRAMES and sure[first:last].any()
        ]
        pressed = np.zeros(self._frame_count, np.bool_)
        for _, first, last in runs:
            pressed[max(0, first - 1) : last + 1] = True
        if self._blocks:
            blocks = _joined(self._blocks)
            runs += [run for run in _tones(blocks) if not pressed[run[1] : run[2]].any()]
            still = _per_frame(blocks.same_lines & blocks.audible, self._frame_count)
            for first, last in _music(blocks):
                if _is_cadence(first, last, runs):
                    continue
                sounds.append(_sound(SoundKind.MUSIC, channel, first, last))
                filled[first:last] |= still[first:last]
                # A note that is held long is no tone of the line.
                runs = [run for run in runs if run[0] is not SoundKind.TONE or run[1] >= last or run[2] <= first]
        for _, first, last in runs:
            filled[first:last] = True
        sounds += _passages(runs, channel)
        return HeardSounds(sounds=tuple(sorted(sounds, key=lambda sound: sound.start_s)), frames=filled)


def _waves() -> Floats:
    """Return the windowed cosines and sines of the eight frequencies, shape (256, 16)."""
    angles = 2 * np.pi * np.arange(_SHORT)[:, None] * np.array(_DTMF_LOW_HZ + _DTMF_HIGH_HZ) / _HZ
    window = np.hanning(_SHORT)[:, None]
    waves: Floats = np.concatenate((window * np.cos(angles), window * np.sin(angles)), axis=1).astype(np.float32)
    return waves


_WAVES = _waves()
_SHORT_WINDOW = np.hanning(_SHORT).astype(np.float32)
_LONG_WINDOW = np.hanning(_LONG).astype(np.float32)
# A pure tone's share comes out as 1: its projection is A^2 / 4 (sum w)^2, its windowed energy A^2 / 2 sum w^2.
_WHOLE = 2.0 * float((_SHORT_WINDOW**2).sum()) / float(_SHORT_WINDOW.sum()) ** 2


def _keys(frames: Floats) -> tuple[npt.NDArray[np.int8], Flags]:
    """Return the likely key (1-16, 0 for none) of each frame of 256 samples at 8,000 Hz, and where it is sure."""
    found, sure = np.zeros(len(frames), np.int8), np.zeros(len(frames), np.bool_)
    audible = np.einsum("ij,ij->i", frames, frames) >= _AUDIBLE_POWER * _SHORT
    if not audible.any():
        return found, sure
    frames = frames[audible]
    windowed = frames * _SHORT_WINDOW
    energy = np.einsum("ij,ij->i", windowed, windowed)
    projected = frames @ _WAVES
    shares = (projected[:, :8] ** 2 + projected[:, 8:] ** 2) * _WHOLE / (energy[:, None] + 1e-12)
    low, high = shares[:, :4].argmax(axis=1), shares[:, 4:].argmax(axis=1)
    low_share, high_share = shares[:, :4].max(axis=1), shares[:, 4:].max(axis=1)
    both = low_share + high_share
    even = np.minimum(low_share, high_share) >= _DTMF_WEAKER_PART * both
    found[audible] = np.where(even & (both >= _DTMF_EDGE_SHARE), 1 + 4 * low + high, 0)
    sure[audible] = even & (both >= _DTMF_SHARE)
    return found, sure


def _powers(windows: Floats) -> Floats:
    spectrum = rfft(windows * _LONG_WINDOW)
    powers: Floats = spectrum.real**2 + spectrum.imag**2
    powers[:, :_LOWEST_BIN] = 0.0
    return powers


def _measure(audible: Flags, powers: Floats, joint: Floats) -> _Blocks:
    total = powers.sum(axis=1) + 1e-9
    flags_share = powers[:, _FLAGS_BINS].sum(axis=1) / total
    norms = np.sqrt(np.einsum("ij,ij->i", joint, joint)) + 1e-9
    cosine = np.einsum("ij,ij->i", joint[2:], joint[:-2]) / (norms[2:] * norms[:-2])
    rest = powers.copy()
    first, first_hz = _take_line(rest)
    second, second_hz = _take_line(rest)
    return _Blocks(
        audible,
        first_hz,
        second_hz,
        first / total,
        (first + second) / total,
        flags_share,
        cosine >= _SAME_LINES,
    )


def _take_line(powers: Floats) -> tuple[Floats, Floats]:
    """Return energy and frequency of each block's strongest line, and take it out of `powers`."""
    rows = np.arange(len(powers))[:, None]
    strongest = np.minimum(np.maximum(powers.argmax(axis=1), _LINE_BINS), powers.shape[1] - 1 - _LINE_BINS)
    places = strongest[:, None] + np.arange(-_LINE_BINS, _LINE_BINS + 1)
    line = powers[rows, places]
    energy = line.sum(axis=1)
    hz = (line * places).sum(axis=1) / (energy + 1e-12) * _BIN_HZ
    powers[rows, places] = 0.0
    return energy, hz.astype(np.float32)


def _joined(pieces: list[_Blocks]) -> _Blocks:
    return _Blocks(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in _Blocks.__slots__))


def _runs(values: npt.NDArray[np.int8]) -> Iterator[tuple[int, int]]:
    """Yield (first, past the last) of each stretch of one value that is not 0."""
    edges = np.flatnonzero(np.diff(values, prepend=0, append=0))
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if values[first]:
            yield first, last


def _near(hz: Floats, targets: tuple[float, ...], off_hz: float) -> Flags:
    near: Flags = (np.abs(hz[:, None] - np.array(targets)) <= off_hz).any(axis=1)
    return near


def _tones(blocks: _Blocks) -> list[tuple[SoundKind, int, int]]:
    """Return kind, first frame and the frame past the last of each steady tone."""
    single = blocks.audible & (blocks.first_share >= _TONE_SHARE)
    double = blocks.audible & ~single & (blocks.both_share >= _TONE_SHARE)
    progress = _near(blocks.first_hz, _PROGRESS_HZ, _PROGRESS_OFF_HZ)
    both_progress = progress & _near(blocks.second_hz, _PROGRESS_HZ, _PROGRESS_OFF_HZ)
    fax = np.zeros(len(single), np.bool_)
    for hz, off_hz in zip(_FAX_HZ, _FAX_OFF_HZ, strict=True):
        fax |= single & _near(blocks.first_hz, (hz,), off_hz)
    flags = blocks.audible & ~single & (blocks.flags_share >= _TONE_SHARE)
    kinds = tuple(_BLOCKS)
    kind = np.zeros(len(single), np.int8)
    kind[single | double] = 1 + kinds.index(SoundKind.TONE)
    kind[(single & progress) | (double & both_progress)] = 1 + kinds.index(SoundKind.CALL_PROGRESS)
    kind[fax | flags] = 1 + kinds.index(SoundKind.FAX)
    found = []
    for first, last in _runs(kind):
        name = kinds[kind[first] - 1]
        for start, end in _steady(blocks, first, last, flags):
            if end - start >= _BLOCKS[name]:
                frames = (start * _HOP_FRAMES, (end - 1) * _HOP_FRAMES + _FRAMES_PER_BLOCK)
                found.append((name, *frames))
    return found


def _steady(blocks: _Blocks, first: int, last: int, flags: Flags) -> Iterator[tuple[int, int]]:
    """Cut a stretch of tonal blocks where its lines move; the flags of a fax keep their band and not a line."""
    lines = np.stack((blocks.first_hz[first:last], blocks.second_hz[first:last]))
    alone = blocks.first_share[first:last] >= _TONE_SHARE
    lines = np.where(alone, lines[:1], np.sort(lines, axis=0))  # of two equally strong lines either may come first
    moved = (np.abs(np.diff(lines, axis=1)) > _STEADY_HZ).any(axis=0) & ~flags[first + 1 : last]
    edges = [first, *(first + 1 + np.flatnonzero(moved)).tolist(), last]
    yield from pairwise(edges)


def _music(blocks: _Blocks) -> list[tuple[int, int]]:
    """Return first and past the last frame of each passage of music."""
    still = blocks.audible & blocks.same_lines
    if len(still) < _MUSIC_BLOCKS:
        return []
    share = np.convolve(still, np.ones(_MUSIC_BLOCKS), "valid") / _MUSIC_BLOCKS
    covered = np.zeros(len(still) + 1, np.int32)
    for place in np.flatnonzero(share >= _MUSIC_SHARE).tolist():
        covered[place] += 1
        covered[place + _MUSIC_BLOCKS] -= 1
    inside = (np.cumsum(covered[:-1]) > 0).astype(np.int8)
    found = []
    for first, last in _runs(inside):
        places = first + np.flatnonzero(still[first:last])
        begin, end = int(places[0]), int(places[-1]) + 1
        notes = np.round(blocks.first_hz[places] / (2 * _BIN_HZ)).astype(np.int32)
        _, counts = np.unique(notes, return_counts=True)
        frames = (max(0, begin - 2) * _HOP_FRAMES, (end - 1) * _HOP_FRAMES + _FRAMES_PER_BLOCK)
        long_enough = (frames[1] - frames[0]) * FRAME_S >= _MIN_MUSIC_S
        if long_enough and (counts >= _NOTE_SHARE * len(places)).sum() >= _MIN_NOTES:
            found.append(frames)
    return found


def _is_cadence(first: int, last: int, runs: list[tuple[SoundKind, int, int]]) -> bool:
    """Return whether known tones fill most of a passage: ringing and busy tones change as notes do."""
    known = sum(max(0, min(last, end) - max(first, start)) for kind, start, end in runs if kind is not SoundKind.TONE)
    return known > (last - first) / 2


def _per_frame(flags: Flags, frame_count: int) -> Flags:
    frames = np.repeat(flags, _HOP_FRAMES)[:frame_count]
    return np.pad(frames, (0, frame_count - len(frames)))


def _sound(kind: SoundKind, channel: int, first: int, last: int) -> Sound:
    return Sound(kind=kind, channel=channel, start_s=round(first * FRAME_S, 3), end_s=round(last * FRAME_S, 3))


def _passages(runs: list[tuple[SoundKind, int, int]], channel: int) -> list[Sound]:
    """Join the beeps of a cadence, the keys of a number."""
    found: list[Sound] = []
    for kind, join_s in _JOIN_S.items():
        edges: list[list[int]] = []
        for first, last in sorted((first, last) for each, first, last in runs if each is kind):
            if edges and (first - edges[-1][1]) * FRAME_S <= join_s:
                edges[-1][1] = max(edges[-1][1], last)
            else:
                edges.append([first, last])
        found += [_sound(kind, channel, first, last) for first, last in edges]
    return found
