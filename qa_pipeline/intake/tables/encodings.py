"""Which encoding a text file is in, decided by strict decoding and never by a guess that loses characters."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path
from typing import IO, cast

from qa_pipeline.errors import N_, TableError

_CHUNK_BYTES = 1 << 20
_SAMPLE_BYTES = 4096
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# In Chinese text nearly every second byte is 0xA1 or above (the GB 2312 part). Where western accents are misread as
# GB 18030, the second byte is the ASCII letter that followed the accent.
_MIN_GB2312_SHARE = 0.5
_MIN_WIDE_CHARACTERS = 2


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading bytes, unpacking ``.gz``."""
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix.lower() == ".gz" else path.open("rb")


def find_encoding(path: Path) -> str | None:
    """Return the encoding of a text file: UTF-8, UTF-16, UTF-32 or GB 18030; None when it is none of them.

    The whole file is decoded strictly once, in pieces.
    """
    with open_bytes(path) as file:
        sample = file.read(_SAMPLE_BYTES)
    marked = next((name for mark, name in _MARKS if sample.startswith(mark)), None)
    if marked is None and b"\0" in sample:
        marked = "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    if marked is not None:
        return marked if _decodes(path, marked) else None
    if _decodes(path, "utf-8"):
        return "utf-8"
    is_chinese = _decodes(path, "gb18030") and _looks_chinese(path) and not _has_utf8_lines(path)
    return "gb18030" if is_chinese else None


def get_encoding(path: Path) -> str:
    """Return the encoding of a text file.

    Raises
    ------
    TableError
        When the file is neither UTF-8, UTF-16 nor GB 18030, or mixes them.
    """
    found = find_encoding(path)
    if found is None:
        raise TableError(
            N_("The text of this file is neither UTF-8, UTF-16 nor GB 18030 throughout."),
            hint=N_("Save it as UTF-8 (in Excel: CSV UTF-8) and try again."),
            file=str(path),
        )
    return found


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    try:
        with open_bytes(path) as file:
            while chunk := file.read(_CHUNK_BYTES):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _has_utf8_lines(path: Path) -> bool:
    """Whether some line is Chinese in UTF-8: a file of both kinds, or UTF-8 with a broken byte, reads as GB 18030 too.

    Two Chinese characters that are valid in UTF-8 come about by chance in GB 18030 in some of a million places.
    """
    with open_bytes(path) as file:
        for line in file:
            if not line.isascii():
                try:
                    wide = [character for character in line.decode("utf-8") if character > "\u2e7f"]
                except UnicodeDecodeError:
                    continue
                if len(wide) >= _MIN_WIDE_CHARACTERS:
                    return True
    return False


def _looks_chinese(path: Path) -> bool:
    pairs = in_gb2312 = 0
    with open_bytes(path) as file:
        content = file.read(_CHUNK_BYTES)
    at = 0
    while at < len(content) - 1:
        if content[at] < 0x80:
            at += 1
            continue
        pairs += 1
        in_gb2312 += content[at + 1] >= 0xA1
        at += 2
    return pairs == 0 or in_gb2312 / pairs >= _MIN_GB2312_SHARE
