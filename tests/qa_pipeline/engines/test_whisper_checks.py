"""Checks against invented text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qa_pipeline.domain.transcript import Word
from qa_pipeline.engines.whisper_checks import in_speech, is_repetitive, is_usable, prompt_for
from qa_pipeline.ports import SpeechWindow


@pytest.mark.parametrize(
    "text",
    [
        "Thank you. Thank you. Thank you. Thank you. Thank you.",
        "谢谢观看" * 5,
        "我不知道，我不知道，我不知道，我不知道，我不知道",
    ],
)
def test_loops_are_found(text: str) -> None:
    assert is_repetitive(text)


@pytest.mark.parametrize(
    "text",
    [
        "No, no, no, no, no, no.",
        "My number is 5 5 5 5 5 5.",
        "好的好的好的",
        "Thank you. Thank you very much, thank you.",
        "",
    ],
)
def test_what_people_say_is_no_loop(text: str) -> None:
    assert not is_repetitive(text)


def test_doubtful_words_fail_and_sure_ones_pass() -> None:
    assert is_usable("yes", log_probability=-0.2, no_speech=0.9)  # a short sure answer
    assert not is_usable("yes", log_probability=-0.6, no_speech=0.9)  # doubtful words in what may be no speech
    assert is_usable("yes", log_probability=-0.6, no_speech=0.1)
    assert not is_usable("yes", log_probability=-1.1, no_speech=0.0)


def test_only_chinese_is_asked_for_simplified_characters() -> None:
    assert "简体" in prompt_for("zh", "极光宽带")
    assert prompt_for("zh", "极光宽带").endswith("极光宽带")
    assert prompt_for("en", "Aurora") == "Aurora"


def _word(start_s: float, end_s: float) -> Word:
    return Word(text="yes", start_s=start_s, end_s=end_s)


@pytest.mark.parametrize(("start_s", "usable"), [(10.0, True), (14.9, True), (15.1, False), (6.6, False)])
def test_words_far_from_any_speech_are_made_up(start_s: float, usable: bool) -> None:
    # Speech on the clock of the call at 100 + 9..13 s; a word of 0.4 s may lie 2 s before or after it.
    window = SpeechWindow(channel=0, start_s=100.0, samples=np.zeros(30 * 16_000, np.float32), spans=((9.0, 13.0),))
    assert in_speech([_word(100 + start_s, 100 + start_s + 0.4)], window) is usable
    assert in_speech([_word(100 + start_s, 100 + start_s + 0.4)], replace(window, spans=()))


def test_figures_that_an_engine_does_not_give_speak_for_nothing() -> None:
    assert is_usable("yes", log_probability=None, no_speech=None)
    assert not is_usable("谢谢观看" * 5, log_probability=None, no_speech=None)
    assert is_usable("yes", log_probability=-0.6, no_speech=None)
    assert not is_usable("yes", log_probability=-1.1, no_speech=None)
