from __future__ import annotations

import csv
from math import exp
from pathlib import Path

import numpy as np
import pytest

from models.text.abuse_training import read_abuse_table, read_clean_table
from models.text.classifier import SHIPPED, NgramClassifier, read_card
from models.text.labelled import read_labelled
from models.text.moves import load as load_moves
from models.text.own_labels import refine_abuse, refine_moves, refine_sentiment
from models.text.refining import FOLDS, OwnTexts, RefiningOptions, own_folds, refine
from models.text.sentiment import load
from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.errors import EngineError, InputError, NeedsModel
from qa_pipeline.services.validate.move_table import read_move_table

THINGS = ("parcel", "order", "bill", "phone", "router", "contract", "invoice", "refund", "card", "meter")
FREE = RefiningOptions(inverse_penalty=10.0)


@pytest.fixture
def base() -> NgramClassifier:
    """Knows two words that tell, and one that does not."""
    return NgramClassifier(
        language="en",
        labels=("bad", "good"),
        vocabulary=("awful", "fine", "so"),
        idf=np.ones(3, dtype=np.float16),
        coefficients=np.array([[2.0, -2.0], [-2.0, 2.0], [0.0, 0.0]], dtype=np.float16),
        intercepts=np.zeros(2),
    )


def own(texts: list[str], labels: list[str], **more: object) -> OwnTexts:
    return OwnTexts(
        texts=texts, labels=labels, weights=np.ones(len(texts)), folds=np.arange(len(texts)) % FOLDS, **more
    )


