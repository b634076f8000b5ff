"""From folders to contacts."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qa_pipeline.domain.contact import Contact, Role
from qa_pipeline.errors import ConfigurationError, Conflict, EmptyAudio, InputError
from qa_pipeline.intake.discover import Discovered, Duplicate, IgnoredFiles, content_key, discover
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.intake.walk import IntakeProblem

OPTIONS = IntakeOptions(now=dt.datetime(2026, 11, 1, tzinfo=dt.UTC), default_language="zh")


def write(path: Path, content: str | bytes | None = None) -> Path:
    """Write a file; its content is its path unless given, so that no two are alike."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = str(path) if content is None else content
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def run(*paths: Path, metadata: Path | None = None, options: IntakeOptions = OPTIONS) -> list[Discovered]:
    return list(discover(paths, metadata, options))


def contacts(found: list[Discovered]) -> dict[str, Contact]:
    return {one.id: one for one in found if isinstance(one, Contact)}


def problems(found: list[Discovered]) -> list[IntakeProblem]:
    return [one for one in found if isinstance(one, IntakeProblem)]


def names(contact: Contact) -> list[tuple[str, str, Role | None]]:
    return [(Path(one.uri).name, one.kind.value, one.role) for one in contact.sources]


def test_a_folder_with_everything(tmp_path: Path) -> None:
    write(tmp_path / "b" / "call2.mp3")
    write(tmp_path / "call1.wav")
    write(tmp_path / "call1.json", '{"segments": [{"text": "hi"}]}')
    write(tmp_path / "call1.srt", "1\n00:00:01,000 --> 00:00:02,000\nhi\n")
    write(tmp_path / "x_agent.wav")
    write(tmp_path / "x_caller.wav")
    write(tmp_path / "alone.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nhi\n")
    write(tmp_path / "noextension", b"RIFF\x00\x00\x00\x00WAVEfmt ")
    write(tmp_path / "chats.csv", "chat id,sender,text\nS1,agent,hi\nS2,agent,hi\n")
    for name in ("README.md", ".DS_Store", "logo.png", "notes.txt", "settings.json", "kpi.csv"):
        write(tmp_path / name, "{}" if name.endswith("json") else "a,b\n1,2\n")
    write(tmp_path / ".git" / "deep.wav")
    found = run(tmp_path)
    assert list(contacts(found)) == ["call2", "call1", "noextension", "x", "alone", "S1", "S2"]
    assert names(contacts(found)["call1"]) == [("call1.wav", "audio", None), ("call1.json", "transcript", None)]
    assert names(contacts(found)["x"]) == [
        ("x_agent.wav", "audio", Role.AGENT),
        ("x_caller.wav", "audio", Role.CUSTOMER),
    ]
    assert contacts(found)["call2"].language == "zh"
    assert contacts(found)["call1"].language is None  # its words show it
    assert not problems(found)
    (ignored,) = (one for one in found if isinstance(one, IgnoredFiles))
    assert sorted(Path(path).name for path in ignored.paths) == [
        ".DS_Store",
        "README.md",
        "call1.srt",
        "kpi.csv",
        "logo.png",
        "notes.txt",
        "settings.json",
    ]
    assert ignored.count == 7


def test_named_files_that_cannot_be_used_are_problems(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "logo.png"),
        write(tmp_path / "settings.json", "{}"),
        write(tmp_path / "kpi.csv", "工号,满意度\n1,2\n"),
        write(tmp_path / "empty.wav", b""),
        tmp_path / "absent.wav",
        tmp_path / ("x" * 300 + ".wav"),  # longer than the system allows
    ]
    found = problems(run(*files))
    assert {Path(one.path).name[:12]: type(one.error).__name__ for one in found} == {
        "absent.wav": "InputError",
        "empty.wav": "EmptyAudio",
        "settings.jso": "TranscriptError",
        "kpi.csv": "TableError",
        "logo.png": "InputError",
        "x" * 12: "InputError",
    }
    assert all(one.error.hint for one in found)


