from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.text.transformers_embedding import describe, load
from qa_pipeline.engines.registry import engine_problem, load_engine
from qa_pipeline.errors import ConfigurationError, EngineError, NeedsModel
from tests.models.test_transformers_sentiment import checkpoint

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    return checkpoint(tmp_path / "encoder", {0: "a", 1: "b"})


def own_tokens(folder: Path, text: str) -> np.ndarray:
    """The last hidden states of one text by transformers alone, shape (tokens, 16)."""
    tokens = transformers.AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    with torch.no_grad():
        return transformers.AutoModel.from_pretrained(folder).eval()(**tokens).last_hidden_state[0].numpy()


def pooled_by(folder: Path, **modes: bool) -> Path:
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 16, **modes}))
    return folder


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_tokens_are_averaged_without_padding(encoder: Path):
    engine = load_engine("embedding", "transformers", model=str(encoder), offline=True)
    # Together in one batch the shorter text is padded, which must change nothing.
    found = engine.embed(["good", "bad good bad good bad", " "], "en")
    assert found[0] == pytest.approx(unit(own_tokens(encoder, "good").mean(axis=0)), abs=1e-5)
    assert found[1] == pytest.approx(unit(own_tokens(encoder, "bad good bad good bad").mean(axis=0)), abs=1e-5)
    assert found[2].tolist() == [0] * 16
    assert engine.embed([], "en").shape == (0, 16)


def test_batches_keep_the_order_of_the_texts(encoder: Path):
    texts = [" ".join(["好", "坏", "吗"][: number % 3 + 1] * (number % 5 + 1)) for number in range(40)]
    engine = load(str(encoder))
    alone = np.vstack([engine.embed([text], "zh") for text in texts])
    assert engine.embed(texts, "zh") == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize(
    ("mode", "pool"),
    [("pooling_mode_cls_token", lambda tokens: tokens[0]), ("pooling_mode_max_tokens", lambda tokens: tokens.max(0))],
)
def test_a_folder_says_how_its_tokens_are_pooled(encoder: Path, mode, pool):
    plain = describe(str(encoder))
    pooled_by(encoder, pooling_mode_mean_tokens=False, **{mode: True})
    found = load(str(encoder)).embed(["bad good", "bad"], "en")[0]
    assert found == pytest.approx(unit(pool(own_tokens(encoder, "bad good"))), abs=1e-5)
    assert describe(str(encoder)) != plain


def test_an_unknown_pooling_is_named(encoder: Path):
    pooled_by(encoder, pooling_mode_lasttoken=True)
    with pytest.raises(EngineError, match="pooling_mode_lasttoken"):
        load(str(encoder))


def test_without_a_checkpoint_nothing_starts(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="needs a checkpoint"):
        describe()
    with pytest.raises(NeedsModel):
        load(str(tmp_path))
    assert engine_problem("embedding", "transformers", model=str(tmp_path)) is not None
