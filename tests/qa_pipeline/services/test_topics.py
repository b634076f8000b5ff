from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
import pytest

from models.text.embedding import load
from qa_pipeline.services.topics import Opening, find_topics, labelled_table
from qa_pipeline.services.topics.grouping import OTHER, group_texts
from qa_pipeline.services.topics.naming import name_groups
from qa_pipeline.services.topics.words import chinese_words, words_of

ENDS = ("", "，谢谢", "，麻烦快一点")
ASKS = {
    "发票": ("我要开发票", "电子发票在哪里下载", "发票抬头写错了", "没有收到你们的发票"),
    "快递": ("我的快递到哪里了", "快递一直没送到", "快递员送错地址了", "查一下快递的物流"),
    "屏幕": ("屏幕坏了要保修", "屏幕碎了能修吗", "我买的屏幕不亮", "屏幕花了要修"),
}
ODD = ("你们招人吗哪里面试", "昨天的事情到底有没有结果")


def openings(language: str = "zh", texts: Sequence[str] | None = None) -> list[Opening]:
    """Thirty-six openings about three things, half of them of each of two months, and two about nothing of these."""
    made = [ask + end for asks in ASKS.values() for ask in asks for end in ENDS]
    said = texts or [*made, *ODD]
    return [
        Opening(contact_id=f"c{number}", period=f"2026-1{number % 2}", language=language, text=text)
        for number, text in enumerate(said)
    ]


def test_three_things_are_three_topics_with_names_of_words():
    (found,) = find_topics(openings(), load())
    assert (found.language, found.count, found.too_few) == ("zh", 38, False)
    assert [len(topic.members) for topic in found.topics] == [12, 12, 12]
    for word in ("发票", "快递", "屏幕"):
        (topic,) = [topic for topic in found.topics if word in topic.name]
        assert all(word in member.opening.text for member in topic.members)
        assert topic.share == pytest.approx(12 / 38)
        assert topic.months == {"2026-10": 6, "2026-11": 6}
    assert {opening.text for opening in found.other} == set(ODD)


def test_the_same_openings_give_the_same_topics():
    assert find_topics(openings(), load()) == find_topics(openings(), load())


def test_the_most_typical_come_first():
    (found,) = find_topics(openings(), load())
    for topic in found.topics:
        near = [member.likeness for member in topic.members]
        assert near == sorted(near, reverse=True)


def test_too_few_openings_are_said_to_be_too_few():
    (found,) = find_topics(openings()[:29], load())
    assert (found.too_few, found.topics, len(found.other)) == (True, (), 29)
    assert find_topics([], load()) == ()


def test_each_language_has_its_own_topics():
    english = openings("en", [f"my parcel has not arrived yet it is a {word}" for word in "abcdefgh"])
    found = find_topics([*openings(), *english], load())
    assert [(each.language, each.count, each.too_few) for each in found] == [("en", 8, True), ("zh", 38, False)]


def test_the_number_of_topics_can_be_fixed():
    (found,) = find_topics(openings(), load(), count=2)
    assert len(found.topics) == 2


def test_the_table_can_be_corrected_and_trained_from():
    (found,) = find_topics([*openings(), *openings(texts=["=1+1 我要开发票"])], load())
    rows = list(csv.DictReader(io.StringIO(labelled_table(found).decode("utf-8-sig"))))
    assert len(rows) == 39
    assert {row["category"] for row in rows} == {topic.name for topic in found.topics} | {""}
    assert [row["text"] for row in rows if row["category"] == ""] == list(ODD)
    assert any(row["text"].startswith("'=1+1") for row in rows)


def test_groups_do_not_depend_on_rotation_and_leave_out_what_is_blank():
    random = np.random.default_rng(0)
    middles = np.linalg.qr(random.normal(size=(8, 3)))[0].T
    points = np.vstack([middle + 0.1 * random.normal(size=(20, 8)) for middle in middles] + [np.zeros((1, 8))])
    vectors = (points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    grouping = group_texts(vectors)
    assert grouping.count == 3
    assert grouping.group[-1] == OTHER
    for start in (0, 20, 40):
        members = set(grouping.group[start : start + 20].tolist())
        assert len(members - {OTHER}) == 1


def test_identical_texts_are_one_matter():
    grouping = group_texts(load().embed(["快递一直没送到"] * 40, "zh"))
    assert set(grouping.group.tolist()) == {0}


def test_chinese_words_are_whole():
    things, ends = (
        ("电子发票", "发票", "抬头", "物流信息", "售后"),
        ("怎么开", "不对", "要改", "在哪里看", "多久有", "弄错了"),
    )
    starts = ("我要问", "你们的", "请把", "昨天", "给我看", "没有收到")
    words = chinese_words([start + thing + end for start in starts for thing in things for end in ends])
    assert {"电子发票", "发票", "抬头", "物流信息", "售后"} <= words
    assert not {"子发票", "子发", "票抬", "发票抬", "电子发"} & words


def test_english_words_leave_out_what_everybody_says():
    assert words_of(["Hello, I want to cancel my order. Gift card?"], "en") == [
        ["cancel", "order", "gift", "card", "gift card"]
    ]


def test_names_tell_groups_apart():
    words = [["订单", "取消"], ["订单", "取消"], ["订单", "修改"], ["订单", "修改"], [], []]
    # 订单 is said in both groups and weighs less than the word that only one has.
    assert name_groups(words, [0, 0, 1, 1, 2, 2], 3) == ["取消 · 订单", "修改 · 订单", ""]
    assert name_groups([["a"], ["a"], ["a"], ["a"]], [0, 0, 1, 1], 2) == ["a", "a (2)"]
    # Of words that hold each other the stronger stands.
    assert name_groups([["电子发票", "发票"]] * 2 + [["发票", "抬头"]] * 2, [0, 0, 1, 1], 2)[0] == "电子发票"
