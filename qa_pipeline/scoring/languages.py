"""Which written language the tag of a contact means."""

from __future__ import annotations

_WRITTEN_AS_CHINESE = ("cmn", "yue", "wuu", "hak", "nan", "gan", "hsn")  # ISO 639-3; recognisers name Cantonese yue


def written_language(language: str) -> str:
    """Return the primary tag of a language; varieties of Chinese that are written alike are ``zh``."""
    primary = language.lower().replace("_", "-").split("-")[0]
    return "zh" if primary in _WRITTEN_AS_CHINESE else primary
