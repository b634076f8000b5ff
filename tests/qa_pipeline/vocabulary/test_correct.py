from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance, Word
from qa_pipeline.domain.vocabulary import Lexicon, Term
from qa_pipeline.vocabulary import correct, undo

MODEM = Term(text="光猫", language="zh")
AURORA = Term(text="Aurora Plus", language="en")


def transcript(*texts: str, language: str = "zh") -> Transcript:
    utterances = tuple(Utterance(index=index, role=Role.AGENT, text=text) for index, text in enumerate(texts))
    return Transcript(language=language, engine="e", quality=TranscriptQuality.TRUSTED, utterances=utterances)


def spoken(pieces: Sequence[tuple[str, float | None]], joint: str = "") -> Transcript:
    words = tuple(
        Word(text=text, start_s=float(place), end_s=place + 0.5, confidence=confidence)
        for place, (text, confidence) in enumerate(pieces)
    )
    utterance = Utterance(index=0, role=Role.AGENT, text=joint.join(text for text, _ in pieces), words=words)
    return Transcript(language="zh", engine="e", quality=TranscriptQuality.TRUSTED, utterances=(utterance,))


@pytest.mark.parametrize(
    ("said", "terms", "corrected"),
    [
        ("您的光毛坏了", [MODEM], "您的光猫坏了"),
        ("您的关帽坏了", [MODEM], "您的光猫坏了"),
        ("您的光猫坏了", [MODEM], "您的光猫坏了"),
        # n/l and h/f: 流量宝 heard as 牛量宝, 花费卡 as 发费卡.
        ("开通牛量宝", [Term(text="流量宝", language="zh")], "开通流量宝"),
        ("关系不大", [Term(text="关西", language="zh")], "关系不大"),  # an ordinary word of the same sound
        ("请拨打[电话]", [Term(text="殿画", language="zh")], "请拨打[电话]"),  # a masked tag is no speech
        ("5g套参", [Term(text="5G套餐", language="zh")], "5G套餐"),
        ("a5g套参", [Term(text="5G套餐", language="zh")], "a5g套参"),
        ("arora plus, please", [AURORA], "Aurora Plus, please"),
        ("on the aurora plus plan", [AURORA], "on the aurora plus plan"),
        ("a rural plus", [AURORA], "a rural plus"),
        ("or aura plus", [Term(text="Aurora Plus", language="en", heard=("or aura plus",))], "Aurora Plus"),
        ("for aura plus", [Term(text="Aurora Plus", language="en", heard=("or aura plus",))], "for aura plus"),
        ("光毛、光毛和光毛", [MODEM], "光猫、光猫和光猫"),
    ],
)
def test_what_is_corrected(said: str, terms: list[Term], corrected: str) -> None:
    after = correct(transcript(said), terms)
    assert after.utterances[0].text == corrected
    assert undo(after) == transcript(said)


def test_every_replacement_is_on_record() -> None:
    (correction,) = correct(transcript("您好", "您的光毛坏了"), [MODEM]).corrections
    # 光 is the same, 毛 has the same sound (0.9): (1 + 0.9) / 2
    assert (correction.utterance, correction.start, correction.heard, correction.term) == (1, 2, "光毛", "光猫")
    assert correction.similarity == pytest.approx(0.95)


@pytest.mark.parametrize(("confidence", "corrected"), [(0.95, "款待不好"), (0.3, "宽带不好"), (None, "款待不好")])
def test_an_ordinary_word_gives_way_only_where_the_recogniser_doubted(confidence: float | None, corrected: str) -> None:
    said = spoken([("款待", confidence), ("不好", 0.9)])
    after = correct(said, [Term(text="宽带", language="zh")])
    assert after.utterances[0].text == corrected


def test_the_merged_word_keeps_times_and_the_least_confidence() -> None:
    said = spoken([("您的", 0.9), ("光", 0.7), ("毛坏", 0.6), ("了", 0.9)])
    after = correct(said, [MODEM]).utterances[0]
    assert after.text == "您的光猫坏了"
    assert [word.text for word in after.words] == ["您的", "光猫坏", "了"]
    merged = after.words[1]
    assert (merged.start_s, merged.end_s, merged.confidence) == (1.0, 2.5, 0.6)
    assert after.word_spans() == ((0, 2), (2, 5), (5, 6))


def test_what_may_be_invented_is_left() -> None:
    said = transcript("光毛")
    invented = Utterance(index=0, role=Role.AGENT, text="光毛", usable=False)
    doubtful = Transcript(language="zh", engine="e", quality=said.quality, utterances=(invented,))
    assert correct(doubtful, [MODEM]) == doubtful


def test_terms_of_a_queue() -> None:
    everywhere = Term(text="云盘", language="zh")
    broadband = Term(text="光猫", language="zh", queues=("宽带",))
    lexicon = Lexicon(terms=(everywhere, broadband))
    assert lexicon.terms_of("宽带") == (everywhere, broadband)
    assert lexicon.terms_of("理财") == lexicon.terms_of(None) == (everywhere,)


PIECES = st.lists(
    st.tuples(
        st.sampled_from(
            ["光毛", "光", "毛", "帽", "关帽", "您的", "。", "arora", "plus", "a", "流", "牛量宝", "刘亮", "[电话]"]
        ),
        st.one_of(st.none(), st.floats(0, 1)),
    ),
    max_size=10,
)
TERMS = [
    MODEM,
    AURORA,
    Term(text="流量宝", language="zh", heard=("流流量", "光"[:1] + "您的")),
    Term(text="毛毛", language="zh"),
]


@given(pieces=PIECES, joint=st.sampled_from(["", " "]))
def test_undoing_gives_back_text_and_words(pieces: list[tuple[str, float | None]], joint: str) -> None:
    said = spoken(pieces, joint)
    after = correct(said, TERMS)
    assert undo(after) == said
    assert after.utterances[0].word_spans() is not None
    for correction in after.corrections:
        text = after.utterances[correction.utterance].text
        assert text[correction.start : correction.start + len(correction.term)] == correction.term


@given(first=PIECES, joint=st.sampled_from(["", " "]))
def test_two_rounds_of_corrections_are_undone_together(first: list[tuple[str, float | None]], joint: str) -> None:
    said = spoken(first, joint)
    assert undo(correct(correct(said, TERMS[1:]), TERMS[:1])) == said
