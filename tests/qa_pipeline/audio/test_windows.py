"""Windows for recognition: nothing of the speech is lost, nothing else gets in."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from qa_pipeline.audio.listening import ListenOptions, listen
from qa_pipeline.audio.windows import MAX_WINDOW_S, padded, speech_windows
from qa_pipeline.domain.contact import Contact, Role
from qa_pipeline.domain.listening import AudioStatus, ChannelActivity, ChannelLayout, Listening
from qa_pipeline.ports import SpeechWindow
from tests.qa_pipeline.audio.sounds import clip, contact, flat, line, write

AGENT_AT = (1.0, 12.0, 24.5, 40.0, 61.0)
CUSTOMER_AT = (4.0, 50.0)


@pytest.fixture
def call(tmp_path: Path) -> Contact:
    agent = line(65.0, [(at_s, clip("agent_8k")) for at_s in AGENT_AT], noise=0.001)
    customer = line(65.0, [(at_s, clip("customer_8k")) for at_s in CUSTOMER_AT], noise=0.001)
    return contact(write(tmp_path / "call.wav", np.stack([agent, customer])))


def heard(spans: tuple[tuple[float, float], ...], duration_s: float) -> Listening:
    """A mono listening with exactly these spans."""
    return Listening(
        duration_s=duration_s,
        sample_rate_hz=16_000,
        channel_count=1,
        layout=ChannelLayout.MONO,
        status=AudioStatus.OK,
        narrow_band=False,
        channels=(ChannelActivity(role=Role.UNKNOWN, spans=spans),),
    )


def test_spans_are_packed_and_cut_in_silence(call: Contact) -> None:
    listening = listen(call, ListenOptions())
    windows = list(speech_windows(call, listening))
    of_agent = [window for window in windows if window.channel == 0]
    # 1.0 .. 26.7 fits into 30 s, 40.0 + 2.2 does not; 40.0 .. 63.2 fits.
    assert [window.start_s for window in of_agent] == pytest.approx([0.8, 39.8], abs=0.2)
    assert [len(window.spans) for window in of_agent] == [3, 2]
    of_customer = [window for window in windows if window.channel == 1]
    assert [window.start_s for window in of_customer] == pytest.approx([3.8, 49.8], abs=0.2)


def test_windows_hold_the_padded_speech_and_zeros(call: Contact) -> None:
    listening = listen(call, ListenOptions())
    for channel, activity in enumerate(listening.channels):
        windows = [window for window in speech_windows(call, listening) if window.channel == channel]
        spans = [(window.start_s + a, window.start_s + b) for window in windows for a, b in window.spans]
        wanted = padded(activity.spans, 0.2, listening.duration_s)
        assert flat(spans) == pytest.approx(flat(wanted), abs=1e-4)
        for window in windows:
            assert window.samples.dtype == np.float32
            assert len(window.samples) <= MAX_WINDOW_S * 16_000
            assert_zero_outside(window)


def assert_zero_outside(window: SpeechWindow) -> None:
    inside = np.zeros(len(window.samples), bool)
    for start, end in window.spans:
        inside[round(start * 16_000) : round(end * 16_000)] = True
    assert not window.samples[~inside].any()
    assert (np.abs(window.samples[inside]) > 0).mean() > 0.9  # the line's noise is there


def test_padding_is_an_option(call: Contact) -> None:
    listening = listen(call, ListenOptions())
    first = next(speech_windows(call, listening, ListenOptions(padding_s=0.0)))
    assert first.start_s == pytest.approx(listening.channels[first.channel].spans[0][0], abs=1e-4)


def test_the_samples_are_those_of_the_recording(tmp_path: Path) -> None:
    ramp = (np.arange(160_000, dtype=np.float32) % 20_000) / 32_767
    path = write(tmp_path / "call.wav", ramp, rate=16_000)
    windows = list(speech_windows(contact(path), heard(((2.0, 3.0), (5.0, 5.5)), 10.0), ListenOptions(padding_s=0.0)))
    assert len(windows) == 1
    assert (windows[0].start_s, windows[0].spans) == (2.0, ((0.0, 1.0), (3.0, 3.5)))
    expected = np.zeros(56_000, np.float32)
    expected[:16_000] = ramp[32_000:48_000]
    expected[48_000:] = ramp[80_000:88_000]
    np.testing.assert_allclose(windows[0].samples, expected, atol=1e-4)


def test_speech_without_a_pause_is_cut_at_its_quietest(tmp_path: Path) -> None:
    sound = np.random.default_rng(3).normal(0, 0.1, 70 * 16_000).astype(np.float32)
    for quiet_s in (27.0, 54.0):
        sound[round(quiet_s * 16_000) :][:800] = 0.0  # 50 ms
    path = write(tmp_path / "call.wav", sound, rate=16_000)
    windows = list(speech_windows(contact(path), heard(((0.0, 70.0),), 70.0)))
    # Searched are 25-30 s (quiet at 27.0) and 25-30 s after that cut (quiet at 54.0).
    assert [window.start_s for window in windows] == pytest.approx([0.0, 27.03, 54.03], abs=0.04)
    assert sum(len(window.samples) for window in windows) == 70 * 16_000


def test_a_pair_of_files(tmp_path: Path) -> None:
    agent = write(tmp_path / "agent.wav", line(6.0, [(1.0, clip("agent_8k"))]))
    customer = write(tmp_path / "customer.wav", line(8.0, [(5.0, clip("customer_8k"))]))
    call = contact(customer, agent, roles=(Role.CUSTOMER, Role.AGENT))
    windows = list(speech_windows(call, listen(call, ListenOptions())))
    assert [(window.channel, round(window.start_s)) for window in windows] == [(0, 5), (1, 1)]


def test_dual_mono_is_read_once(tmp_path: Path) -> None:
    mono = line(6.0, [(1.0, clip("agent_8k")), (4.0, clip("customer_8k"))])
    call = contact(write(tmp_path / "call.wav", np.stack([mono, mono])))
    windows = list(speech_windows(call, listen(call, ListenOptions())))
    assert [(window.channel, len(window.spans)) for window in windows] == [(0, 2)]


def test_neighbours_share_the_pause() -> None:
    # 0.1 s before 0.2 and 0.1 s of a 0.2 s pause each; the end is the end of the recording.
    assert flat(padded(((0.1, 1.0), (1.2, 2.0), (4.0, 4.9)), 0.2, 5.0)) == pytest.approx([0.0, 1.1, 1.1, 2.2, 3.8, 5.0])


def test_memory_does_not_grow_with_the_call(tmp_path: Path) -> None:
    path = write(tmp_path / "long.wav", line(600.0, [], noise=0.01))
    spans = tuple((float(at_s), at_s + 9.5) for at_s in range(0, 590, 10))
    tracemalloc.start()
    total = sum(len(window.samples) for window in speech_windows(contact(path), heard(spans, 600.0)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # 59 spans: 19 windows of three (29.9 s, the first begins at 0 and not at -0.2) and one of two (19.9 s).
    assert total == round((19 * 29.9 - 0.2 + 19.9) * 16_000)
    assert peak < 12_000_000  # the whole would be 38 MB; 30 s are 2 MB
