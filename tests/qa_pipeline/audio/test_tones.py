"""Sounds that are no speech, built of sines: what they are, when they are, and that speech is none of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soxr

from qa_pipeline.audio.listening import ListenOptions, listen
from qa_pipeline.audio.tones import HeardSounds, SoundDetector
from qa_pipeline.audio.vad import FRAME_SAMPLES, framed
from qa_pipeline.domain.listening import SoundKind
from qa_pipeline.errors import NoSpeech
from tests.qa_pipeline.audio.sounds import CLIPS, chords, clip, contact, flat, line, mu_law, sines, write

DTMF, FAX, PROGRESS, TONE, MUSIC = (
    SoundKind.DTMF, SoundKind.FAX, SoundKind.CALL_PROGRESS, SoundKind.TONE, SoundKind.MUSIC
)  # fmt: skip
EDGE_S = 0.1  # blocks of 128 ms every 64 ms


def heard(samples: np.ndarray, block: int = 64_000) -> HeardSounds:
    """Samples at 8,000 Hz over a telephone line with noise at -66 dBFS."""
    noise = np.random.default_rng(3).normal(0, 0.0005, len(samples)).astype(np.float32)
    wide = soxr.resample(mu_law(samples + noise), 8000, 16_000)
    detector = SoundDetector()
    for frames in framed(wide[None, first : first + block] for first in range(0, len(wide), block)):
        detector.feed(frames[0])
    return detector.found(0)


def found(samples: np.ndarray) -> list[tuple[SoundKind, float, float]]:
    return [(sound.kind, sound.start_s, sound.end_s) for sound in heard(samples).sounds]


def cadence(hz: Sequence[float], on_s: float, off_s: float, times: int) -> np.ndarray:
    beep = sines(hz, on_s)
    return line(2.0 + times * (on_s + off_s), [(1.0 + index * (on_s + off_s), beep) for index in range(times)])


@pytest.mark.parametrize(
    ("hz", "on_s", "off_s", "times", "kind"),
    [
        ((450,), 1.0, 4.0, 3, PROGRESS),  # ringing in China
        ((450,), 0.35, 0.35, 8, PROGRESS),  # busy in China
        ((440, 480), 2.0, 4.0, 2, PROGRESS),  # ringing in North America
        ((480, 620), 0.5, 0.5, 6, PROGRESS),  # busy
        ((480, 620), 0.25, 0.25, 12, PROGRESS),  # reorder
        ((350, 440), 6.0, 0.0, 1, PROGRESS),  # dial tone
        ((425,), 1.0, 4.0, 2, PROGRESS),  # ringing in Europe
        ((1100,), 0.5, 3.0, 3, FAX),  # calling
        ((2100,), 3.0, 0.0, 1, FAX),  # answer
        ((1400,), 0.5, 0.0, 1, TONE),  # a recorder's beep
    ],
)
def test_tones_of_the_line(hz: Sequence[float], on_s: float, off_s: float, times: int, kind: SoundKind) -> None:
    last_s = 1.0 + times * (on_s + off_s) - off_s
    ((name, start_s, end_s),) = found(cadence(hz, on_s, off_s, times))
    assert name is kind
    assert (start_s, end_s) == pytest.approx((1.0, last_s), abs=EDGE_S)


def test_the_flags_of_a_fax() -> None:
    # V.21 at 300 bit/s: flags 01111110 by 1,650 and 1,850 Hz, 26.7 samples a bit at 8,000 Hz.
    bits = np.tile([0, 1, 1, 1, 1, 1, 1, 0], 60)
    hz = np.where(bits[(np.arange(3 * 8000) * 300 // 8000) % len(bits)], 1650, 1850)
    flags = 0.1 * np.sin(2 * np.pi * np.cumsum(hz) / 8000).astype(np.float32)
    ((name, start_s, end_s),) = found(line(5.0, [(1.0, flags)]))
    assert name is FAX
    assert (start_s, end_s) == pytest.approx((1.0, 4.0), abs=EDGE_S)


LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


@pytest.mark.parametrize(("low", "high"), [(low, high) for low in LOW for high in HIGH])
def test_every_key(low: int, high: int) -> None:
    # 70 ms, the higher frequency 2 dB louder, as keypads send it; anywhere within the frames of 32 ms.
    key = sines((low,), 0.07, 0.1) + sines((high,), 0.07, 0.126)
    for at_s in (1.0, 1.011, 1.022):
        ((name, start_s, end_s),) = found(line(2.0, [(at_s, key)]))
        assert name is DTMF
        assert (start_s, end_s) == pytest.approx((at_s, at_s + 0.07), abs=0.04)


def test_keys_of_one_number_are_one_passage_and_are_not_told() -> None:
    keys = [(1.0 + 0.3 * index, sines((LOW[index % 4], HIGH[index % 3]), 0.1)) for index in range(6)]
    (sound,) = heard(line(8.0, [*keys, (7.0, sines((697, 1209), 0.1))])).sounds[:1]
    assert (sound.kind, sound.channel) == (DTMF, 0)
    assert (sound.start_s, sound.end_s) == pytest.approx((1.0, 2.6), abs=EDGE_S)
    assert {name for name in sound.__slots__} == {"kind", "channel", "start_s", "end_s"}


def test_a_key_that_is_held_is_no_other_tone() -> None:
    assert [kind for kind, _, _ in found(line(3.0, [(1.0, sines((852, 1336), 1.0))]))] == [DTMF]


def test_music_on_hold() -> None:
    ((name, start_s, end_s),) = found(line(14.0, [(2.0, chords(10.0))]))
    assert name is MUSIC
    assert (start_s, end_s) == pytest.approx((2.0, 12.0), abs=0.3)


@pytest.mark.parametrize(
    "samples",
    [
        np.random.default_rng(1).normal(0, 0.05, 80_000).astype(np.float32),  # noise
        sines((150,), 10.0),  # mains hum
        np.float32(0.02) * np.sign(sines((50,), 10.0)),  # and with all its harmonics
        np.zeros(80_000, np.float32),
        np.zeros(100, np.float32),
    ],
    ids=["noise", "hum", "buzz", "silence", "less than a frame"],
)
def test_what_is_no_such_sound(samples: np.ndarray) -> None:
    assert found(samples) == []


def test_a_steady_buzz_is_no_music() -> None:
    # Lines that never change, louder than the noise: a tone at most.
    buzz = sum(sines((240 * order,), 10.0, 0.03) for order in range(1, 6))
    assert MUSIC not in [kind for kind, _, _ in found(buzz)]


@pytest.mark.parametrize("path", sorted(CLIPS.glob("*.flac")) + sorted((CLIPS.parent / "speech").glob("*.flac")))
def test_speech_is_none_of_them(path: Path) -> None:
    assert found(clip(path.stem) if path.parent == CLIPS else clip(f"../speech/{path.stem}")) == []


@pytest.mark.parametrize("block", [FRAME_SAMPLES, 5_000, 100_001])
def test_the_cut_into_blocks_changes_nothing(block: int) -> None:
    sounds = line(12.0, [(1.0, sines((450,), 1.0)), (3.0, sines((697, 1209), 0.1)), (5.0, chords(6.0))])
    one, other = heard(sounds), heard(sounds, block)
    assert one.sounds == other.sounds
    np.testing.assert_array_equal(one.frames, other.frames)
    assert len(one.sounds) == 3


def test_sounds_are_no_speech_and_are_noted(tmp_path: Path) -> None:
    # The customer rings and presses keys, then waits with music on the agent's channel.
    agent = line(30.0, [(6.0, clip("agent_8k")), (12.0, chords(10.0)), (25.0, clip("agent_8k"))])
    customer = line(30.0, [(1.0, sines((450,), 1.0)), (9.0, clip("customer_8k")), (11.5, sines((770, 1336), 0.1))])
    call = listen(contact(write(tmp_path / "call.wav", np.stack([agent, customer]))), ListenOptions())
    assert [(sound.kind, sound.channel) for sound in call.sounds] == [(PROGRESS, 1), (DTMF, 1), (MUSIC, 0)]
    assert flat(call.channels[0].spans) == pytest.approx(flat([(6.0, 8.24), (25.0, 27.24)]), abs=0.2)
    assert flat(call.channels[1].spans) == pytest.approx(flat([(9.0, 10.7)]), abs=0.2)
    music = call.sounds[-1]
    assert (music.start_s, music.end_s) == pytest.approx((12.0, 22.0), abs=0.3)


def test_a_voice_over_music_is_speech(tmp_path: Path) -> None:
    spoken = [(6.0, clip("agent_8k")), (12.0, clip("customer_8k")), (20.3, clip("agent_8k"))]
    sound = line(24.0, [(2.0, chords(18.0) * np.float32(0.3)), *spoken])
    (channel,) = listen(contact(write(tmp_path / "call.wav", sound)), ListenOptions()).channels
    assert flat(channel.spans) == pytest.approx(flat([(6.0, 8.24), (12.0, 13.7), (20.3, 22.54)]), abs=0.2)


def test_a_fax_in_the_queue_has_no_speech(tmp_path: Path) -> None:
    path = write(tmp_path / "fax.wav", cadence((1100,), 0.5, 3.0, 4))
    with pytest.raises(NoSpeech):
        listen(contact(path), ListenOptions())
