"""Service moves by any sequence-classification checkpoint of ``transformers`` whose labels name moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from models.text.checkpoint import Checkpoint, check_checkpoint, describe_checkpoint, get_name
from models.text.classifier import Floats
from models.text.moves import MOVES
from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.scoring.move_lexicon import known_acts

_SETTING = "text.move_model"


class TransformersMoves:
    """A checkpoint, of one label per text or of several, whose labels are mapped to moves.

    Parameters
    ----------
    model : str
        Local directory, or name on the hub.
    labels : mapping, optional
        Label of the checkpoint -> id of a move. Without it the labels themselves must be ids or names of moves, or acts
        of the open sets that ``resources/lexicons/moves.yaml`` lists. Labels that name no move are no move.
    device, offline
        As for `Checkpoint`.

    Raises
    ------
    NeedsModel
        When there are no weights.
    ConfigurationError
        When no label of the checkpoint names a move.
    """

    def __init__(
        self, model: str, *, labels: Mapping[str, str] | None = None, device: str = "auto", offline: bool = False
    ) -> None:
        self._checkpoint = Checkpoint(model, _SETTING, device=device, offline=offline)
        self._holds = _moves_of(self._checkpoint.labels, labels, model)
        spec = describe(model, labels=labels, device=device, offline=offline)
        self.spec = replace(spec, piecewise=self._checkpoint.piecewise)

    def predict(self, texts: Sequence[str], language: str) -> Floats:
        """Return probabilities of shape (len(texts), len(MoveKind)); labels of one move are added up, to 1 at most.

        `language` is the checkpoint's own business.
        """
        del language
        # Row by row, as the embedded tagger does it.
        own = np.matmul(self._checkpoint.predict(texts)[:, None, :], self._holds)[:, 0]
        chances: Floats = np.minimum(own, 1.0)
        return chances


def load(
    model: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    device: str = "auto",
    offline: bool = False,
) -> TransformersMoves:
    """Return the engine; see `TransformersMoves`."""
    return TransformersMoves(get_name(model, _SETTING), labels=labels, device=device, offline=offline)


def describe(
    model: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    device: str = "auto",
    offline: bool = False,
) -> EngineSpec:
    """Return the identity of the engine, without loading it."""
    del device, offline
    return describe_checkpoint("moves", get_name(model, _SETTING), labels)


check = partial(check_checkpoint, _SETTING)


def _moves_of(own: Sequence[str], labels: Mapping[str, str] | None, model: str) -> Floats:
    """Return a matrix of shape (labels of the checkpoint, moves): 1 where a label shows a move."""
    wanted = {name.casefold(): move for name, move in (labels or {}).items()}
    holds = np.zeros((len(own), len(MOVES)))
    for row, name in enumerate(own):
        act = known_acts().get(wanted.get(name.casefold(), "" if labels else name).casefold())
        for move in act.moves if act else ():
            holds[row, MOVES.index(move)] = 1.0
    if not holds.any():
        raise ConfigurationError(
            N_("No label of the checkpoint {model} names a service move: {names}."),
            hint=N_("Say with the option labels which move each label means; moves: {known}."),
            model=model,
            names=", ".join(own),
            known=", ".join(MoveKind),
        )
    return holds
