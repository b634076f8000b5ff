"""Edits that keep the meaning: what each one does, that masks stay, and that a seed decides."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.scoring.match_text import fold, sound
from qa_pipeline.vocabulary.variations import Variation, sound_alikes, spoken_en, spoken_zh, vary

TALK = "您好，请稍等，我帮您查一下订单，大概24小时内处理好，再见！"


def edited(kind: Variation, text: str, seed: int = 0) -> str:
    return vary(text, kind, Random(seed))


def test_homophones_sound_the_same() -> None:
    others = {edited(Variation.HOMOPHONE, TALK, seed) for seed in range(10)}
    assert len(others) > 5
    assert all(sound(fold(other).text) == sound(fold(TALK).text) for other in others)
    assert all(len(other) == len(TALK) for other in others)


def test_sound_alikes_of_english_are_other_words() -> None:
    assert {"two", "too"} <= set(sound_alikes("to"))
    assert "hear" in sound_alikes("here")
    assert not sound_alikes("zzzz")


def test_a_paraphrase_is_another_wording_of_the_group() -> None:
    assert edited(Variation.PARAPHRASE, "再见") == "拜拜"
    assert edited(Variation.PARAPHRASE, "Thank you for the list, goodbye.") == "Thanks for the list, bye."
    assert edited(Variation.PARAPHRASE, "whichever") == "whichever"


def test_other_edits() -> None:
    assert edited(Variation.PUNCTUATION, "您好，请讲。") == "您好请讲"
    assert edited(Variation.TRADITIONAL, "请说明订单号") == "請說明訂單號"
    assert edited(Variation.DIGITS, "24小时") == "二十四小时"
    assert edited(Variation.DIGITS, "24 hours") == "twenty four hours"
    assert edited(Variation.CASE, "ok好的") == "ｏｋ好的"
    assert edited(Variation.CASE, "okay") == "OKAY"
    assert edited(Variation.PARTICLE, "我帮您查一下。")[:-1][:-1] == "我帮您查一下"
    assert edited(Variation.PARTICLE, "可以吗？") == "可以吗？"
    assert len(edited(Variation.FILLER, "let me look").split()) == 4


@pytest.mark.parametrize("kind", [*Variation])
def test_masks_stay_and_a_seed_decides(kind: Variation) -> None:
    text = "电话[PHONE]，您好，请稍等24小时，thank you [电话]"
    assert "[PHONE]" in edited(kind, text)
    assert "[电话]" in edited(kind, text)
    assert edited(kind, text, 5) == edited(kind, text, 5)


NEUTRAL = (Variation.FILLER, Variation.PUNCTUATION, Variation.TRADITIONAL, Variation.DIGITS, Variation.CASE)


@pytest.mark.parametrize("kind", NEUTRAL)
@given(seed=st.integers(0, 10_000))
def test_matching_does_not_see_neutral_edits(kind: Variation, seed: int) -> None:
    assert fold(edited(kind, TALK, seed)).text == fold(TALK).text


ZH = {"0": "零", "7": "七", "10": "十", "12": "十二", "20": "二十", "105": "一百零五", "2008": "二千零八"}
ZH |= {"1010": "一千零一十", "0071": "零零七一", "300": "三百"}
EN = {"0": "zero", "15": "fifteen", "40": "forty", "105": "one hundred five", "2021": "two thousand twenty one"}
EN |= {"007": "zero zero seven"}


@pytest.mark.parametrize("number", ZH)
def test_spoken_chinese(number: str) -> None:
    assert spoken_zh(number) == ZH[number]


@pytest.mark.parametrize("number", EN)
def test_spoken_english(number: str) -> None:
    assert spoken_en(number) == EN[number]
