"""What callers send as files of a batch: hostile names, and archives made to harm."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.batch_files import BatchLimits, kept_name, unpack
from qa_pipeline.errors import TooLarge, WrongContent

WORDS = b"agent: Hello, how may I help you?\ncustomer: My order has not come.\n"
LIMITS = BatchLimits(file_bytes=1 << 20, total_bytes=3 << 20, files=10)


def packed(tmp_path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = tmp_path / "calls.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["call.wav", "录音 2026-10-01 王芳.wav", "naïve.txt", "A01_0001.tar.wav"])
def test_a_harmless_name_stays(name: str) -> None:
    assert kept_name(name) == name


@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        ("../../etc/passwd", "passwd-", ""),
        ("..\\..\\call.wav", "call-", ".wav"),
        ("...", "upload-", ""),
        (".hidden.wav", "hidden-", ".wav"),
        ("a\x00b\r\n.wav", "ab-", ".wav"),
        ("call\u202evaw.exe", "callvaw-", ".exe"),  # turned round on the screen it would end in .wav
        ("call\ufeff.wav", "call-", ".wav"),
        ("汉" * 300 + ".wav", "汉", ".wav"),
        ("x." + "y" * 300, "x", "y"),
    ],
)
def test_a_hostile_name_is_changed_and_stays_one_of_its_own(name: str, begins: str, ends: str) -> None:
    found = kept_name(name)
    assert found.startswith(begins)
    assert found.endswith(ends)
    assert found != kept_name(name + "x")


def test_a_recording_and_its_transcript_still_share_the_part_before_the_suffix() -> None:
    assert Path(kept_name("a:b.wav")).stem == Path(kept_name("a:b.json")).stem


@given(st.text(min_size=1))
def test_whatever_the_name_it_is_one_file_in_its_folder(name: str) -> None:
    found = kept_name(name)
    assert found == kept_name(name)
    assert Path(found).name == found
    assert found not in (".", "..")
    assert not set(found) & set('/\\\x00\n\r:*?"<>|')
    assert len(found.encode("utf-8", "surrogatepass")) <= 255


def test_a_good_archive_keeps_its_folders_and_its_names(tmp_path: Path) -> None:
    entries = {"10月/王芳.txt": WORDS, "b.txt": WORDS, "__MACOSX/b.txt": b"x", ".DS_Store": b"x"}
    kept = unpack(packed(tmp_path, entries), tmp_path / "out", LIMITS)
    assert (kept.file_count, kept.size_bytes, kept.refused) == (2, 2 * len(WORDS), ())
    assert names_in(tmp_path / "out") == ["10月/王芳.txt", "b.txt"]


def test_names_as_chinese_windows_packs_them_are_read(tmp_path: Path) -> None:
    path = packed(tmp_path, {"xxxx.txt": WORDS})
    # 王芳 has two bytes for each character in GBK, and the archive does not say so.
    path.write_bytes(path.read_bytes().replace(b"xxxx", "王芳".encode("gbk")))
    unpack(path, tmp_path / "out", LIMITS)
    assert names_in(tmp_path / "out") == ["王芳.txt"]


def test_what_leads_out_and_what_is_no_plain_file_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = packed(
        tmp_path,
        {
            "good.txt": WORDS,
            "../../evil.txt": WORDS,
            "/etc/evil.txt": WORDS,
            "C:\\evil.txt": WORDS,
            "..\\evil.txt": WORDS,
            "inner.zip": WORDS,
            "inner.tar.gz": WORDS,
            "program.exe": b"MZ\x00\x01",
            "lie.wav": WORDS,
            "lie.txt": b"RIFF\x00\x00\x00\x00WAVEfmt ",
            "empty.txt": b"",
            "/".join("a" * 20) + ".txt": WORDS,
        },
    )
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        pipe = zipfile.ZipInfo("pipe.txt")
        pipe.external_attr = (stat.S_IFIFO | 0o777) << 16
        archive.writestr(pipe, WORDS)
    kept = unpack(path, tmp_path / "deep" / "out", replace(LIMITS, files=20))
    assert names_in(tmp_path) == ["calls.zip", "deep/out/good.txt"]
    assert {problem.file for problem in kept.refused} == {
        *("../../evil.txt", "/etc/evil.txt", "C:\\evil.txt", "..\\evil.txt", "inner.zip", "inner.tar.gz"),
        *("program.exe", "lie.wav", "lie.txt", "empty.txt", "/".join("a" * 20) + ".txt", "link.txt", "pipe.txt"),
    }
    assert all(problem.message and problem.hint for problem in kept.refused)


def test_a_name_that_comes_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "calls.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.txt", WORDS)
        archive.writestr("a.txt", WORDS + WORDS)
    kept = unpack(path, tmp_path / "out", LIMITS)
    assert (kept.file_count, kept.size_bytes, len(kept.refused)) == (1, len(WORDS), 1)


def test_a_file_that_packs_too_well_is_refused(tmp_path: Path) -> None:
    # 2 MB of one letter pack to some 2 kB, a thousandth.
    kept = unpack(packed(tmp_path, {"bomb.txt": b"a" * (2 << 20), "good.txt": WORDS}), tmp_path / "out", LIMITS)
    assert [problem.file for problem in kept.refused] == ["bomb.txt"]
    assert names_in(tmp_path / "out") == ["good.txt"]


def test_what_unpacks_to_more_than_is_taken_is_refused_as_a_whole(tmp_path: Path) -> None:
    words = WORDS * 10_000  # 660 kB each: the fifth is beyond 3 MiB
    path = packed(tmp_path, {f"{number}.txt": words for number in range(5)}, zipfile.ZIP_STORED)
    with pytest.raises(TooLarge):
        unpack(path, tmp_path / "out", LIMITS)
    with pytest.raises(TooLarge):
        unpack(packed(tmp_path, {f"{number}.txt": WORDS for number in range(11)}), tmp_path / "out2", LIMITS)


def test_sizes_that_an_archive_states_are_not_believed(tmp_path: Path) -> None:
    path = packed(tmp_path, {"a.txt": WORDS * 100, "b.txt": WORDS})
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 10)  # unpacked size in the directory
    path.write_bytes(content)
    kept = unpack(path, tmp_path / "out", LIMITS)
    assert [problem.file for problem in kept.refused] == ["a.txt"]
    assert names_in(tmp_path / "out") == ["b.txt"]


def test_an_encrypted_or_damaged_entry_is_named(tmp_path: Path) -> None:
    path = packed(tmp_path, {"a.txt": WORDS, "b.txt": WORDS, "c.txt": WORDS}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.index(WORDS)] ^= 0xFF  # the first one's checksum no longer fits
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
    content[second + 8] |= 1  # encrypted, says the directory
    path.write_bytes(content)
    kept = unpack(path, tmp_path / "out", LIMITS)
    assert sorted(str(problem.file) for problem in kept.refused) == ["a.txt", "b.txt"]
    assert names_in(tmp_path / "out") == ["c.txt"]


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"nothing", b"", b"PK\x05\x06short"])
def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "calls.zip").write_bytes(content)
    with pytest.raises(WrongContent):
        unpack(tmp_path / "calls.zip", tmp_path / "out", LIMITS)


def test_a_directory_larger_than_what_it_may_list_is_not_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(11):
            archive.writestr(zipfile.ZipInfo("n" * 600 + str(number)), b"")
    content = bytearray(out.getvalue())
    end = content.rindex(b"PK\x05\x06")
    content[end + 8 : end + 12] = struct.pack("<HH", 1, 1)  # it says that it lists one file
    (tmp_path / "calls.zip").write_bytes(content)
    with pytest.raises(TooLarge):
        unpack(tmp_path / "calls.zip", tmp_path / "out", LIMITS)
    content[end:] = b"PK\x05\x06" + b"\xff" * 18
    (tmp_path / "calls.zip").write_bytes(content)
    with pytest.raises(TooLarge):
        unpack(tmp_path / "calls.zip", tmp_path / "out", LIMITS)
