from __future__ import annotations

from pathlib import Path

import pytest

from models.text.transformers_abuse import describe, load
from qa_pipeline.engines.registry import engine_problem, load_engine
from qa_pipeline.errors import ConfigurationError, NeedsModel
from tests.models.test_transformers_sentiment import checkpoint, own_probabilities

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def test_abusive_labels_are_added_up(tmp_path: Path):
    folder = checkpoint(tmp_path / "three", {0: "hate", 1: "neither", 2: "offensive"})
    hate, _, offensive = own_probabilities(folder, "bad good")
    engine = load_engine("abuse", "transformers", model=str(folder), offline=True)
    assert engine.predict(["bad good"], "en").probabilities == pytest.approx([hate + offensive], abs=1e-5)


def test_labels_of_their_own_give_the_highest(tmp_path: Path):
    folder = checkpoint(tmp_path / "several", {0: "toxic", 1: "insult", 2: "threat"})
    config = transformers.AutoConfig.from_pretrained(folder)
    config.problem_type = "multi_label_classification"
    config.save_pretrained(folder)
    tokens = transformers.AutoTokenizer.from_pretrained(folder)("bad", return_tensors="pt")
    with torch.no_grad():
        logits = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()(**tokens).logits[0]
    found = load(str(folder)).predict(["bad"], "en").probabilities
    assert found == pytest.approx([torch.sigmoid(logits).max().item()], abs=1e-5)


def test_hints_begin_at_the_threshold(tmp_path: Path):
    folder = checkpoint(tmp_path / "two", {0: "clean", 1: "abusive"})
    chance = own_probabilities(folder, "bad")[1]
    below, above = load(str(folder), threshold=chance - 0.01), load(str(folder), threshold=chance + 0.01)
    assert below.predict(["bad", " "], "en").hints.tolist() == [True, False]
    assert above.predict(["bad"], "en").hints.tolist() == [False]
    assert below.predict([], "en").probabilities.shape == (0,)
    assert below.spec != above.spec


def test_names_that_say_nothing_need_the_option(tmp_path: Path):
    folder = checkpoint(tmp_path / "nameless", {0: "LABEL_0", 1: "LABEL_1"})
    with pytest.raises(ConfigurationError, match="not known"):
        load(str(folder))
    labels = {"LABEL_0": "clean", "LABEL_1": "abusive"}
    second = own_probabilities(folder, "bad")[1]
    assert load(str(folder), labels=labels).predict(["bad"], "en").probabilities == pytest.approx([second], abs=1e-5)
    with pytest.raises(ConfigurationError):
        load(str(folder), labels={"LABEL_0": "clean", "LABEL_1": "clean"})


def test_without_a_checkpoint_nothing_starts(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="needs a checkpoint"):
        describe()
    with pytest.raises(NeedsModel):
        load(str(tmp_path))
    assert engine_problem("abuse", "transformers", model=str(tmp_path)) is not None