@pytest.mark.parametrize("address", ["s3://bucket/calls/", "https://example.org/call.wav"])
def test_an_address_is_told_to_be_none_of_a_file(address: str) -> None:
    (found,) = problems(run(Path(address)))
    assert (found.path, found.error.file) == (address.rstrip("/"), address.rstrip("/"))
    assert "not from an address" in found.error.render()
    assert "Mount the bucket" in found.error.render_hint()


def test_a_cut_off_json_transcript_in_a_folder_is_told(tmp_path: Path) -> None:
    write(tmp_path / "cut.json", '{"segments": [{"text": "hi"')
    (problem,) = problems(run(tmp_path))
    assert "not valid JSON" in problem.error.render()


def test_a_recording_named_alone_finds_its_transcript(tmp_path: Path) -> None:
    path = write(tmp_path / "call.wav")
    write(tmp_path / "call.wav.txt", "agent: hi\n")
    assert names(contacts(run(path))["call"])[1] == ("call.wav.txt", "transcript", None)


def test_pairs_by_name_with_transcripts_of_each_party(tmp_path: Path) -> None:
    for party in ("agent", "customer"):
        write(tmp_path / "20261003-090512_8001_C7" / f"{party}.wav")
        write(tmp_path / "20261003-090512_8001_C7" / f"{party}.txt")
    (contact,) = contacts(run(tmp_path)).values()
    assert (contact.id, contact.agent_id) == ("C7", "8001")
    assert names(contact) == [
        ("agent.wav", "audio", Role.AGENT),
        ("customer.wav", "audio", Role.CUSTOMER),
        ("agent.txt", "transcript", Role.AGENT),
        ("customer.txt", "transcript", Role.CUSTOMER),
    ]


def test_one_side_alone_is_a_recording_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "x_agent.wav")
    assert names(contacts(run(tmp_path))["x_agent"]) == [("x_agent.wav", "audio", None)]


def test_metadata_counts_before_file_names(tmp_path: Path) -> None:
    write(tmp_path / "20261003-090512_8001_C7.wav")
    table = write(
        tmp_path / "meta.csv", "call_id,file,agent,team,channels\nK1,20261003-090512_8001_C7.wav,9,A,agent/customer\n"
    )
    found = run(tmp_path, metadata=table)
    contact = contacts(found)["K1"]
    assert (contact.agent_id, contact.team, contact.channel_map) == ("9", "A", (Role.AGENT, Role.CUSTOMER))
    assert contact.started_at == dt.datetime(2026, 10, 3, 1, 5, 12, tzinfo=dt.UTC)  # only the name says it
    assert len(found) == 1  # the metadata table itself is neither contact nor ignored


