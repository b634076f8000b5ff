from __future__ import annotations

import pytest

from qa_pipeline.scorecards.phrases import shipped_phrases
from qa_pipeline.scoring.match import prepare_phrases
from qa_pipeline.scoring.word_lists import word_lists

CLASSES = (
    "refusing",
    "impatience",
    "blaming",
    "talking_down",
    "sarcasm",
    "commanding",
    "threats",
    "disparaging",
    "indifference",
    "uncertain",
)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_forbidden_words_stand_in_classes_that_scorecards_may_cite(language: str):
    lists = shipped_phrases()
    for name in CLASSES:
        assert lists[f"{language}.forbidden_{name}"]
        assert f"{language}.forbidden_{name}_unless" in lists


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_forbidden_phrase_stands_once(language: str):
    for name in CLASSES:
        written = word_lists(language)[f"forbidden_{name}"]
        assert len(prepare_phrases(written)) == len(written), name
    everything = [phrase for name in CLASSES for phrase in word_lists(language)[f"forbidden_{name}"]]
    assert len(set(everything)) == len(everything)
    assert len(everything) >= 80
