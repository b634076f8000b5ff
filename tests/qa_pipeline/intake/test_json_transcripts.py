"""Transcripts in JSON."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from qa_pipeline.errors import TranscriptError
from qa_pipeline.intake.json_transcripts import parse_json_transcript

HERE = Path("call.json")


def parsed(document: object) -> Any:
    return parse_json_transcript(json.dumps(document), HERE)


def test_openai_whisper() -> None:
    words = [
        {"word": " Good", "start": 0.1, "end": 0.4, "probability": 0.9},
        {"word": " day", "start": 0.4, "end": 0.8, "probability": 0.7},
    ]
    found = parsed(
        {
            "text": "Good day. Thanks Thanks Thanks. so",
            "language": "en",
            "segments": [
                {
                    "id": 0,
                    "start": 0.1,
                    "end": 0.9,
                    "text": " Good day.",
                    "avg_logprob": -0.2,
                    "compression_ratio": 1.1,
                    "no_speech_prob": 0.02,
                    "words": words,
                },
                {
                    "id": 1,
                    "start": 1,
                    "end": 2,
                    "text": " Thanks Thanks Thanks.",
                    "avg_logprob": -0.5,
                    "compression_ratio": 3.0,
                    "no_speech_prob": 0.1,
                },
                {
                    "id": 2,
                    "start": 3,
                    "end": 4,
                    "text": " so",
                    "avg_logprob": -0.5,
                    "compression_ratio": 1.0,
                    "no_speech_prob": 0.9,
                },
                {"id": 3, "start": 4, "end": 5, "text": " "},
            ],
        }
    )
    assert (found.form, found.language) == ("whisper-json", "en")
    first, second, third = found.segments
    assert (first.text, first.start_s, first.end_s, first.usable) == ("Good day.", 0.1, 0.9, True)
    assert first.confidence == pytest.approx(0.8)  # mean of .9 and .7
    assert [word.text for word in first.words] == ["Good", "day"]
    assert second.confidence == pytest.approx(math.exp(-0.5))
    assert not second.usable  # 3.0 is above Whisper's limit of 2.4 for text that repeats itself
    assert not third.usable  # nobody speaks


def test_whisperx_words_without_times_are_left_out() -> None:
    found = parsed(
        {
            "segments": [
                {
                    "start": 0,
                    "end": 1,
                    "text": "call 911",
                    "speaker": "SPEAKER_01",
                    "words": [{"word": "call", "start": 0, "end": 0.5, "score": 0.8}, {"word": "911"}],
                }
            ]
        }
    )
    assert found.segments[0].label == "SPEAKER_01"
    assert [word.text for word in found.segments[0].words] == ["call"]


def test_own_form_and_channels() -> None:
    found = parsed(
        {
            "language": "zh",
            "utterances": [
                {"role": "agent", "start_s": 0, "end_s": 1.5, "text": "您好", "confidence": 0.95},
                {"channel": 1, "text": "你好"},
            ],
        }
    )
    assert [(one.label, one.start_s, one.confidence) for one in found.segments] == [
        ("agent", 0, 0.95),
        ("channel 1", None, None),
    ]


@pytest.mark.parametrize(
    ("span", "key"),
    [
        ({"start": "abc", "text": "x"}, "start_s"),
        ({"start": 1e999, "text": "x"}, "start_s"),
        ({"start": 0, "end": True, "text": "x"}, "end_s"),
        ({"start": 0, "text": 5}, "text"),
        ({"text": "x", "confidence": 7}, "confidence"),
        ({"text": "x", "words": "x"}, "words"),
        ("x", "text"),
    ],
)
def test_a_wrong_entry_is_named(span: object, key: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        parsed({"segments": [{"text": "fine"}, span]})
    assert (caught.value.row, caught.value.field) == (2, key)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"segments": [', "not valid JSON"),
        ('{"a": 1}', "not a transcript"),
        ('{"segments": []}', "no words"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_what_is_no_transcript(text: str, message: str) -> None:
    with pytest.raises(TranscriptError, match=message):
        parse_json_transcript(text, HERE)