def test_metadata_makes_pairs_and_tells_what_is_missing(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav", "c.wav", "wrong.wav"):
        write(tmp_path / name)
    table = write(
        tmp_path / "meta.csv",
        "call_id,agent_file,customer_file,agent,start\nK1,a.wav,b.wav,1,\nK2,c.wav,gone.wav,1,\nK3,wrong.wav,,1,soon\nK4,lost.wav,,1,\n",
    )
    found = run(tmp_path, metadata=table)
    assert names(contacts(found)["K1"]) == [("a.wav", "audio", Role.AGENT), ("b.wav", "audio", Role.CUSTOMER)]
    assert list(contacts(found)) == ["K1"]
    assert sorted((Path(one.path).name, one.error.row) for one in problems(found)) == [
        ("c.wav", 3),
        ("meta.csv", 5),
        ("wrong.wav", 4),
    ]


@pytest.mark.parametrize("given", ["file", "folder", "both"])
def test_a_table_of_the_month_is_no_list_of_failures_for_files_named_one_by_one(tmp_path: Path, given: str) -> None:
    recording = write(tmp_path / "night" / "a.wav")
    table = write(tmp_path / "month.csv", "file,agent,start\na.wav,1,\nb.wav,2,\nc.wav,3,soon\n")
    paths = {"file": [recording], "folder": [recording.parent], "both": [recording, recording.parent]}[given]
    found = run(*paths, metadata=table)
    assert contacts(found)["a"].agent_id == "1"
    assert [one.error.row for one in problems(found)] == ([] if given == "file" else [3, 4])


@pytest.mark.parametrize(
    ("beside", "joined", "ignored"),
    [
        (("X_agent.vtt", "X_customer.vtt"), (("X_agent.vtt", Role.AGENT), ("X_customer.vtt", Role.CUSTOMER)), 0),
        (("X.txt",), (("X.txt", None),), 0),
        (("K1.txt",), (("K1.txt", None),), 0),
        (("X.txt", "X_agent.vtt", "X_customer.vtt"), (("X.txt", None),), 2),
        (("X_agent.vtt",), (), 1),
    ],
)
def test_transcripts_beside_a_pair_of_the_metadata_join_it(
    tmp_path: Path, beside: tuple[str, ...], joined: tuple[tuple[str, Role | None], ...], ignored: int
) -> None:
    folder = tmp_path / "calls"
    for name in ("X_agent.wav", "X_customer.wav"):
        write(folder / name)
    for name in beside:
        write(
            folder / name, f"WEBVTT\n\n00:01.000 --> 00:02.000\nagent: hi {name}\n" if "vtt" in name else "agent: hi\n"
        )
    table = write(tmp_path / "meta.csv", "call_id,agent_file,customer_file\nK1,X_agent.wav,X_customer.wav\n")
    found = run(folder, metadata=table)
    assert list(contacts(found)) == ["K1"]
    assert names(contacts(found)["K1"])[2:] == [(name, "transcript", role) for name, role in joined]
    assert sum(one.count for one in found if isinstance(one, IgnoredFiles)) == ignored
    assert problems(found) == []


def test_metadata_of_chats(tmp_path: Path) -> None:
    chats = write(tmp_path / "chats.csv", "chat id,sender,text\nS1,agent,hi\n")
    table = write(tmp_path / "meta.csv", "call_id,agent,team\nS1,8001,A\n")
    assert contacts(run(chats, metadata=table))["S1"].agent_id == "8001"


def test_the_same_content_twice_is_one_contact(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", "same")
    write(tmp_path / "b.wav", "same")
    found = run(tmp_path)
    assert list(contacts(found)) == ["a"]
    assert found[1] == Duplicate(str(tmp_path / "b.wav"), "a", str(tmp_path / "a.wav"))


def test_one_id_for_two_contents_names_both_files(tmp_path: Path) -> None:
    write(tmp_path / "day1" / "C7.wav")
    write(tmp_path / "day2" / "C7.wav")
    options = IntakeOptions(file_pattern="{call_id}")
    found = run(tmp_path, options=options)
    assert list(contacts(found)) == ["C7"]
    (problem,) = problems(found)
    assert isinstance(problem.error, Conflict)
    assert str(tmp_path / "day1" / "C7.wav") in problem.error.render()
    assert str(tmp_path / "day2" / "C7.wav") in problem.error.render()


@pytest.mark.parametrize("ending", ["transcript", "inspections", "effective", "reviews", "audio", "audio/0"])
def test_an_id_that_stands_for_a_part_of_another_contact_is_refused(tmp_path: Path, ending: str) -> None:
    ids = (f"2026/S1/{ending}", "2026/S1", f"2026/{ending}/S1", f"{ending}S1")
    rows = "".join(f"{one},agent,hi {one}\n" for one in ids)
    found = run(write(tmp_path / "chats.csv", f"chat id,sender,text\n{rows}"))
    allowed = ["2026/S1", f"2026/{ending}/S1", f"{ending}S1"]
    assert list(contacts(found)) == [one for one in allowed if one != "2026/audio/S1"]  # which may be a recording
    refused = problems(found)
    assert f"2026/S1/{ending}" in refused[0].error.render()
    assert "/transcript" in str(refused[0].error.as_dict()["hint"])
    assert len(refused) == (2 if ending == "audio" else 1)


def test_a_file_name_used_twice_gets_its_hash_and_keeps_it_in_the_next_run(tmp_path: Path) -> None:
    write(tmp_path / "day2" / "001.wav")
    first = contacts(run(tmp_path))
    stored = {contact.id: content_key(contact) for contact in first.values()}
    write(tmp_path / "day1" / "001.wav")  # comes first in the second run
    second = [one for one in discover([tmp_path], None, OPTIONS, stored_content=stored.get) if isinstance(one, Contact)]
    assert second[1] == first["001"]
    assert second[0].id == f"001-{second[0].sources[0].sha256[:8]}"


def test_links_that_lead_back_end(tmp_path: Path) -> None:
    write(tmp_path / "a" / "call.wav")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "broken.wav").symlink_to(tmp_path / "nowhere.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    found = run(tmp_path, tmp_path / "a")
    assert list(contacts(found)) == ["call"]
    assert [Path(one.path).name for one in problems(found)] == ["broken.wav"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_may_not_be_read_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "fine.wav")
    shut = tmp_path / "shut"
    shut.mkdir(mode=0)
    found = run(tmp_path)
    assert list(contacts(found)) == ["fine"]
    assert isinstance(problems(found)[0].error, InputError)


@pytest.mark.parametrize(
    "stem",
    ["with space", "quote'\"", "🎧 通话", "new\nline", "x" * 240, "-rf", "%s {agent} $HOME", "a.b.c", "tab\there"],
)
def test_hostile_names(tmp_path: Path, stem: str) -> None:
    write(tmp_path / f"{stem}.wav")
    (contact,) = contacts(run(tmp_path)).values()
    assert contact.id == " ".join(stem.split())
    assert Path(contact.sources[0].uri).read_bytes()


def test_a_name_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff\xfe.wav", "wb") as file:  # noqa: PTH123 -- bytes, not text
        file.write(b"x")
    (problem,) = problems(run(tmp_path))
    json.dumps(problem.error.as_dict()).encode()
    assert "not text" in problem.error.render()


@pytest.mark.parametrize("options", [IntakeOptions(time_zone="Mars/Base"), IntakeOptions(file_pattern="{nobody}")])
def test_wrong_settings_end_the_run_before_it_starts(tmp_path: Path, options: IntakeOptions) -> None:
    with pytest.raises(ConfigurationError):
        run(tmp_path, options=options)


def test_an_empty_recording_is_no_duplicate_of_another(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", b"")
    write(tmp_path / "b.wav", b"")
    assert [type(one.error) for one in problems(run(tmp_path))] == [EmptyAudio, EmptyAudio]


PEAK = """
import sys, tracemalloc
from pathlib import Path
from qa_pipeline.domain.contact import Contact, SourceKind
from qa_pipeline.intake.discover import discover
from qa_pipeline.intake.options import IntakeOptions

options = IntakeOptions(default_language="zh")
tracemalloc.start()
count = sum(
    isinstance(one, Contact) and one.sources[0].kind is SourceKind.AUDIO
    for one in discover([Path(sys.argv[1])], None, options)
)
print(count, tracemalloc.get_traced_memory()[1])
"""


def test_memory_stays_flat_over_two_thousand_files(tmp_path: Path) -> None:
    for folder in range(20):
        (tmp_path / f"day{folder}").mkdir()
        for number in range(100):
            (tmp_path / f"day{folder}" / f"call{folder:02d}{number:03d}.wav").write_bytes(
                os.urandom(16) + bytes(20_000)
            )
    # In a process of its own: threads that other tests have left would be measured too.
    told = subprocess.run([sys.executable, "-c", PEAK, str(tmp_path)], check=True, capture_output=True, text=True)
    count, peak = map(int, told.stdout.split())
    assert count == 2000
    # 40 MB of content pass through; names, hashes and one buffer of 1 MiB stay.
    assert peak < 8 << 20
