from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from models.text.abuse import THRESHOLD, describe, load
from models.text.abuse_training import AbuseOptions, read_abuse_table, read_clean_table, train_abuse
from models.text.classifier import CARD, SHIPPED, WEIGHTS
from models.text.labelled import read_texts
from qa_pipeline.errors import EngineError, InputError, RowError, TableError
from tests.tables import write_lines

HERE = Path(__file__).parent
THINGS = ("套餐", "订单", "快递", "宽带", "账单", "发票", "会员", "保单", "手机", "空调")


def sentences(name: str, language: str, sentiments: tuple[str | None, ...] = (None,)) -> list[str]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["language"] == language]
    return [row["text"] for row in rows if row.get("sentiment") in sentiments]


@pytest.fixture
def own_labels(tmp_path: Path) -> Path:
    """Forty texts in a site's own words, of which 咕噜 is abuse."""
    lines = [f"{word}{thing}{number},{label}" for word, label in (("咕噜咕噜", 1), ("看一下", 0)) for thing in THINGS
             for number in "甲乙"]  # fmt: skip
    return write_lines(tmp_path / "own.csv", "text,label", *lines)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_identity_words_by_themselves_are_no_hint(language: str):
    texts = sentences("identity_sentences.csv", language)
    reading = load().predict(texts, language)
    assert [text for text, hint in zip(texts, reading.hints, strict=True) if hint] == []
    assert (reading.probabilities >= 0.5).mean() <= 0.15


@pytest.mark.parametrize("language", ["zh", "en"])
def test_plain_insults_are_found(language: str):
    texts = sentences("abusive_sentences.csv", language)
    reading = load().predict(texts, language)
    assert (reading.probabilities >= 0.5).mean() >= 0.85
    assert reading.hints.mean() >= 0.5


@pytest.mark.parametrize("language", ["zh", "en"])
def test_service_talk_is_no_hint(language: str):
    texts = sentences("service_sentences.csv", language, ("neutral", "positive"))
    assert len(texts) > 20
    assert not load().predict(texts, language).hints.any()


def test_an_english_insult_in_a_chinese_contact_is_read_as_english():
    model = load()
    mixed, english = model.predict(["fuck you"], "zh"), model.predict(["fuck you"], "en")
    assert mixed.probabilities[0] == english.probabilities[0] > 0.9


def test_blank_texts_and_unknown_languages_are_no_hint():
    assert load().predict(["", "  ", "0"], "zh").probabilities[:2].tolist() == [0.0, 0.0]
    unknown = load().predict(["傻逼", "%"], "fr")
    assert unknown.probabilities.tolist() == [0.0, 0.0]
    assert not unknown.hints.any()
    assert load().predict([], "zh").hints.shape == (0,)


def test_traditional_characters_are_read_as_simplified_ones():
    traditional, simplified = load().predict(["你這個神經病", "你这个神经病"], "zh").probabilities
    assert traditional == simplified > 0.9


def test_punctuation_at_the_end_says_nothing():
    plain, marked = load().predict(["没有了", "没有了，"], "zh").probabilities
    assert plain == marked


def test_same_tables_give_the_same_model(own_labels: Path, tmp_path: Path):
    for name in ("one", "two"):
        trained = train_abuse([read_abuse_table(own_labels)], "zh")
        trained.model.save(tmp_path / name, trained.card)
    for file in (WEIGHTS, CARD):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_users_own_words_are_learned_and_used(own_labels: Path, tmp_path: Path):
    trained = train_abuse([read_abuse_table(own_labels)], "zh")
    trained.model.save(tmp_path / "models" / "abuse-zh", trained.card)
    own = load(tmp_path / "models").predict(["咕噜咕噜服务", "看一下服务"], "zh").probabilities
    assert own[0] > 0.5 > own[1]
    assert load().predict(["咕噜咕噜服务"], "zh").probabilities[0] < 0.5
    assert describe(tmp_path / "models") != describe()
    assert dict(describe(tmp_path / "models").params)["en"] == dict(describe().params)["en"]


def test_clean_service_talk_lifts_the_threshold_of_hints(own_labels: Path, tmp_path: Path):
    # Service talk in the very words of abuse: out of fold it looks abusive, so hints must lie above it.
    talk = write_lines(
        tmp_path / "talk.csv", "text", *(f"咕噜咕噜{thing}{number}" for thing in THINGS for number in "丙丁")
    )
    options = AbuseOptions(hint_minimum=0.2, clean_share=0.2)
    alone = train_abuse([read_abuse_table(own_labels)], "zh", options)
    lifted = train_abuse([read_abuse_table(own_labels), read_clean_table(talk)], "zh", options)
    assert alone.card[THRESHOLD] == 0.2
    assert lifted.card[THRESHOLD] > 0.2
    assert [part["service"] for part in lifted.card["data"]] == [False, True]


def test_davidsons_classes_are_mapped(tmp_path: Path):
    table = read_abuse_table(write_lines(tmp_path / "t.csv", "class,text", "0,a", "1,b", "2,c"))
    assert table.labels == (1, 1, 0)


def test_wrong_tables_are_named(tmp_path: Path):
    one_label = write_lines(tmp_path / "one.csv", "text,label", "好,0", "行,0")
    with pytest.raises(InputError, match="abusive and clean"):
        train_abuse([read_abuse_table(one_label)], "zh")
    with pytest.raises(RowError) as problem:
        read_abuse_table(write_lines(tmp_path / "bad.csv", "text,label", "好,0", "行,maybe"))
    assert (problem.value.row, problem.value.field) == (3, "label")
    with pytest.raises(TableError):
        read_texts(write_lines(tmp_path / "no.csv", "words", "好"))


def test_a_card_without_its_threshold_is_refused(tmp_path: Path):
    folder = tmp_path / "abuse-zh"
    folder.mkdir()
    (folder / WEIGHTS).write_bytes((SHIPPED / "abuse-zh" / WEIGHTS).read_bytes())
    card = json.loads((SHIPPED / "abuse-zh" / CARD).read_text(encoding="utf-8"))
    del card[THRESHOLD]
    (folder / CARD).write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(EngineError, match=THRESHOLD):
        load(tmp_path).predict(["你好"], "zh")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_shipped_model_is_small_and_says_what_it_is(language: str):
    folder = SHIPPED / f"abuse-{language}"
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    assert (folder / WEIGHTS).stat().st_size < 4_000_000
    assert card["held_out"]
    assert all(np.array(figures["macro_f1"]["ci95"]).min() >= 0 for figures in card["held_out"].values())
