from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from models.text.classifier import CARD, WEIGHTS, NgramClassifier, load_classifier
from qa_pipeline.errors import EngineError, NeedsModel


def small() -> NgramClassifier:
    return NgramClassifier(
        language="zh",
        labels=("negative", "neutral", "positive"),
        vocabulary=("好", "坏"),
        idf=np.array([1.0, 2.0], dtype=np.float16),
        coefficients=np.array([[0.0, 0.0, 1.0], [2.0, 0.0, 0.0]], dtype=np.float16),
        intercepts=np.array([0.0, 0.5, 0.0]),
    )


def test_probabilities_follow_the_formula():
    # 好 once and 坏 once: weights ln2 * 1 and ln2 * 2, divided by their norm ln2 * sqrt(5): 1/sqrt5 and 2/sqrt5.
    # Scores: negative 2 * 2/sqrt5, neutral .5, positive 1/sqrt5.
    scores = [4 / math.sqrt(5), 0.5, 1 / math.sqrt(5)]
    total = sum(math.exp(score) for score in scores)
    expected = [math.exp(score) / total for score in scores]
    assert small().predict(["好坏"])[0] == pytest.approx(expected)


def test_a_text_without_known_ngrams_gets_the_intercepts():
    total = 2 + math.exp(0.5)
    assert small().predict(["嗯", ""]) == pytest.approx(np.array([[1, math.exp(0.5), 1]] * 2) / total)


def test_loaded_model_predicts_what_the_saved_one_does(tmp_path: Path):
    small().save(tmp_path, {"name": "test"})
    texts = ["好", "坏", "好好坏", "别的"]
    assert np.abs(load_classifier(tmp_path).predict(texts) - small().predict(texts)).max() < 1e-6


def test_saving_twice_gives_the_same_bytes(tmp_path: Path):
    for name in ("one", "two"):
        small().save(tmp_path / name, {"name": "test"})
    for file in (WEIGHTS, CARD):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_no_model_is_said_with_what_to_run(tmp_path: Path):
    with pytest.raises(NeedsModel) as caught:
        load_classifier(tmp_path / "moves-en")
    assert "callqa train moves" in caught.value.render_hint()


def test_changed_schema_is_refused(tmp_path: Path):
    small().save(tmp_path, {})
    card = json.loads((tmp_path / CARD).read_text())
    card["schema"]["labels"] = ["positive", "neutral", "negative"]
    (tmp_path / CARD).write_text(json.dumps(card))
    with pytest.raises(EngineError, match="does not fit") as caught:
        load_classifier(tmp_path)
    assert caught.value.params["problem"] == "schema hash"


def test_changed_weights_are_refused(tmp_path: Path):
    small().save(tmp_path, {})
    path = tmp_path / WEIGHTS
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(EngineError) as caught:
        load_classifier(tmp_path)
    assert caught.value.params["problem"] == "sha256"


def test_pickled_arrays_are_refused(tmp_path: Path):
    """Weights whose digest is right but which hold a pickled object are never unpickled."""
    small().save(tmp_path, {})
    harmless = np.array([{"any": "object"}], dtype=object)
    path = tmp_path / WEIGHTS
    np.savez(path, vocabulary=harmless, idf=harmless, coefficients=harmless, intercepts=harmless, allow_pickle=True)
    _rewrite_digest(tmp_path)
    with pytest.raises(EngineError):
        load_classifier(tmp_path)


def test_arrays_of_another_model_are_refused(tmp_path: Path):
    small().save(tmp_path, {})
    np.savez(tmp_path / WEIGHTS, idf=np.zeros(2))
    _rewrite_digest(tmp_path)
    with pytest.raises(EngineError) as caught:
        load_classifier(tmp_path)
    assert caught.value.params["problem"] == "idf"


def test_weights_that_are_no_archive_are_refused(tmp_path: Path):
    small().save(tmp_path, {})
    (tmp_path / WEIGHTS).write_bytes(b"\x80\x04pickle")
    _rewrite_digest(tmp_path)
    with pytest.raises(EngineError):
        load_classifier(tmp_path)


def _rewrite_digest(directory: Path) -> None:
    import hashlib

    card = json.loads((directory / CARD).read_text())
    card["weights_sha256"] = hashlib.sha256((directory / WEIGHTS).read_bytes()).hexdigest()
    (directory / CARD).write_text(json.dumps(card))
