"""Speech detection against the implementation that faster-whisper ships, and the segmentation by hand."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pytest
from faster_whisper.vad import VadOptions, get_speech_timestamps, get_vad_model
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.audio.vad import FRAME_S, FRAME_SAMPLES, SpanRules, SpeechDetector, framed, speech_spans
from tests.qa_pipeline.audio.sounds import clip, flat, line


@pytest.fixture(scope="module")
def call() -> np.ndarray:
    """A minute of one channel: speech, pauses of all lengths, noise; not a whole number of frames."""
    placed = [
        (at_s, clip(name, 16_000))
        for at_s, name in zip(range(1, 55, 5), cycle(["agent_8k", "customer_8k"]), strict=False)
    ]
    placed += [(at_s + 2.6, clip("wide_16k", 16_000)) for at_s in range(2, 55, 11)]
    return line(60.01, placed, rate=16_000, noise=0.002)


def probabilities(samples: np.ndarray, block: int) -> np.ndarray:
    detector = SpeechDetector()
    for frames in framed(samples[None, first : first + block] for first in range(0, len(samples), block)):
        detector.feed(frames[0])
    return detector.probabilities


def test_frames_equal_the_reference(call: np.ndarray) -> None:
    reference = get_vad_model()(np.pad(call, (0, -len(call) % FRAME_SAMPLES)))
    found = probabilities(call, 64_000)
    assert found.shape == (1876,)  # 60.01 s / 32 ms = 1875.3, the last one filled up
    assert reference.reshape(-1).shape == found.shape
    equal = np.abs(found - reference.reshape(-1)) < 1e-4
    assert equal.mean() >= 0.99
    assert 0.3 < (found > 0.5).mean() < 0.7  # both speech and silence were compared


@pytest.mark.parametrize("block", [511, 4_096, 100_001])
def test_the_cut_into_blocks_changes_nothing(call: np.ndarray, block: int) -> None:
    np.testing.assert_allclose(probabilities(call, block), probabilities(call, len(call)), atol=1e-5)


def test_spans_equal_the_reference(call: np.ndarray) -> None:
    options = VadOptions(min_silence_duration_ms=512, speech_pad_ms=0)
    reference = [(span["start"] / 16_000, span["end"] / 16_000) for span in get_speech_timestamps(call.copy(), options)]
    found = speech_spans(
        probabilities(call, 64_000), 60.01, SpanRules(threshold=0.5, min_silence_s=0.512, min_speech_s=0.0)
    )
    assert len(reference) >= 10
    assert flat(found) == pytest.approx(flat(reference))


def frames(text: str) -> np.ndarray:
    """``#`` speech, ``-`` between the two thresholds, ``.`` silence."""
    return np.array([{"#": 0.9, "-": 0.4, ".": 0.1}[mark] for mark in text], np.float32)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ("", []),
        ("....", []),
        (".##..", [(1, 3)]),
        ("--##--..", [(2, 6)]),  # between the thresholds speech goes on, but does not begin
        ("##....##", [(0, 8)]),  # in the pause's last frame 3 have passed, less than 3.5
        ("##.....##", [(0, 2), (7, 9)]),
        ("##...-...##", [(0, 2), (9, 11)]),  # one frame between the thresholds does not end a pause
        ("....##", [(4, 6)]),
    ],
)
def test_segmentation(marks: str, expected: list[tuple[int, int]]) -> None:
    rules = SpanRules(threshold=0.5, min_silence_s=3.5 * FRAME_S, min_speech_s=0.0)
    found = speech_spans(frames(marks), len(marks) * FRAME_S, rules)
    assert flat(found) == pytest.approx([edge * FRAME_S for edge in flat(expected)])


def test_clicks_are_dropped() -> None:
    # 3 frames are 96 ms, 4 are 128 ms; at least 100 ms are asked for.
    found = speech_spans(frames("###" + "." * 20 + "####" + "." * 20), 2.0, SpanRules())
    assert flat(found) == pytest.approx([23 * FRAME_S, 27 * FRAME_S])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1, width=16), max_size=200), st.sampled_from([0.25, 0.5, 0.75]), st.floats(0.0, 1.0))
def test_spans_are_sorted_disjoint_and_inside(values: list[float], threshold: float, min_silence_s: float) -> None:
    duration_s = len(values) * FRAME_S
    rules = SpanRules(threshold=threshold, min_silence_s=min_silence_s, min_speech_s=0.0)
    spans = speech_spans(np.array(values, np.float32), duration_s, rules)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(0 <= start < end <= duration_s for start, end in spans)
    speech = [index for index, value in enumerate(np.array(values, np.float32)) if value >= threshold]
    assert all(any(start <= (index + 0.5) * FRAME_S <= end for start, end in spans) for index in speech)
