"""The words of short texts: English ones by their borders, Chinese ones by how freely characters combine around them.

A Chinese word is a run of 2 to 5 characters that is frequent, whose parts stand together far more often than chance
would have it, and that has many different neighbours on both sides. Words that no dictionary holds, such as the names
of a site's products, are found so too.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise

from qa_pipeline.scoring.match_text import fold

_CLAUSE = re.compile(r"[^，。！？；：、,.!?;:\n]+")
_CHINESE_RUN = re.compile(r"[\u3400-\u9fff]{2,}")
_ENGLISH_WORD = re.compile(r"[a-z][a-z']+")

SIZE_MAX = 5
COUNT_MIN = 3
# A run whose parts stand together e^2 times as often as by chance, with neighbours as free as two of equal chance.
COHESION_MIN = 2.0
FREEDOM_MIN = 1.0
# No word of a topic begins or ends so: particles, pronouns and helpers that stand beside everything.
_NO_EDGE = frozenset(
    "的了吗呢吧啊呀哦嘛么是我你您他她它这那在有和就都也还又很太不没要会能可请把被给让跟对从到着过啥怎为什个们吃说想问看下上里"
)
_PLAIN_CHINESE = frozenset({
    "今天", "昨天", "明天", "后天", "昨晚", "今晚", "上午", "下午", "晚上", "中午", "已经", "时候", "谢谢", "时间",
    "如果", "之前", "现在", "麻烦", "咨询", "人工", "知道", "应该", "刚刚", "刚才", "以前", "以后", "后来", "多少",
    "多久", "自己", "所以", "然后", "因为", "选择", "帮忙", "大概", "好像", "可能", "还是", "这样", "怎样", "如何",
    "出来", "开始", "另外", "客服", "意思", "情况", "具体", "直接", "东西", "几天", "当时", "结果", "感谢",
})  # fmt: skip
_PLAIN_ENGLISH = frozenset({
    "hi", "hello", "hey", "good", "morning", "afternoon", "evening", "thanks", "thank", "help", "want", "need", "like",
    "know", "just", "does", "did", "don't", "didn't", "can't", "i'm", "i'd", "i've", "it's", "yes", "ok", "okay", "um",
    "going", "got", "get", "tell", "use", "sir", "madam", "wanna", "gonna", "doesn't", "won't", "isn't", "what's",
})  # fmt: skip


def words_of(texts: Sequence[str], language: str) -> list[list[str]]:
    """Return the telling words of each text, English ones also in pairs, in order; a word may stand twice."""
    if language != "zh":
        return [list(_english(text)) for text in texts]
    clauses = [[run for part in _folded(text) for run in _CHINESE_RUN.findall(part)] for text in texts]
    words = chinese_words([run for runs in clauses for run in runs])
    return [[word for run in runs for word in _covering(run, words)] for runs in clauses]


def chinese_words(runs: Iterable[str]) -> frozenset[str]:
    """Return the words that runs of Chinese characters are made of, as far as their number tells them."""
    counts: Counter[str] = Counter()
    before: dict[str, Counter[str]] = {}
    after: dict[str, Counter[str]] = {}
    characters = 0
    for number, run in enumerate(runs):
        characters += len(run)
        for start in range(len(run)):
            for end in range(start + 1, min(start + SIZE_MAX, len(run)) + 1):
                part = run[start:end]
                counts[part] += 1
                if end - start > 1:
                    # Each end of a run is a neighbour of its own: nothing binds a word to it.
                    before.setdefault(part, Counter())[run[start - 1] if start else f"^{number}"] += 1
                    after.setdefault(part, Counter())[run[end] if end < len(run) else f"${number}"] += 1
    return frozenset(
        part
        for part, count in counts.items()
        if len(part) > 1
        and count >= COUNT_MIN
        and part not in _PLAIN_CHINESE
        and part[0] not in _NO_EDGE
        and part[-1] not in _NO_EDGE
        and _cohesion(part, counts, characters) >= COHESION_MIN
        and min(_entropy(before[part]), _entropy(after[part])) >= FREEDOM_MIN
    )


def _cohesion(part: str, counts: Counter[str], characters: int) -> float:
    """Return the least log ratio, over all cuts in two, of how often the halves stand together to chance."""
    return min(
        math.log(counts[part] * characters / (counts[part[:cut]] * counts[part[cut:]])) for cut in range(1, len(part))
    )


def _entropy(neighbours: Counter[str]) -> float:
    total = neighbours.total()
    return -sum(count / total * math.log(count / total) for count in neighbours.values())


def _covering(run: str, words: frozenset[str]) -> Iterator[str]:
    """Yield the longest words of a run from left to right."""
    start = 0
    while start < len(run):
        end = next((end for end in range(min(start + SIZE_MAX, len(run)), start + 1, -1) if run[start:end] in words), 0)
        if end:
            yield run[start:end]
        start = end or start + 1


def _folded(text: str) -> Iterator[str]:
    for clause in _CLAUSE.findall(text):
        yield fold(clause).text


@cache
def _plain_english() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return _PLAIN_ENGLISH.union(ENGLISH_STOP_WORDS)


def _english(text: str) -> Iterator[str]:
    plain = _plain_english()
    for clause in _folded(text):
        words = _ENGLISH_WORD.findall(clause)
        yield from (word for word in words if word not in plain)
        for first, second in pairwise(words):
            if first not in plain and second not in plain:
                yield f"{first} {second}"
