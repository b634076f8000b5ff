"""WebVTT and SubRip."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_pipeline.errors import TranscriptError
from qa_pipeline.intake.captions import parse_captions
from qa_pipeline.intake.segments import ImportedText

HERE = Path("call.vtt")


def parsed(text: str, form: str = "vtt") -> list[tuple[str | None, float | None, float | None, str]]:
    found: ImportedText = parse_captions(text, HERE, form)
    return [(one.label, one.start_s, one.end_s, one.text) for one in found.segments]


def test_voices_styles_notes_and_settings() -> None:
    text = (
        "WEBVTT - call 7\nKind: captions\nLanguage: zh\n\nSTYLE\n::cue { color: red }\n\nNOTE a note\n\n"
        "1\n00:01.000 --> 00:03.500 align:start position:10%\n<v 坐席>您好，<b>请问</b>有什么可以帮您</v>\n\n"
        "01:00:04.000 --> 01:00:05.000\n<v.loud 客户>我要&amp;退货\n第二行\n<v 坐席>好的\n"
    )
    assert parsed(text) == [
        ("坐席", 1.0, 3.5, "您好，请问有什么可以帮您"),
        ("客户", 3604.0, 3605.0, "我要&退货 第二行"),
        ("坐席", 3604.0, 3605.0, "好的"),
    ]
    assert parse_captions(text, HERE, "vtt").language == "zh"


def test_subrip_with_prefixes() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:03,500\nAgent: Good morning\n\n"
        "2\n00:00:04,000 --> 00:00:06,000\nCustomer: Note: it broke\n\n3\n00:00:07,000 --> 00:00:08,000\nagain\n"
    )
    assert parsed(text, "srt") == [
        ("Agent", 1.0, 3.5, "Good morning"),
        ("Customer", 4.0, 6.0, "Note: it broke"),
        (None, 7.0, 8.0, "again"),
    ]


def test_cues_without_blank_lines_between() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\none\n2\n00:00:03,000 --> 00:00:04,000\ntwo\n"
    assert [one[3] for one in parsed(text, "srt")] == ["one", "two"]


@pytest.mark.parametrize(
    "times", ["00:00:-1.000 --> 00:00:02.000", "abc --> def", "NaN --> 00:02.000", "00:01.000 -->"]
)
def test_a_broken_time_names_its_line(times: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        parse_captions(f"WEBVTT\n\n00:01.000 --> 00:02.000\nfine\n\n{times}\nbad\n", HERE, "vtt")
    assert caught.value.row == 6


def test_a_file_without_captions() -> None:
    with pytest.raises(TranscriptError, match="no captions"):
        parse_captions("WEBVTT\n\n", HERE, "vtt")
