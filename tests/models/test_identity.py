"""Identity words: hidden before the judging models read; slurs and other words stay."""

import csv
import re
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.abuse import load as load_abuse
from models.text.identity import UNREAD, blind, either
from models.text.ngrams import NGRAMS, normalise
from models.text.sentiment import load as load_sentiment

PAIRS = Path(__file__).parent / "identity_pairs.csv"


@pytest.mark.parametrize(
    ("said", "language", "read"),
    [
        ("我是铜陵人,想问一下", "zh", f"我是{UNREAD},想问一下"),
        ("我是枞阳人,想问一下", "zh", f"我是{UNREAD},想问一下"),  # no listed place, but he says where he is from
        ("那位美国黑人女士很客气", "zh", f"那位{UNREAD}很客气"),  # one place for three words in a row
        ("上海人工客服", "zh", f"{UNREAD}人工客服"),  # 人工, not 上海人
        ("她咋还没到", "zh", "他怎么还没到"),
        ("态度蛮横", "zh", "态度蛮横"),  # not 蛮 in the sense of very
        ("滚,小日本", "zh", "滚,小日本"),  # a slur, which must stay evidence
        ("the young jewish woman's bag", "en", f"the {UNREAD} bag"),
        ("she ain't listenin' to y'all", "en", "he is not listening to you all"),
        ("whitelist the manual", "en", "whitelist the manual"),  # white and man only as parts of words
    ],
)
def test_words_are_hidden_or_read_in_their_standard_form(said: str, language: str, read: str):
    assert blind(said, language) == read


@pytest.mark.parametrize("language", ["zh", "en"])
def test_insults_are_read_as_they_are(language: str):
    with (PAIRS.parent / "abusive_sentences.csv").open(encoding="utf-8", newline="") as file:
        insults = [row["text"] for row in csv.DictReader(file) if row["language"] == language]
    assert insults
    assert [UNREAD in blind(normalise(text), language) for text in insults] == [False] * len(insults)


@pytest.mark.parametrize(
    ("ngrams", "one", "other"),
    [
        ("zh-blind", "我是安徽人，快一点", "我是内蒙古人，快一点"),
        ("zh-inner-blind", "农村户口能办吗", "本地户口能办吗"),
        ("en-blind", "a hindu lady called", "a sikh gentleman called"),
    ],
)
def test_no_ngram_tells_which_word_it_was(ngrams: str, one: str, other: str):
    assert sorted(NGRAMS[ngrams](one)) == sorted(NGRAMS[ngrams](other))
    assert not any(UNREAD in ngram for ngram in NGRAMS[ngrams](one))


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=4), min_size=1, max_size=6), st.text("abc", max_size=8))
def test_the_shared_pattern_finds_the_longest_word(words: list[str], text: str):
    found = re.match(either(words), text)
    starting = [word for word in words if text.startswith(word)]
    assert (found.group() if found else None) == (max(starting, key=len) if starting else None)


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("zh", ["{}用户打来电话，等了两个小时都没有人管", "那位{}客服很有耐心，谢谢"]),
        ("en", ["the {} caller was told to wait again", "thank you for helping my {} neighbour"]),
    ],
)
def test_listed_words_leave_every_judgement_as_it_is(language: str, sentences: list[str]):
    words = {
        "zh": ["湖北", "藏族", "穆斯林", "残疾", "农村", "老年"],
        "en": ["texan", "black", "muslim", "deaf", "gay"],
    }
    for sentence in sentences:
        texts = [sentence.format(word) for word in words[language]]
        moods = load_sentiment().predict(texts, language)
        assert (moods == moods[0]).all()
        chances = load_abuse().predict(texts, language).probabilities
        assert (chances == chances[0]).all()


def test_other_words_for_the_same_hardly_change_a_label():
    """Written apart from the lists, about half of these pairs hold a word that the lists lack."""
    sentiment, abuse = load_sentiment(), load_abuse()
    flips, hints = [], []
    with PAIRS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            texts = [row["text"].format(word) for word in row["words"].split("|")]
            labels = sentiment.predict(texts, row["language"]).argmax(axis=1)
            flips += [one != other for one, other in combinations(labels, 2)]
            hints += abuse.predict(texts, row["language"]).hints.tolist()
    assert len(flips) > 500
    assert sum(flips) / len(flips) <= 0.10
    assert not any(hints)
