"""Characters that are written otherwise and mean the same: width, traditional script, quotation marks."""

from __future__ import annotations

from functools import cache

from opencc import OpenCC


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
