"""The waveform that the page of a call draws."""

import numpy as np

from qa_pipeline.audio.listening import waveform_of


def test_levels_become_percent_of_sixty_decibels() -> None:
    # -60 dB and less: 0; -30 dB: half way; 0 dB and more (a clipped square wave reaches +0): 100.
    assert waveform_of(np.array([-96.0, -60.0, -30.0, 0.0, 0.5])) == (0, 0, 50, 100, 100)
    assert waveform_of(np.array([])) == ()


def test_a_long_call_has_no_more_than_1200_parts_and_keeps_its_loudest_moments() -> None:
    levels = np.full(350_000, -60.0)  # three hours of frames of 32 ms
    levels[123_456] = -6.0
    found = waveform_of(levels)
    assert len(found) == 1_200
    # Frame 123,456 of 350,000 lies in part floor(123,456 * 1,200 / 350,000) = 423.
    assert {place: value for place, value in enumerate(found) if value} == {423: 90}
