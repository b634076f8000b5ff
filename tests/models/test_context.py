from __future__ import annotations

import csv
import json
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from models.text.classifier import CARD, SHIPPED
from models.text.context import ContextLayer, context_features, parse_context
from models.text.labelled import read_labelled
from models.text.sentiment import CONTEXT, describe, load
from models.text.training import TrainingOptions, train_sentiment
from qa_pipeline.errors import EngineError

EVEN = [1 / 3, 1 / 3, 1 / 3]
ANGRY = [0.8, 0.1, 0.1]


def test_features_by_hand():
    chances = np.array([ANGRY, EVEN, ANGRY])
    features = context_features(chances, ["a", "b", "a"], 1.0)
    # Centred logarithms of .8 .1 .1: log 8 above the two others, a third of it above the mean.
    peak = 2 * log(8) / 3
    assert features[0, 0] == pytest.approx(peak)
    # The first speaker's other utterance stands two away and weighs e^-2, beside a mass of 1 that says nothing.
    assert features[0, 3] == pytest.approx(peak * exp(-2) / (exp(-2) + 1))
    # Around the second are only others: two of them, one away each.
    assert features[1, 3:6].tolist() == [0, 0, 0]
    assert features[1, 6] == pytest.approx(peak * 2 * exp(-1) / (2 * exp(-1) + 1))


def test_features_do_not_depend_on_direction_or_names():
    chances = np.random.default_rng(1).dirichlet(np.ones(3), size=30)
    speakers = [str(place % 3) for place in range(30)]
    forward = context_features(chances, speakers, 4.0)
    backward = context_features(chances[::-1], speakers[::-1], 4.0)[::-1]
    renamed = context_features(chances, [f"speaker {name}" for name in speakers], 4.0)
    np.testing.assert_allclose(forward, backward)
    np.testing.assert_array_equal(forward, renamed)


def test_a_layer_survives_its_card():
    layer = ContextLayer(8.0, np.arange(27, dtype=float).reshape(9, 3) / 10, np.array([0.1, 0.2, 0.3]))
    again = parse_context(json.loads(json.dumps(layer.document())), 3)
    probabilities = layer.apply(np.array([ANGRY, EVEN]), ["a", "a"])
    np.testing.assert_array_equal(again.apply(np.array([ANGRY, EVEN]), ["a", "a"]), probabilities)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@pytest.fixture
def dialogues(tmp_path: Path) -> Path:
    """Ninety dialogues of three sentences; the second says nothing, and has the mood of its speaker's others."""
    path = tmp_path / "own.csv"
    words = {"negative": "咕噜", "neutral": "看看", "positive": "叽里"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["dialogue", "speaker", "text", "sentiment"])
        for number in range(90):
            name = list(words)[number % 3]
            for text in (words[name], "这个", words[name] * 2):
                writer.writerow([number, "customer", text, name])
    return path


def test_context_is_learned_from_dialogues_with_speakers(dialogues: Path, tmp_path: Path):
    trained = train_sentiment([read_labelled(dialogues)], "zh", TrainingOptions())
    figures = trained.card["held_out"]["own.csv"]
    assert figures["macro_f1"]["value"] == 1
    assert figures["alone"]["macro_f1"]["value"] < 1
    trained.model.save(tmp_path / "models" / "sentiment-zh", trained.card)
    talk, speakers = ["咕噜", "这个", "咕噜咕噜"], ["customer"] * 3
    reader, plain = load(tmp_path / "models", context=True), load(tmp_path / "models")
    assert reader.predict(talk, "zh", speakers)[1].argmax() == 0
    np.testing.assert_array_equal(plain.predict(talk, "zh", speakers), plain.predict(talk, "zh"))
    np.testing.assert_array_equal(reader.predict(talk, "zh"), plain.predict(talk, "zh"))
    assert reader.predict([], "zh", []).shape == (0, 3)


def test_tables_without_speakers_teach_no_context(dialogues: Path, tmp_path: Path):
    path = tmp_path / "texts.csv"
    path.write_text(dialogues.read_text(encoding="utf-8").replace("speaker", "person"), encoding="utf-8")
    assert train_sentiment([read_labelled(path)], "zh").card[CONTEXT] is None


def test_identity_of_the_engine_tells_whether_it_reads_in_context():
    assert describe() != describe(context=True)


def test_a_damaged_layer_is_refused(tmp_path: Path):
    folder = tmp_path / "sentiment-zh"
    folder.mkdir()
    for file in (SHIPPED / "sentiment-zh").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    card[CONTEXT]["intercepts"] = [0.0]
    (folder / CARD).write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(EngineError, match="context"):
        load(tmp_path, context=True).predict(["好"], "zh", ["customer"])
