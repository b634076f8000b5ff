from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from models.text.classifier import CARD, WEIGHTS, load_classifier
from models.text.labelled import list_tables, read_labelled
from models.text.sentiment import load
from models.text.training import TrainingOptions, service_wording, train_sentiment
from qa_pipeline.errors import InputError, RowError, TableError

THINGS = ("套餐", "订单", "快递", "宽带", "账单", "发票", "会员", "保单", "手机", "空调")


def table_of(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def own_labels(tmp_path: Path) -> Path:
    """Sixty texts in a site's own words, of which 叽里 is praise and 咕噜 is anger."""
    words = {"negative": "咕噜咕噜", "neutral": "看一下", "positive": "叽里叽里"}
    rows = [
        {"text": f"{word}{thing}{number}", "sentiment": name, "dialogue": f"{thing}{number}"}
        for name, word in words.items()
        for thing in THINGS
        for number in "甲乙"
    ]
    return table_of(tmp_path / "own.csv", rows)


def test_same_tables_give_the_same_model(own_labels: Path, tmp_path: Path):
    for name in ("one", "two"):
        trained = train_sentiment([read_labelled(own_labels)], "zh")
        trained.model.save(tmp_path / name, trained.card)
    for file in (WEIGHTS, CARD):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_another_seed_holds_out_other_texts(own_labels: Path):
    table = read_labelled(own_labels)
    sizes = {
        seed: train_sentiment([table], "zh", TrainingOptions(seed=seed)).card["data"][0]["trained_on"]
        for seed in (0, 1, 2)
    }
    assert len(set(sizes.values())) > 1


def test_the_users_own_words_are_learned_and_used(own_labels: Path, tmp_path: Path):
    trained = train_sentiment([read_labelled(own_labels)], "zh")
    trained.model.save(tmp_path / "models" / "sentiment-zh", trained.card)
    engine = load(tmp_path / "models")
    found = engine.predict(["咕噜咕噜服务", "叽里叽里服务"], "zh")
    assert found.argmax(axis=1).tolist() == [0, 2]
    assert load_classifier(tmp_path / "models" / "sentiment-zh").predict(["叽里叽里服务"])[0] == pytest.approx(found[1])
    # English was not trained, so the shipped model answers.
    assert engine.predict(["this is terrible"], "en").argmax() == 0
    assert engine.spec != load().spec


def test_tables_must_show_all_three(tmp_path: Path):
    rows = [{"text": f"好{thing}", "label": "1"} for thing in THINGS] + [{"text": "坏", "label": "0"}]
    with pytest.raises(InputError, match="negative, neutral and positive"):
        train_sentiment([read_labelled(table_of(tmp_path / "half.csv", rows))], "zh")


def test_service_wording_fills_every_slot():
    for language in ("zh", "en"):
        wording = list(service_wording(language))
        assert {label for _, label in wording} == {0, 1, 2}
        assert not [text for text, _ in wording if "{" in text]


def test_columns_and_what_they_mean(tmp_path: Path):
    emotions = [
        {"text": "a", "emotions": "joy|neutral"},
        {"text": "b", "emotions": "anger"},
        {"text": "c", "emotions": "joy|anger"},  # contradicts itself
        {"text": "d", "emotions": "curiosity"},
        {"text": "e", "emotions": "remorse"},  # an apology
    ]
    read = read_labelled(table_of(tmp_path / "emotions.csv", emotions))
    assert (read.texts, read.labels, read.left_out) == (("a", "b", "d"), (2, 0, 1), 2)
    acts = [{"text": "改签", "acts": "inform"}, {"text": "谢谢", "acts": "thank|bye"}]
    read = read_labelled(table_of(tmp_path / "acts.csv", acts))
    assert (read.texts, read.labels, read.left_out) == (("改签",), (1,), 1)
    signs = [{"text": "好", "label": "1"}, {"text": "坏", "label": "0"}]
    assert read_labelled(table_of(tmp_path / "signs.csv", signs)).labels == (2, 0)
    words = [{"text": "好", "sentiment": "正面"}, {"text": "行", "sentiment": "Neutral"}]
    assert read_labelled(table_of(tmp_path / "words.csv", words)).labels == (2, 1)


def test_unknown_label_is_named_with_its_row(tmp_path: Path):
    path = table_of(tmp_path / "t.csv", [{"text": "好", "sentiment": "positive"}, {"text": "坏", "sentiment": "bad"}])
    with pytest.raises(RowError) as caught:
        read_labelled(path)
    assert (caught.value.file, caught.value.row, caught.value.field) == (str(path), 3, "sentiment")
    assert "bad" in caught.value.render()


def test_missing_column_is_named(tmp_path: Path):
    with pytest.raises(TableError) as caught:
        read_labelled(table_of(tmp_path / "t.csv", [{"text": "好", "mood": "fine"}]))
    assert "text, mood" in caught.value.render_hint()


def test_unknown_file_types_are_refused(tmp_path: Path):
    path = tmp_path / "labels.pickle"
    path.write_bytes(b"\x80\x04N.")
    with pytest.raises(TableError):
        read_labelled(path)


def test_folder_of_tables(own_labels: Path, tmp_path: Path):
    (tmp_path / "notes.md").write_text("no table")
    assert list_tables([tmp_path]) == [own_labels]
    with pytest.raises(InputError, match="no such file"):
        list_tables([tmp_path / "absent"])
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="no table"):
        list_tables([empty])


def test_probabilities_are_calibrated_by_one_temperature(own_labels: Path):
    trained = train_sentiment([read_labelled(own_labels)], "zh")
    assert 0.13 < trained.card["temperature"] < 7.4  # the bounds of the search, e^-2 and e^2
    assert np.isfinite(trained.model.coefficients.astype(np.float64)).all()


def test_evaluated_tables_have_no_part_in_training(own_labels: Path, tmp_path: Path):
    apart = read_labelled(table_of(tmp_path / "apart.csv", [{"text": "咕噜咕噜", "sentiment": "negative"}] * 3))
    table = read_labelled(own_labels)
    with_figures = train_sentiment([table], "zh", evaluate=[apart])
    assert with_figures.card["evaluated"]["apart.csv"]["accuracy"]["value"] == 1.0
    assert (with_figures.model.coefficients == train_sentiment([table], "zh").model.coefficients).all()
