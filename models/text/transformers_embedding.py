"""Likeness of meaning by any encoder checkpoint of ``transformers``: a local directory or a name on the hub.

The tokens of a text are averaged, unless a folder made with sentence-transformers says to take the first or the
highest; its folder ``1_Pooling`` tells.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.text.checkpoint import check_checkpoint, describe_checkpoint, get_name, open_checkpoint
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import N_, EngineError

_SETTING = "text.embedding_model"
_POOLING = Path("1_Pooling") / "config.json"
_MODES = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
}

Vectors = npt.NDArray[np.float32]


class TransformersEmbedder:
    """An encoder with its tokenizer.

    Parameters
    ----------
    model : str
        Local directory, or name on the hub.
    device : str
        "auto" (a GPU when there is one), "cpu" or "cuda".
    offline : bool
        Never ask the network.

    Raises
    ------
    NeedsModel
        When there are no weights; at once, without trying the network, for a path or offline.
    EngineError
        When it cannot be loaded, or pools its tokens in a way that is not known here.
    """

    def __init__(self, model: str, *, device: str = "auto", offline: bool = False) -> None:
        self._pooling = _pooling_of(Path(model))
        hint = N_("It must hold an encoder and its tokenizer.")
        self._opened = open_checkpoint(model, _SETTING, "AutoModel", hint, device=device, offline=offline)
        self.spec = replace(describe(model, device=device, offline=offline), piecewise=self._opened.piecewise)

    def embed(self, texts: Sequence[str], language: str) -> Vectors:
        """Return vectors of shape (len(texts), d), of length 1, or 0 for a blank text.

        `language` is the checkpoint's own business. Texts are cut at 256 tokens (or at the model's own limit).
        """
        del language
        vectors = np.zeros((len(texts), int(self._opened.model.config.hidden_size)), dtype=np.float32)
        said = [row for row, text in enumerate(texts) if text.strip()]
        for length, rows in self._opened.batches(texts, said):
            vectors[rows] = self._pooled([texts[row] for row in rows], length)
        return vectors

    def _pooled(self, texts: Sequence[str], length: int) -> Vectors:
        said, mask = self._opened.read(texts, length)
        pooled = self._pool(said.last_hidden_state.float(), mask.unsqueeze(-1).bool())
        vectors: Vectors = (pooled / pooled.norm(dim=1, keepdim=True).clamp_min(1e-12)).cpu().numpy().astype(np.float32)
        return vectors[: len(texts)]

    def _pool(self, tokens: Any, there: Any) -> Any:
        if self._pooling == "cls":
            return tokens[:, 0]
        if self._pooling == "max":
            return tokens.masked_fill(~there, float("-inf")).amax(dim=1)
        return (tokens * there).sum(dim=1) / there.sum(dim=1).clamp_min(1)


def load(model: str | None = None, *, device: str = "auto", offline: bool = False) -> TransformersEmbedder:
    """Return the engine; see `TransformersEmbedder`."""
    return TransformersEmbedder(get_name(model, _SETTING), device=device, offline=offline)


def describe(model: str | None = None, *, device: str = "auto", offline: bool = False) -> EngineSpec:
    """Return the identity of the engine, without loading it."""
    del device, offline
    named = get_name(model, _SETTING)
    return describe_checkpoint("embedding", named, pooling=_pooling_of(Path(named)))


check = partial(check_checkpoint, _SETTING)


def _pooling_of(folder: Path) -> str:
    """Return how the tokens of a text become one vector; raises EngineError for a way that is not known here."""
    path = folder / _POOLING
    if not path.is_file():
        return "mean"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        chosen = [name for name, value in config.items() if name.startswith("pooling_mode_") and value is True]
    except (OSError, ValueError, AttributeError, RecursionError) as problem:
        raise _cannot_pool(path, str(problem)) from problem
    if len(chosen) != 1 or chosen[0] not in _MODES:
        raise _cannot_pool(path, ", ".join(chosen) or "pooling_mode")
    return _MODES[chosen[0]]


def _cannot_pool(path: Path, problem: str) -> EngineError:
    return EngineError(
        N_("The checkpoint says in an unknown way how its tokens are pooled: {problem}."),
        hint=N_("One of these must be true: {known}."),
        file=str(path),
        problem=problem,
        known=", ".join(_MODES),
    )
