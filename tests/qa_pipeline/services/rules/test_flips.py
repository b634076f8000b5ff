"""Flips: rules that hang on one wording change their mind, rules that do not stay."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.transcript import Utterance, Word
from qa_pipeline.engines.text import EMBEDDED_TEXT
from qa_pipeline.services.rules.flips import Flips, measure_flips, with_other_words
from qa_pipeline.vocabulary.variations import Variation, vary
from tests.qa_pipeline.services.rules.samples import criterion, sample, small_card, write_chats

CHATS = tuple(("c: 再见", "a: 再见，拜拜" if n == 3 else "a: 好，再见") for n in range(4))


def flips(tmp_path: Path, *kinds: Variation, role: str = "agent", seed: int = 0) -> Flips:
    brittle = criterion("brittle", "{detector: phrase, any: [再见]}")
    both = criterion("both", "{detector: phrase, any: [再见, 拜拜]}")
    card = small_card(tmp_path, brittle, both)
    chats = write_chats(tmp_path / "chats.jsonl", CHATS)
    return measure_flips(sample(chats, card, tmp_path), card, EMBEDDED_TEXT, variations=kinds, role=role, seed=seed)


def test_paraphrases_flip_a_rule_of_one_wording(tmp_path: Path) -> None:
    found = flips(tmp_path, Variation.PARAPHRASE).variations[Variation.PARAPHRASE]
    # 再见 becomes 拜拜 and the other way round: the fourth chat has both and keeps one.
    assert (found.n, found.criteria["brittle"].changed, found.criteria["both"].changed) == (4, 3, 0)
    assert found.criteria["brittle"].opposed == 3
    assert (found.overall.count, found.overall.n) == (3, 8)
    # With brittle lost 50 of 100 points are left, below the 60 that pass.
    assert (found.verdict.count, found.verdict.n) == (3, 4)
    example = found.criteria["brittle"].examples[0]
    assert (example.before, example.after) == (Outcome.MET, Outcome.NOT_MET)
    assert (example.said, example.edited) == ("好，再见", "好，拜拜")


def test_neutral_edits_flip_nothing(tmp_path: Path) -> None:
    kinds = (Variation.PUNCTUATION, Variation.FILLER, Variation.TRADITIONAL, Variation.DIGITS)
    found = flips(tmp_path, *kinds)
    assert [found.variations[kind].overall.count for kind in kinds] == [0, 0, 0, 0]
    # 拜拜 has no digits, so there was nothing to say in words.
    assert found.variations[Variation.DIGITS].n == 0


def test_the_customers_words_are_edited_on_demand(tmp_path: Path) -> None:
    found = flips(tmp_path, Variation.PARAPHRASE, role="customer").variations[Variation.PARAPHRASE]
    assert (found.n, found.overall.count) == (4, 0)


def test_a_seed_decides(tmp_path: Path) -> None:
    one, again, other = (flips(tmp_path, Variation.HOMOPHONE, seed=seed) for seed in (1, 1, 2))
    assert one.variations == again.variations
    assert one.n == other.n == 4


@pytest.mark.parametrize("kind", [Variation.CASE, Variation.FILLER, Variation.HOMOPHONE, Variation.PARAPHRASE])
def test_words_keep_the_confidence_of_those_whose_place_they_take(kind: Variation) -> None:
    texts = ["thank", "you", "for", "waiting,", "goodbye"]
    words = tuple(Word(text=text, start_s=n, end_s=n + 1, confidence=n / 10) for n, text in enumerate(texts))
    said = Utterance(index=0, role=Role.AGENT, text=" ".join(texts), words=words)
    for seed in range(20):
        other = with_other_words(said, vary(said.text, kind, Random(seed)))
        spans = other.word_spans()
        assert spans is not None
        assert len(other.words) >= 3
        # In their order, each with the figures of one of the old words.
        known = [word.confidence for word in other.words]
        assert known == sorted(known)
        if kind is Variation.CASE:
            assert [word.text for word in other.words] == [text.upper() for text in texts]
        if kind is Variation.FILLER:
            assert [word.text for word in other.words] == texts
