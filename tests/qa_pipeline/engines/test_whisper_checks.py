"""Checks against invented text."""

from __future__ import annotations

import numpy as np
import pytest

from qa_pipeline.engines.whisper_checks import head_of, is_repetitive, is_usable, prompt_for
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


def test_the_head_is_30_s_and_no_window_is_lost() -> None:
    windows = [
        SpeechWindow(channel=0, start_s=20.0 * at, samples=np.full(20 * 16_000, at, dtype=np.float32))
        for at in range(4)
    ]
    drawn = []

    def source():  # type: ignore[no-untyped-def]
        for window in windows:
            drawn.append(window)
            yield window

    head, every = head_of(source())
    assert head.size == 30 * 16_000
    assert len(drawn) == 2  # 20 s + 20 s cover 30 s; the rest of the call is not read yet
    assert [window.start_s for window in every] == [0.0, 20.0, 40.0, 60.0]