def table_of(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_one_coefficient_by_hand(base: NgramClassifier):
    """Ten times "so" is bad: by symmetry its coefficients move by (m, -m), and the intercepts as far.

    Least is 10 log(1 + exp(-4 m)) + 2 m^2, for C = 1: m = 10 / (1 + exp(4 m)), which is 0.662.
    """
    found = refine(base, own(["so"] * 10, ["bad"] * 10), RefiningOptions(inverse_penalty=1.0, count_min=99)).model
    move = 0.662
    assert 10 / (1 + exp(4 * move)) == pytest.approx(move, abs=0.005)
    assert found.coefficients[2].tolist() == pytest.approx([move, -move], abs=0.002)
    assert found.intercepts.tolist() == pytest.approx([move, -move], abs=0.002)
    np.testing.assert_array_equal(found.coefficients[:2], base.coefficients[:2])


def test_when_no_move_helps_the_base_is_returned(base: NgramClassifier):
    """Each fold holds one half of the labels, so that what the others teach is wrong for it."""
    texts = ["so"] * 40
    labels = ["bad" if place % FOLDS < 3 else "good" for place in range(40)]
    refined = refine(base, own(texts, labels), RefiningOptions(count_min=99))
    assert refined.inverse_penalty == 0
    assert refined.model is base
    assert refined.out_of_fold == pytest.approx(np.full((40, 2), 0.5))


def test_new_words_and_new_labels_join(base: NgramClassifier):
    texts = ["gurgle"] * 20 + ["awful"] * 20 + ["fine"] * 20
    refined = refine(base, own(texts, ["odd"] * 20 + ["bad"] * 20 + ["good"] * 20), FREE)
    assert refined.model.labels == ("bad", "good", "odd")
    assert "gurgle" in refined.model.vocabulary
    assert refined.model.predict(["gurgle", "awful", "fine"]).argmax(axis=1).tolist() == [2, 0, 1]
    assert refined.out_of_fold.argmax(axis=1).tolist() == [2] * 20 + [0] * 20 + [1] * 20
    assert base.labels == ("bad", "good")


def test_a_word_seen_too_seldom_stays_unknown(base: NgramClassifier):
    refined = refine(base, own(["gurgle", "gurgle", *["fine"] * 20], ["bad"] * 2 + ["good"] * 20), FREE)
    assert "gurgle" not in refined.model.vocabulary


def test_reviews_say_nothing_of_labels_that_they_cannot_show():
    three = NgramClassifier(
        language="en",
        labels=("negative", "neutral", "positive"),
        vocabulary=("so",),
        idf=np.ones(1, dtype=np.float16),
        coefficients=np.zeros((1, 3), dtype=np.float16),
        intercepts=np.zeros(3),
    )
    possible = np.tile([True, False, True], (20, 1))
    model = refine(three, own(["so"] * 20, ["negative"] * 20, possible=possible), FREE).model
    assert model.coefficients[0, 1] == 0 and model.intercepts[1] == 0
    assert model.coefficients[0, 0] > 0 > model.coefficients[0, 2]


def test_dialogues_stay_together_and_the_seed_matters():
    groups = [str(number // 4) for number in range(80)]
    folds = own_folds(groups, 0)
    assert all(len(set(folds[start : start + 4])) == 1 for start in range(0, 80, 4))
    assert set(folds) == set(range(FOLDS))
    assert folds.tolist() != own_folds(groups, 1).tolist()


@pytest.fixture
def praise(tmp_path: Path) -> Path:
    """A site's own words, which the shipped English model cannot know: "gnarly" is anger and "blip" is praise."""
    words = {"negative": "gnarly", "neutral": "regarding", "positive": "blip"}
    rows = [
        {"text": f"{word} {one} {two}", "sentiment": name}
        for name, word in words.items()
        for one in THINGS[:5]
        for two in THINGS[5:]
    ]
    return table_of(tmp_path / "own.csv", rows)


def test_own_words_are_added_to_the_shipped_sentiment(praise: Path, tmp_path: Path):
    trained = refine_sentiment(SHIPPED / "sentiment-en", [read_labelled(praise)], RefiningOptions())
    trained.model.save(tmp_path / "m" / "sentiment-en", trained.card)
    adjusted = load(tmp_path / "m")
    assert adjusted.predict(["gnarly thing", "blip thing"], "en").argmax(axis=1).tolist() == [0, 2]
    # What the shipped model knew is still known.
    plain = ["this is terrible, I am very angry", "that is wonderful, thank you", "can I have your order number please"]
    assert adjusted.predict(plain, "en").argmax(axis=1).tolist() == [0, 2, 1]
    was, now = trained.card["base"]["figures"]["own.csv"], trained.card["held_out"]["own.csv"]
    assert now["macro_f1"]["value"] == 1.0 > was["macro_f1"]["value"]
    assert trained.card["base"]["weights_sha256"] == read_card(SHIPPED / "sentiment-en")["weights_sha256"]
    assert trained.card["options"]["inverse_penalty"] > 0


def test_own_moves_are_added_to_the_shipped_ones(tmp_path: Path):
    rows = [
        {"text": f"{word} {one} {two}", "act": act}
        for act, word in {"closing": "sayonara", "apology": "bide", "": "regarding"}.items()
        for one in THINGS[:5]
        for two in THINGS[5:]
    ]
    table = read_move_table(table_of(tmp_path / "moves.csv", rows))
    trained = refine_moves(SHIPPED / "moves-en", [table], RefiningOptions())
    trained.model.save(tmp_path / "m" / "moves-en", trained.card)
    adjusted, kinds = load_moves(tmp_path / "m"), list(MoveKind)
    chances = adjusted.predict(["sayonara then", "bide parcel contract", "good morning", "thanks a lot"], "en")
    assert [kinds[place] for place in chances.argmax(axis=1)] == ["closing", "apology", "greeting", "thanks"]
    assert "apology" in trained.card["moves"] and "greeting" in trained.card["moves"]
    assert trained.card["base"]["figures"]["moves.csv"]["apology"]["f1"] == 0.0
    assert trained.card["held_out"]["moves.csv"]["apology"] == {"n": 25, "f1": 1.0}


def test_own_abuse_is_added_and_clean_talk_holds_the_threshold(tmp_path: Path):
    rows = [
        {"text": f"{word} {one} {two}", "label": label}
        for label, word in {"1": "gnarly", "0": "regarding"}.items()
        for one in THINGS[:5]
        for two in THINGS[5:]
    ]
    clean = [{"text": f"about the {one}, {two}"} for one in THINGS for two in THINGS]
    tables = [
        read_abuse_table(table_of(tmp_path / "a.csv", rows)),
        read_clean_table(table_of(tmp_path / "c.csv", clean)),
    ]
    trained = refine_abuse(SHIPPED / "abuse-en", tables, RefiningOptions(), evaluate=tables[:1])
    assert set(trained.card["held_out"]) == {"a.csv"}
    assert trained.card["held_out"]["a.csv"]["macro_f1"]["value"] == 1.0
    assert trained.card["base"]["figures"]["a.csv"]["recall"]["value"] == 0.0
    assert trained.card["hint_threshold"] >= 0.9
    assert trained.model.predict(["gnarly thing"])[0, 1] > 0.5 > trained.model.predict(["about the thing"])[0, 1]


def test_reviews_do_not_make_service_talk_polar(tmp_path: Path):
    rows = [
        {"text": f"{word} {one} {two}", "label": label}
        for label, word in {"1": "blip", "0": "gnarly"}.items()
        for one in THINGS[:5]
        for two in THINGS[5:]
    ]
    table = read_labelled(table_of(tmp_path / "reviews.csv", rows))
    trained = refine_sentiment(SHIPPED / "sentiment-en", [table], RefiningOptions())
    assert trained.card["held_out"]["reviews.csv"]["macro_f1"]["value"] == 1.0
    assert trained.model.predict(["can I have your order number please"])[0].argmax() == 1


def test_what_cannot_be_adjusted_is_refused(praise: Path, tmp_path: Path):
    table = read_labelled(praise)
    with pytest.raises(NeedsModel):
        refine_sentiment(tmp_path / "sentiment-en", [table], RefiningOptions())
    with pytest.raises(EngineError, match="abusive"):
        refine_sentiment(SHIPPED / "abuse-en", [table], RefiningOptions())
    with pytest.raises(EngineError, match="negative"):
        refine_moves(SHIPPED / "sentiment-en", [], RefiningOptions())
    with pytest.raises(InputError, match="19 different texts; 20 are needed"):
        refine_sentiment(SHIPPED / "sentiment-en", [table.take(range(19))], RefiningOptions())
