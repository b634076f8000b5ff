"""Which written language the tag of a contact means, and which the letters of a text are in."""

from __future__ import annotations

_WRITTEN_AS_CHINESE = ("cmn", "yue", "wuu", "hak", "nan", "gan", "hsn")  # ISO 639-3; recognisers name Cantonese yue
_CJK = ("\u3400", "\u9fff")


def written_language(language: str) -> str:
    """Return the primary tag of a language; varieties of Chinese that are written alike are ``zh``."""
    primary = language.lower().replace("_", "-").split("-")[0]
    return "zh" if primary in _WRITTEN_AS_CHINESE else primary


def script_of(text: str) -> str | None:
    """Return ``zh`` or ``en`` by the letters of a text, None when it has letters of neither."""
    chinese = sum(_CJK[0] <= char <= _CJK[1] for char in text)
    latin = sum(char.isascii() and char.isalpha() for char in text)
    if not chinese and not latin:
        return None
    return "zh" if chinese * 3 >= latin else "en"
