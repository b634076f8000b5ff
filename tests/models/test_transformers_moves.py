from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.text.moves import MOVES
from models.text.transformers_moves import check, describe, load
from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.engines.registry import load_engine
from qa_pipeline.errors import ConfigurationError, NeedsModel
from tests.models.test_transformers_sentiment import checkpoint, own_probabilities

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def acts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = {0: "ThankYou", 1: "contentonly", 2: "结束语", 3: "bye"}
    return checkpoint(tmp_path_factory.mktemp("hub") / "acts", names)


def chance(row, move: MoveKind) -> float:
    return float(row[MOVES.index(move)])


def test_labels_are_mapped_by_the_names_of_acts_and_moves(acts: Path):
    thanks, _, closing, bye = own_probabilities(acts, "好 good")
    row = load_engine("moves", "transformers", model=str(acts), offline=True).predict(["好 good"], "zh")[0]
    assert chance(row, MoveKind.THANKS) == pytest.approx(thanks, abs=1e-5)
    assert chance(row, MoveKind.CLOSING) == pytest.approx(closing + bye, abs=1e-5)  # two labels of one move
    assert row.sum() == pytest.approx(thanks + closing + bye, abs=1e-5)


def test_several_labels_at_once_are_probabilities_of_their_own(acts: Path, tmp_path: Path):
    folder = checkpoint(tmp_path / "several", {0: "greeting", 1: "thanks"})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"problem_type": "multi_label_classification"}))
    first, second = own_probabilities(folder, "good")
    row = load(str(folder)).predict(["good"], "en")[0]
    # The helper's softmax knows the difference of the two logits; so must their log-odds.
    odds = [torch.logit(torch.tensor(chance(row, move))) for move in (MoveKind.GREETING, MoveKind.THANKS)]
    assert float(odds[0] - odds[1]) == pytest.approx(float(torch.log(torch.tensor(first / second))), abs=1e-4)
    assert abs(row.sum() - 1) > 1e-5  # a softmax would add up to one


def test_labels_can_be_said(tmp_path: Path):
    folder = checkpoint(tmp_path / "nameless", {0: "LABEL_0", 1: "LABEL_1"})
    with pytest.raises(ConfigurationError, match="names a service move: LABEL_0, LABEL_1"):
        load(str(folder))
    engine = load(str(folder), labels={"label_1": "hold_request"})
    assert chance(engine.predict(["bad"], "en")[0], MoveKind.HOLD_REQUEST) == pytest.approx(
        own_probabilities(folder, "bad")[1], abs=1e-5
    )
    assert engine.spec == describe(str(folder), labels={"label_1": "hold_request"}) != describe(str(folder))


def test_no_texts_and_no_checkpoint(acts: Path):
    assert load(str(acts)).predict([], "en").shape == (0, len(MOVES))
    with pytest.raises(ConfigurationError) as caught:
        load()
    assert "text.move_model" in caught.value.render_hint()
    with pytest.raises(NeedsModel) as missing:
        check("/no/such/folder")
    assert "text.move_model = DIR" in missing.value.render_hint()
