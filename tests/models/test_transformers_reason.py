from __future__ import annotations

from pathlib import Path

import pytest

from models.text.transformers_reason import describe, load
from qa_pipeline.engines.registry import engine_problem, load_engine
from qa_pipeline.errors import ConfigurationError, NeedsModel
from tests.models.test_transformers_sentiment import checkpoint, own_probabilities

transformers = pytest.importorskip("transformers")


def test_the_labels_of_the_checkpoint_are_the_categories(tmp_path: Path):
    folder = checkpoint(tmp_path / "two", {0: "退款", 1: "修理"})
    reading = load_engine("reason", "transformers", model=str(folder), offline=True).predict(["坏 吗", "  "], "zh")
    assert reading.categories == ("退款", "修理")
    assert reading.probabilities[0] == pytest.approx(own_probabilities(folder, "坏 吗"), abs=1e-5)
    assert reading.probabilities[1].tolist() == [0, 0]
    assert reading.threshold == 0.5


def test_labels_of_their_own_are_scaled_to_one_in_all(tmp_path: Path):
    folder = checkpoint(tmp_path / "several", {number: f"reason {number}" for number in range(6)})
    config = transformers.AutoConfig.from_pretrained(folder)
    config.problem_type = "multi_label_classification"
    config.save_pretrained(folder)
    # Six independent probabilities near a half each sum to about three.
    row = load(str(folder)).predict(["bad"], "en").probabilities[0]
    assert row.sum() == pytest.approx(1)


def test_without_a_checkpoint_nothing_starts(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="needs a checkpoint"):
        describe()
    with pytest.raises(NeedsModel):
        load(str(tmp_path))
    assert engine_problem("reason", "transformers", model=str(tmp_path)) is not None
