from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from models.text.transformers_sentiment import TransformersSentiment, describe, load
from qa_pipeline.engines.registry import load_engine
from qa_pipeline.errors import ConfigurationError, EngineError, NeedsModel

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "好", "坏", "吗", "good", "bad")


def checkpoint(folder: Path, names: dict[int, str]) -> Path:
    """A BERT of 16 dimensions with random weights from a fixed seed, saved as checkpoints of the hub are."""
    torch.manual_seed(0)
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
        num_labels=len(names),
        id2label=names,
        label2id={name: number for number, name in names.items()},
    )
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def three_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # In another order than ours, so that a mapping by place would show.
    return checkpoint(tmp_path_factory.mktemp("hub") / "three", {0: "Positive", 1: "Negative", 2: "Neutral"})


def own_probabilities(folder: Path, text: str) -> list[float]:
    """The checkpoint's answer for one text by transformers alone, in its own order."""
    tokens = transformers.AutoTokenizer.from_pretrained(folder)(
        text, return_tensors="pt", truncation=True, max_length=32
    )
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        return torch.softmax(model(**tokens).logits[0], -1).tolist()


def test_labels_are_mapped_by_name(three_classes: Path):
    positive, negative, neutral = own_probabilities(three_classes, "好 good")
    assert load(str(three_classes)).predict(["好 good"], "zh")[0] == pytest.approx(
        [negative, neutral, positive], abs=1e-5
    )


def test_batches_keep_the_order_of_the_texts(three_classes: Path):
    # 40 texts of different lengths make two batches, sorted by length inside.
    texts = [" ".join(["好", "坏", "吗"][: number % 3 + 1] * (number % 5 + 1)) for number in range(40)]
    engine = load_engine("sentiment", "transformers", model=str(three_classes), offline=True)
    together = engine.predict(texts, "zh")
    alone = np.vstack([engine.predict([text], "zh") for text in texts])
    assert together == pytest.approx(alone, abs=1e-5)
    assert together.sum(axis=1) == pytest.approx(np.ones(40))


def test_a_text_longer_than_the_model_is_cut(three_classes: Path):
    engine = load(str(three_classes))
    assert engine.predict(["好 " * 500], "zh") == pytest.approx(engine.predict(["好 " * 100], "zh"), abs=1e-6)


def test_no_texts(three_classes: Path):
    assert load(str(three_classes)).predict([], "zh").shape == (0, 3)


def test_stars_are_added_up(tmp_path: Path):
    folder = checkpoint(tmp_path / "stars", {0: "1 star", 1: "2 stars", 2: "3 stars", 3: "4 stars", 4: "5 stars"})
    one, two, three, four, five = own_probabilities(folder, "bad")
    assert load(str(folder)).predict(["bad"], "en")[0] == pytest.approx([one + two, three, four + five], abs=1e-5)


def test_two_classes_never_answer_neutral(tmp_path: Path):
    folder = checkpoint(tmp_path / "two", {0: "NEGATIVE", 1: "POSITIVE"})
    found = load(str(folder)).predict(["good"], "en")[0]
    assert found[1] == 0
    assert math.isclose(found.sum(), 1.0)


def test_names_that_say_nothing_need_the_option(tmp_path: Path):
    folder = checkpoint(tmp_path / "nameless", {0: "LABEL_0", 1: "LABEL_1"})
    with pytest.raises(ConfigurationError, match="not known") as caught:
        load(str(folder))
    assert "LABEL_0, LABEL_1" in caught.value.render()
    labels = {"LABEL_0": "negative", "LABEL_1": "positive"}
    first, second = own_probabilities(folder, "good")
    assert load(str(folder), labels=labels).predict(["good"], "en")[0] == pytest.approx([first, 0, second], abs=1e-5)
    with pytest.raises(ConfigurationError, match="LABEL_1"):  # no label of ours
        load(str(folder), labels={"LABEL_0": "negative", "LABEL_1": "good"})


def test_no_checkpoint_named():
    with pytest.raises(ConfigurationError, match="needs a checkpoint"):
        load()


@pytest.mark.parametrize("name", ["absent-folder/", "/no/such/folder", "./here"])
def test_path_without_weights_stays_pending(tmp_path: Path, name: str):
    with pytest.raises(NeedsModel) as caught:
        load(str(tmp_path / name) if name == "absent-folder/" else name)
    assert "hf download" in caught.value.render_hint()


def test_folder_without_weights_stays_pending(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(NeedsModel):
        load(str(tmp_path))


def test_hub_name_offline_stays_pending():
    with pytest.raises(NeedsModel, match="is not here"):
        load("someone/sentiment-that-is-not-cached", offline=True)


def test_damaged_checkpoint_is_an_engine_error(three_classes: Path, tmp_path: Path):
    folder = checkpoint(tmp_path / "damaged", {0: "negative", 1: "positive"})
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(EngineError, match="cannot be loaded"):
        load(str(folder))


def test_identity_changes_with_the_files(tmp_path: Path):
    folder = checkpoint(tmp_path / "own", {0: "negative", 1: "positive"})
    before = describe(str(folder))
    assert TransformersSentiment(str(folder)).spec == before
    (folder / "model.safetensors").write_bytes(b"another length")
    assert describe(str(folder)) != before


def test_what_a_text_gets_hangs_on_no_other_to_the_last_bit(three_classes: Path):
    engine = load(str(three_classes), device="cpu")
    assert engine.spec.piecewise
    texts = [" ".join(["好", "坏", "吗", "good"][: number % 4 + 1] * (number % 7 + 1)) for number in range(70)]
    together = engine.predict(texts, "zh")
    for size in (1, 2, 3, 5, 32):
        parts = [engine.predict(texts[start : start + size], "zh") for start in range(0, len(texts), size)]
        assert (np.vstack(parts) == together).all()
