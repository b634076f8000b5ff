"""Every parser of the user's files: any text is read, or refused by an error that names the file; words come back."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.errors import ConfigurationError, TranscriptError
from qa_pipeline.intake.captions import parse_captions
from qa_pipeline.intake.json_transcripts import parse_json_transcript
from qa_pipeline.intake.plain_text import parse_plain_text
from qa_pipeline.resources import read_yaml

PATH = Path("call.any")
few = settings(max_examples=50)

# Pieces of each language in any order come nearer to its rules than any characters do.
_PIECES = (
    "\n",
    "\n\n",
    "-->",
    "00:00:01.000",
    "00:00:02,500",
    " ",
    "WEBVTT",
    "<v agent>",
    "</v>",
    "agent:",
    "坐席：",
    "[00:12]",
)
captions = st.lists(st.sampled_from(_PIECES) | st.text(max_size=5)).map("".join)
_WORDS = st.text(alphabet="abc您好么 ", min_size=1, max_size=12).filter(str.strip)
spans = st.lists(st.tuples(_WORDS, st.integers(0, 3_599_000), st.integers(0, 3_599_000)), min_size=1, max_size=8)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
documents = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("utterances", "text", "role", "start_s", "end_s", "words", "confidence", "a")), inner
        )
    ),
    max_leaves=12,
)
_YAML = (
    "a",
    ": ",
    "- ",
    "\n",
    "  ",
    "[",
    "]",
    "{",
    "}",
    "&a",
    " *a",
    "<<: ",
    "!!int ",
    "!!set ",
    "'",
    '"',
    "? ",
    "#",
    "2026-02-30",
    "|",
    "1",
)


def _clock(time_ms: int, point: str) -> str:
    return f"{time_ms // 3_600_000:02}:{time_ms // 60_000 % 60:02}:{time_ms // 1000 % 60:02}{point}{time_ms % 1000:03}"


@few
@given(text=captions, form=st.sampled_from(("vtt", "srt")))
def test_any_captions_are_read_or_refused(text: str, form: str) -> None:
    try:
        found = parse_captions(text, PATH, form)
    except TranscriptError as problem:
        assert problem.file == str(PATH)
    else:
        assert all(segment.text for segment in found.segments)


@few
@given(spans=spans, form=st.sampled_from(("vtt", "srt")))
def test_captions_come_back_as_they_were_written(spans: list[tuple[str, int, int]], form: str) -> None:
    point = "." if form == "vtt" else ","
    cues = [f"{_clock(start, point)} --> {_clock(end, point)}\n{words}" for words, start, end in spans]
    found = parse_captions("WEBVTT\n\n" * (form == "vtt") + "\n\n".join(cues), PATH, form)
    times_ms = [(round(1000 * (one.start_s or 0.0)), round(1000 * (one.end_s or 0.0))) for one in found.segments]
    assert times_ms == [(start, end) for _, start, end in spans]
    assert [one.text for one in found.segments] == [" ".join(words.split()) for words, _, _ in spans]


@few
@given(text=captions)
def test_any_plain_text_is_read_or_refused_and_no_word_is_lost(text: str) -> None:
    try:
        found = parse_plain_text(text, PATH)
    except TranscriptError as problem:
        assert problem.file == str(PATH)
    else:
        assert all(segment.text for segment in found.segments)
        assert parse_plain_text(text, PATH) == found


@few
@given(document=documents)
def test_any_json_is_read_or_refused(document: object) -> None:
    try:
        found = parse_json_transcript(json.dumps(document), PATH)
    except TranscriptError as problem:
        assert problem.file == str(PATH)
    else:
        for segment in found.segments:
            segment.text.encode()


@few
@given(texts=st.lists(st.text(st.characters(), min_size=1, max_size=6).filter(str.strip), min_size=1, max_size=5))
def test_what_is_no_character_becomes_the_sign_for_it_and_all_else_stays(texts: list[str]) -> None:
    document = {"utterances": [{"text": text} for text in texts]}
    found = parse_json_transcript(json.dumps(document), PATH)
    expected = [" ".join(text.split()) for text in texts]
    # U+0000 and U+D800 to U+DFFF are no characters; U+FFFD is the sign that decoders put for such.
    assert [one.text for one in found.segments] == [
        "".join("\ufffd" if sign == "\0" or "\ud800" <= sign <= "\udfff" else sign for sign in text)
        for text in expected
    ]


@few
@given(text=st.lists(st.sampled_from(_YAML) | st.text(max_size=3), max_size=30).map("".join))
def test_any_rule_file_is_read_or_refused(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            read_yaml(path)
        except ConfigurationError as problem:
            assert problem.file == str(path)
