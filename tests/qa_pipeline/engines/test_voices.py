"""Two voices told apart by vectors, on vectors made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from qa_pipeline.domain.diarization import SpeakerSpan
from qa_pipeline.engines.voices import Piece, tell_apart

ONE, OTHER = np.array([1.0, 0.0, 0.1]), np.array([0.0, 1.0, 0.1])


def _pieces(span: int, start_s: float, voices: list[np.ndarray], seed: int = 0) -> list[Piece]:
    """Pieces of 1.6 s, one every .4 s, each with a little noise."""
    random = np.random.default_rng(seed)
    found = []
    for at, voice in enumerate(voices):
        vector = voice + random.normal(0, 0.02, 3)
        begin = start_s + at * 0.4
        found.append(Piece(span=span, start_s=begin, end_s=begin + 1.6, vector=vector / np.linalg.norm(vector)))
    return found


def test_the_first_voice_is_speaker_0_and_a_change_in_a_pause_is_exact() -> None:
    speech = [(2.0, 6.0), (7.0, 11.0), (12.0, 16.0)]
    pieces = [*_pieces(0, 2.0, [OTHER] * 7), *_pieces(1, 7.0, [ONE] * 7), *_pieces(2, 12.0, [OTHER] * 7)]
    found = tell_apart(speech, pieces)
    assert found.spans == (
        SpeakerSpan(speaker=0, start_s=2.0, end_s=6.0),
        SpeakerSpan(speaker=1, start_s=7.0, end_s=11.0),
        SpeakerSpan(speaker=0, start_s=12.0, end_s=16.0),
    )
    # cos = .01 / 1.01, so the distance is .99.
    assert found.distance == pytest.approx(0.99, abs=0.02)
    assert found.speech_s == pytest.approx(12.0)


def test_a_change_within_speech_is_found_near_its_place() -> None:
    # The middle of the pieces passes 5.0 s between the seventh and the eighth of fifteen.
    found = tell_apart([(0.0, 10.0)], _pieces(0, 0.0, [ONE] * 10 + [OTHER] * 12))
    assert [span.speaker for span in found.spans] == [0, 1]
    # Pieces 0-9 have their middles at .8-4.4 s, those of the other voice from 4.8 s on.
    assert found.spans[0].end_s == pytest.approx(4.6, abs=0.3)
    assert found.spans[0].end_s == found.spans[1].start_s


def test_one_odd_piece_within_speech_changes_nobody() -> None:
    # Where the odd one stands alone (its neighbours overlap it by three quarters) it is outweighed.
    voices = [ONE] * 10 + [(ONE + OTHER) / 2] + [ONE] * 10
    found = tell_apart([(0.0, 9.6), (11.0, 15.0)], [*_pieces(0, 0.0, voices), *_pieces(1, 11.0, [OTHER] * 7)])
    assert [(span.speaker, span.start_s) for span in found.spans] == [(0, 0.0), (1, 11.0)]


def test_too_little_to_tell_is_one_speaker() -> None:
    assert tell_apart([], []).spans == ()
    single = tell_apart([(0.0, 1.0)], _pieces(0, 0.0, [ONE])[:1])
    assert single.spans == (SpeakerSpan(speaker=0, start_s=0.0, end_s=1.0),)
    assert single.distance == 0.0


def test_the_same_voice_lies_close() -> None:
    found = tell_apart([(0.0, 20.0)], _pieces(0, 0.0, [ONE] * 46))
    assert found.distance < 0.01
