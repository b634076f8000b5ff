"""Imported transcripts: roles, times, language and quality."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.domain.contact import Contact, ContactKind, Role, Source, SourceKind
from qa_pipeline.domain.listening import AudioStatus, ChannelActivity, ChannelLayout, Listening
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality
from qa_pipeline.errors import TranscriptError
from qa_pipeline.intake.transcripts import read_transcript

A, C, S, U = Role.AGENT, Role.CUSTOMER, Role.SYSTEM, Role.UNKNOWN


def source_of(path: Path, role: Role | None = None) -> Source:
    return Source(kind=SourceKind.TRANSCRIPT, uri=str(path), sha256="0" * 64, size_bytes=path.stat().st_size, role=role)


def contact_of(*sources: Source, **changes: Any) -> Contact:
    return replace(Contact(id="C1", kind=ContactKind.CALL, sources=sources), **changes)


def listening(duration_s: float = 10.0, layout: ChannelLayout = ChannelLayout.STEREO, **changes: Any) -> Listening:
    """Ten seconds: the agent speaks from 0 to 4 s, the customer from 5 to 9 s."""
    found = Listening(
        duration_s=duration_s,
        sample_rate_hz=8000,
        channel_count=2,
        layout=layout,
        status=AudioStatus.OK,
        narrow_band=True,
        channels=(ChannelActivity(role=A, spans=((0.0, 4.0),)), ChannelActivity(role=C, spans=((5.0, 9.0),))),
    )
    return replace(found, **changes)


def read(
    tmp_path: Path, content: object, heard: Listening | None = None, name: str = "call.json", **changes: Any
) -> Transcript:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    source = source_of(path)
    return read_transcript(source, contact_of(source, **changes), heard)


def spans(*entries: tuple[float, float, str, str | None]) -> dict[str, object]:
    return {
        "segments": [
            {"start": start, "end": end, "text": text, "speaker": label} for start, end, text, label in entries
        ]
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize(
    ("name", "engine"), [("call.txt", "import:text"), ("call.srt", "import:srt"), ("call.vtt", "import:vtt")]
)
def test_formats_and_encodings(tmp_path: Path, name: str, engine: str, encoding: str) -> None:
    cue = "00:00:01.000 --> 00:00:02.000\n" if engine != "import:text" else ""
    path = tmp_path / name
    path.write_bytes(f"{cue}坐席：您好\r\n\r\n{cue}客户：你好\r\n".encode(encoding))
    source = source_of(path)
    found = read_transcript(source, contact_of(source), None)
    assert [(one.index, one.role, one.text) for one in found.utterances] == [(0, A, "您好"), (1, C, "你好")]
    assert (found.engine, found.language, found.quality, found.roles_by) == (
        engine,
        "zh",
        TranscriptQuality.TRUSTED,
        "labels",
    )


def test_of_two_labels_the_one_left_over_is_the_other_party(tmp_path: Path) -> None:
    found = read(tmp_path, spans((0, 1, "hi", "Ann"), (1, 2, "hello", "Customer"), (2, 3, "beep", "IVR")))
    assert [one.role for one in found.utterances] == [A, C, S]


def test_names_of_the_metadata_are_labels(tmp_path: Path) -> None:
    found = read(tmp_path, spans((0, 1, "hi", "张三"), (1, 2, "hello", "李四")), agent_name="张三")
    assert ([one.role for one in found.utterances], found.roles_by) == ([A, C], "labels")


def test_channels_follow_the_channel_map(tmp_path: Path) -> None:
    document = {"segments": [{"channel": 1, "text": "您好"}, {"channel": 0, "text": "你好"}]}
    assert [one.role for one in read(tmp_path, document, channel_map=(C, A)).utterances] == [A, C]


def test_without_labels_the_active_channel_tells(tmp_path: Path) -> None:
    # 3.0-6.0 s holds one second of each party: nobody leads, so nobody is named.
    document = spans((0.5, 3, "good morning", None), (5.5, 8, "hello", None), (3, 6, "well", None))
    found = read(tmp_path, document, listening())
    assert [(one.text, one.role) for one in found.utterances] == [("good morning", A), ("well", U), ("hello", C)]
    assert found.roles_by == "activity"


def test_a_diarised_label_is_judged_as_a_whole(tmp_path: Path) -> None:
    document = spans((0, 4, "a", "SPEAKER_01"), (5, 9, "b", "SPEAKER_00"), (4.2, 4.8, "c", "SPEAKER_01"))
    assert [one.role for one in read(tmp_path, document, listening()).utterances] == [A, A, C]


@pytest.mark.parametrize("heard", [None, listening(layout=ChannelLayout.MONO)])
def test_without_labels_and_channels_nobody_is_guessed(tmp_path: Path, heard: Listening | None) -> None:
    found = read(tmp_path, spans((0, 1, "hi", None), (1, 2, "hello", None)), heard)
    assert ([one.role for one in found.utterances], found.roles_by) == ([U, U], "none")


def test_each_party_may_have_its_own_file(tmp_path: Path) -> None:
    sources = []
    for role, start in ((A, 1.0), (C, 0.5)):
        path = tmp_path / f"x_{role}.json"
        path.write_text(json.dumps(spans((start, start + 1, role.value, None))), encoding="utf-8")
        sources.append(source_of(path, role))
    found = read_transcript(sources[0], contact_of(*sources), None)
    assert [(one.role, one.text) for one in found.utterances] == [(C, "customer"), (A, "agent")]
    assert found.roles_by == "metadata"


def test_times_are_put_in_order_and_moved_to_the_edges(tmp_path: Path) -> None:
    document = spans((8, 11.5, "last", "agent"), (-0.5, 1, "first", "agent"), (5, 4.5, "middle", "agent"))
    found = read(tmp_path, document, listening())
    assert [(one.text, one.start_s, one.end_s) for one in found.utterances] == [
        ("first", 0.0, 1.0),
        ("middle", 5.0, 5.0),
        ("last", 8.0, 10.0),
    ]


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [(-5, 1, "before the recording"), (9, 2, "ends before it starts"), (8, 60, "beyond the recording")],
)
def test_times_that_cannot_be_true_name_the_entry(tmp_path: Path, start: float, end: float, message: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read(tmp_path, spans((0, 1, "fine", None), (start, end, "bad", None)), listening())
    assert message in caught.value.render()
    assert caught.value.row == 2


def test_a_cut_off_recording_keeps_the_times_of_its_whole_length(tmp_path: Path) -> None:
    heard = listening(duration_s=5.0, stated_duration_s=30.0, status=AudioStatus.TRUNCATED)
    assert read(tmp_path, spans((20, 25, "late", "agent")), heard).utterances[0].end_s == 25.0


@pytest.mark.parametrize(
    ("confidences", "quality"),
    [
        ((0.9, 0.8), TranscriptQuality.TRUSTED),
        ((0.6, 0.5), TranscriptQuality.DRAFT),  # mean .55 is below .6
        ((0.3, 0.4), TranscriptQuality.UNUSABLE),  # mean .35 is below .4
        ((None, None), TranscriptQuality.TRUSTED),
    ],
)
def test_quality_follows_the_file_s_own_confidence(
    tmp_path: Path, confidences: tuple[float | None, ...], quality: TranscriptQuality
) -> None:
    document = {"utterances": [{"role": "agent", "text": "same", "confidence": value} for value in confidences]}
    assert read(tmp_path, document).quality is quality


@pytest.mark.parametrize(
    ("text", "stated", "metadata", "expected"),
    [
        ("您好，我要查 order", None, None, "zh"),
        ("good morning", None, None, "en"),
        ("12345", None, None, "und"),
        ("こんにちは世界", None, None, "ja"),
        ("good morning", "chinese", None, "zh"),
        ("good morning", "auto-detected", None, "en"),
        ("good morning", "zh", "en", "en"),
    ],
)
def test_language(tmp_path: Path, text: str, stated: str | None, metadata: str | None, expected: str) -> None:
    document = {"language": stated, "segments": [{"text": text}]}
    assert read(tmp_path, document, language=metadata).language == expected


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", ""), ("a.txt", " \n"), ("a.json", "{"), ("a.vtt", "WEBVTT\n"), ("a.docx", "x")]
)
def test_unusable_files_name_themselves(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read(tmp_path, content, name=name)
    assert caught.value.file == str(tmp_path / name)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 10), st.floats(0, 2), st.text("ab 您", min_size=1).filter(str.strip)),
        min_size=1,
        max_size=8,
    )
)
def test_indices_times_and_words_hold_for_any_transcript(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[float, float, str]]
) -> None:
    document = spans(*((start, start + length, text, None) for start, length, text in entries))
    found = read(tmp_path_factory.mktemp("any"), document, listening())
    assert [one.index for one in found.utterances] == list(range(len(entries)))
    starts = [one.start_s or 0.0 for one in found.utterances]
    assert starts == sorted(starts)
    assert all(0 <= (one.start_s or 0) <= (one.end_s or 0) <= 10 for one in found.utterances)
    assert sorted(one.text for one in found.utterances) == sorted(" ".join(text.split()) for _, _, text in entries)
