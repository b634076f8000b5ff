"""From pieces of text to words, and marks put between them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.engines.word_pieces import Piece, joined_bytes, punctuate, words_of


def _pieces(*texts: str, probability: float | None = None) -> list[Piece]:
    return [
        Piece(text=text, start_s=at / 10, end_s=(at + 1) / 10, probability=probability) for at, text in enumerate(texts)
    ]


def _texts(*texts: str) -> list[str]:
    return [text for text, *_ in words_of(_pieces(*texts))]


def test_words_begin_at_spaces_and_at_every_piece_of_chinese() -> None:
    assert _texts(" thank", " call", "ing", " you") == [" thank", " calling", " you"]
    assert _texts("你", "好", "客户") == ["你", "好", "客户"]
    assert _texts("你", "VIP", "卡") == ["你", "VIP", "卡"]


def test_marks_belong_to_the_word_before_and_take_no_time() -> None:
    (word,) = words_of(_pieces("好", "，"))
    assert word == ("好，", 0.0, 0.1, None)
    assert _texts(" yes", ".", " no") == [" yes.", " no"]
    assert _texts("，", "好") == ["，", "好"]  # a mark with nothing before it stands alone


def test_the_probability_of_a_word_is_the_mean_of_its_pieces() -> None:
    pieces = [
        Piece(text=" call", start_s=0.0, end_s=0.2, probability=0.9),
        Piece(text="ing", start_s=0.2, end_s=0.4, probability=0.5),
    ]
    assert words_of(pieces) == [(" calling", 0.0, 0.4, 0.7)]
    pieces.append(Piece(text="s", start_s=0.4, end_s=0.5))
    assert words_of(pieces)[0][3] is None


def test_bytes_become_characters_and_half_a_character_is_left_out() -> None:
    # The character for "you" is E4 BD A0 in UTF-8.
    pieces = _pieces("<0xE4>", "<0xBD>", "<0xA0>", "好", "<0xE4>", probability=0.5)
    assert [(piece.text, piece.start_s, piece.end_s) for piece in joined_bytes(pieces)] == [
        ("你", 0.0, 0.3),
        ("好", 0.3, 0.4),
    ]


WORDS = st.lists(st.text(alphabet="你好客户ab", min_size=1, max_size=3), min_size=1, max_size=8)


@given(WORDS, st.data())
def test_marks_land_behind_the_word_that_they_were_put_behind(texts: list[str], data: st.DataObject) -> None:
    marks = [data.draw(st.sampled_from(["", "，", "。", "？"])) for _ in texts]
    words = [(text, float(at), float(at + 1), None) for at, text in enumerate(texts)]
    marked = punctuate(words, " ".join(text + mark for text, mark in zip(texts, marks, strict=True)))
    assert [text for text, *_ in marked] == [text + mark for text, mark in zip(texts, marks, strict=True)]
    assert [word[1:] for word in marked] == [word[1:] for word in words]


@given(WORDS)
def test_a_punctuation_model_has_no_say_in_the_words(texts: list[str]) -> None:
    words = [(text, 0.0, 1.0, None) for text in texts]
    assert punctuate(words, "".join(texts) + "多") == words
    assert punctuate(words, "".join(texts)[:-1] + "。") == words
