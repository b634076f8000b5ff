from hypothesis import given
from hypothesis import strategies as st

from models.text.ngrams import chinese_ngrams, english_ngrams, normalise


def test_normalise_drops_what_carries_no_polarity():
    # Width and case fold, the mask and the link go, the number becomes 0, five exclamation marks become two.
    assert normalise("ＡＰＰ坏了!!!!! [订单x] http://a.cn/x 等了30天") == "app坏了!! 等了0天"


def test_chinese_ngrams_of_two_characters():
    # "^好的$": four single characters, three pairs, two triples, one of four.
    assert list(chinese_ngrams("好的")) == ["^", "好", "的", "$", "^好", "好的", "的$", "^好的", "好的$", "^好的$"]


def test_english_ngrams_of_one_word():
    # The word, its two pairs with the borders; " ok " has two n-grams of 3 characters and one of 4.
    assert list(english_ngrams("OK")) == ["ok", "^ ok", "$", "ok $", "~ ok", "~ok ", "~ ok "]


@given(st.text(max_size=300))
def test_normalise_is_idempotent_on_letters_and_never_grows_lines(text):
    once = normalise(text)
    assert "\n" not in once
    assert once == once.strip()
