"""Characters that are none, and those that are written otherwise and mean the same: width, script, quotation marks."""

from __future__ import annotations

import re
from functools import cache

from opencc import OpenCC

_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")


def is_text(text: str) -> bool:
    """Whether a text has neither a NUL nor half of a surrogate pair, which no database and no file of UTF-8 takes."""
    return _NO_CHARACTER.search(text) is None


def as_text(text: str) -> str:
    """Return a text with the replacement character, as decoders put it, for each character that is none."""
    return _NO_CHARACTER.sub("\ufffd", text)


@cache
def plain_characters() -> dict[int, str]:
    """Return, for ``str.translate``, a plain character for each that is a variant of it; places stay true.

    Full-width ASCII becomes ASCII, traditional characters become simplified ones (character by character, without the
    phrases around them), curved apostrophes straight ones.
    """
    width = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    traditional = [chr(code) for code in range(0x3400, 0xA000)]
    simplified = OpenCC("t2s").convert("\n".join(traditional)).split("\n")
    script = {ord(old): new for old, new in zip(traditional, simplified, strict=True) if old != new}
    return width | script | {0x3000: " ", ord("’"): "'", ord("‘"): "'", ord("`"): "'"}
