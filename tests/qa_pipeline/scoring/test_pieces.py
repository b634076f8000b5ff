from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.scoring.pieces import pieces_of


def said(text: str) -> list[str]:
    return [text[start:end] for start, end in pieces_of(text)]


def test_clauses_and_neighbouring_pairs():
    assert said("您好，请稍等。我帮您查") == ["您好", "您好，请稍等", "请稍等", "请稍等。我帮您查", "我帮您查"]
    assert said("one moment") == ["one moment"]


def test_numbers_are_not_cut():
    assert said("退您1,299.50元") == ["退您1,299.50元"]


def test_what_holds_no_word_is_no_piece():
    assert said("。，！") == []
    assert said("嗯，好的") == ["好的"]
    assert said("") == []


@given(st.text(alphabet="您好啊a1 ，。,.！!\n", max_size=60))
def test_pieces_are_spans_with_words_in_order(text: str):
    spans = pieces_of(text)
    assert [start for start, _ in spans] == sorted(start for start, _ in spans)
    for start, end in spans:
        assert text[start:end] == text[start:end].strip() != ""
