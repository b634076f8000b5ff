"""Text to n-gram features: the one definition that training and prediction share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from models.text.courtesy_marks import courtesy_marks
from models.text.identity import UNREAD, blind
from qa_pipeline.engines.writing import simplified
from qa_pipeline.scoring.match_text import has_chinese, syllable_of

_PLACEHOLDER = re.compile(r"https?://\S+|www\.\S+|[\[<【][^\]>】]{1,20}[\]>】]|[@#]\w+")
_DIGITS = re.compile(r"\d+")
_REPEAT = re.compile(r"(.)\1{2,}")
_WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?|[^\w\s]")
_SPACE = re.compile(r"\s+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")

MAX_CHARACTERS = 2000
_EDGE_WORDS = 2
_GAP_WORDS = 3


def normalise(text: str) -> str:
    """Return the text as the models see it.

    Width and case are folded, links, handles and masks such as ``[姓名]`` are dropped, numbers become ``0`` and a
    character that stands more than twice in a row is cut to two. Only the first 2,000 characters count.
    """
    folded = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).lower().replace("\u2019", "'")
    folded = _DIGITS.sub("0", _PLACEHOLDER.sub(" ", folded))
    return _SPACE.sub(" ", _REPEAT.sub(r"\1\1", folded)).strip()


def as_learned(texts: Sequence[str], script: str) -> Sequence[str]:
    """Return texts as the models learned to read: Chinese in simplified characters."""
    if script != "zh":
        return texts
    # Half a surrogate pair cannot be converted; it means nothing either.
    return [simplified(text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")) for text in texts]


def chinese_ngrams(text: str) -> Iterator[str]:
    """Yield the n-grams of 1 to 4 characters of a Chinese text, its borders marked ``^`` and ``$``."""
    yield from _characters(f"^{normalise(text)}$")


def _characters(marked: str) -> Iterator[str]:
    for size in (1, 2, 3, 4):
        for start in range(len(marked) - size + 1):
            yield marked[start : start + size]


def english_ngrams(text: str) -> Iterator[str]:
    """Yield words, pairs of words and the 3 to 5 character n-grams inside words (prefixed ``~``) of a text."""
    yield from _words(normalise(text))


def _words(said: str) -> Iterator[str]:
    words = _WORD.findall(said)
    previous = "^"
    for word in [*words, "$"]:
        yield word
        yield f"{previous} {word}"
        previous = word
    for word in words:
        marked = f" {word} "
        for size in (3, 4, 5):
            for start in range(len(marked) - size + 1):
                yield f"~{marked[start : start + size]}"


def english_edge_ngrams(text: str) -> Iterator[str]:
    """Yield `english_ngrams`, the first and last two words in their places, and both ends of the run-together text.

    What a sentence does is said at its ends, and people who type in a hurry leave out spaces: ``thanksbye``.
    """
    yield from english_ngrams(text)
    words = [word for word in _WORD.findall(normalise(text)) if word[0].isalnum()]
    for place, word in enumerate(words[:_EDGE_WORDS]):
        yield f"<{place}{word}"
    for place, word in enumerate(words[: -_EDGE_WORDS - 1 : -1]):
        yield f">{place}{word}"
    joined = "".join(words)
    for size in (3, 4, 5, 6):
        yield f"[[{joined[:size]}"
        yield f"]]{joined[-size:]}"


def english_gap_ngrams(text: str) -> Iterator[str]:
    """Yield `english_ngrams` and the pairs of words with one to three others between them, ``card … stolen``."""
    yield from english_ngrams(text)
    words = [word for word in _WORD.findall(normalise(text)) if word[0].isalnum()]
    for place, word in enumerate(words):
        for other in words[place + 2 : place + 2 + _GAP_WORDS]:
            yield f"{word}_{other}"


def chinese_inner_ngrams(text: str) -> Iterator[str]:
    """Yield `chinese_ngrams` of a text without the punctuation at its ends: it tells how somebody types."""
    inner = _EDGES.sub("", normalise(text))
    return chinese_ngrams(inner)


def chinese_blind_ngrams(text: str) -> Iterator[str]:
    """Yield `chinese_ngrams` without words that say who somebody is; none reaches across such a word."""
    return _blind_characters(normalise(text))


def chinese_inner_blind_ngrams(text: str) -> Iterator[str]:
    """Yield `chinese_blind_ngrams` of a text without the punctuation at its ends."""
    return _blind_characters(_EDGES.sub("", normalise(text)))


def _blind_characters(said: str) -> Iterator[str]:
    for part in f"^{blind(said, 'zh')}$".split(UNREAD):
        yield from _characters(part)


def english_blind_ngrams(text: str) -> Iterator[str]:
    """Yield `english_ngrams` without words that say who somebody is; none reaches across such a word."""
    return (ngram for ngram in _words(blind(normalise(text), "en")) if UNREAD not in ngram)


def english_word_ngrams(text: str) -> Iterator[str]:
    """Yield words, pairs of words and the 4 and 5 character n-grams inside words of a text, its punctuation aside."""
    words = [word for word in _WORD.findall(normalise(text)) if word[0].isalnum()]
    previous = "^"
    for word in words:
        yield word
        yield f"{previous} {word}"
        previous = word
    for word in words:
        marked = f" {word} "
        for size in (4, 5):
            for start in range(len(marked) - size + 1):
                yield f"~{marked[start : start + size]}"


def chinese_sound_ngrams(text: str) -> Iterator[str]:
    """Yield n-grams of 1 to 3 characters and, prefixed ``~``, of 2 and 3 syllables, punctuation and spaces aside.

    Homophones, and syllables that many speakers do not keep apart, share the latter.
    """
    said = "".join(char for char in normalise(text) if char.isalnum())
    for size in (1, 2, 3):
        for start in range(len(said) - size + 1):
            yield said[start : start + size]
    syllables = [syllable_of(char) if has_chinese(char) else char for char in said]
    for size in (2, 3):
        for start in range(len(said) - size + 1):
            yield "~" + " ".join(syllables[start : start + size])


def chinese_courtesy_ngrams(text: str) -> Iterator[str]:
    """Yield the n-grams of 1 to 3 characters of a Chinese text and its marks of courtesy."""
    said = normalise(text)
    marked = f"^{said}$"
    for size in (1, 2, 3):
        for start in range(len(marked) - size + 1):
            yield marked[start : start + size]
    yield from courtesy_marks(text, said, "zh")


def english_courtesy_ngrams(text: str) -> Iterator[str]:
    """Yield words and pairs of words of an English text and its marks of courtesy."""
    words = _WORD.findall(normalise(text))
    previous = "^"
    for word in [*words, "$"]:
        yield word
        yield f"{previous} {word}"
        previous = word
    yield from courtesy_marks(text, f" {' '.join(words)} ", "en")


NGRAMS = {
    "zh": chinese_ngrams,
    "zh-blind": chinese_blind_ngrams,
    "zh-inner": chinese_inner_ngrams,
    "zh-inner-blind": chinese_inner_blind_ngrams,
    "zh-courtesy": chinese_courtesy_ngrams,
    "en": english_ngrams,
    "en-blind": english_blind_ngrams,
    "en-courtesy": english_courtesy_ngrams,
    "en-edges": english_edge_ngrams,
    "en-gaps": english_gap_ngrams,
    "zh-sound": chinese_sound_ngrams,
    "en-words": english_word_ngrams,
}
