"""Messages in English and Chinese: English text is the msgid, ``zh`` the one catalogue.

The catalogue is read as text at run time, so no compiled file can be out of step with it.
"""

from __future__ import annotations

import gettext
import locale
import os
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")
CATALOGUE = Path(__file__).parent / "locale" / "zh" / "LC_MESSAGES" / "callqa.po"


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: str) -> gettext.NullTranslations:
    """Return the translations of a page language; everything but ``zh`` is English."""
    if not language.startswith("zh"):
        return gettext.NullTranslations()
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="zh")
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class Translator:
    """Turns a msgid into the reader's language, and knows which that is."""

    language: str

    def __call__(self, message: str) -> str:
        """Return the text of a msgid."""
        return translations(self.language).gettext(message)


def translator(language: str) -> Translator:
    """Return what turns a msgid into the reader's language."""
    return Translator(language)


def console_language() -> str:
    """Return ``zh`` or ``en`` as the user's locale environment says."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "zh" if (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"
