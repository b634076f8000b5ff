from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.text.classifier import CARD, WEIGHTS, load_classifier
from models.text.moves import MOVES, EmbeddedMoves, describe, load
from models.text.moves_training import MoveTrainingOptions, move_wording, train_moves
from models.text.ngrams import english_edge_ngrams, english_ngrams
from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.engines.registry import engine_spec, load_engine
from qa_pipeline.errors import EngineError, InputError
from qa_pipeline.services.validate.move_table import MoveTable, read_move_table

THINGS = ("parcel", "order", "bill", "phone", "router", "contract", "invoice", "refund", "card", "meter")


@pytest.fixture(scope="module")
def model() -> EmbeddedMoves:
    return load()


def chances(model: EmbeddedMoves, text: str, language: str) -> dict[str, float]:
    """Return the moves that the model finds likely, by name."""
    row = model.predict([text], language)[0]
    return {move.value: float(chance) for move, chance in zip(MOVES, row, strict=True) if chance >= 0.4}


def table_of(path: Path, rows: list[dict[str, str]]) -> MoveTable:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return read_move_table(path)


@pytest.fixture
def own_labels(tmp_path: Path) -> MoveTable:
    """Texts in a site's own words, of which "ahoy" greets and "sayonara" closes."""
    words = {"greeting": "ahoy", "closing": "sayonara", "": "regarding"}
    rows = [
        {"text": f"{word} {thing} {other}", "act": act, "dialogue": f"{thing}{other}"}
        for act, word in words.items()
        for thing in THINGS
        for other in THINGS
    ]
    return table_of(tmp_path / "own.csv", rows)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("喂，你好，我想问一下套餐", "zh", {"greeting"}),
        ("好的谢谢你啊", "zh", {"thanks"}),
        ("谢谢，再见", "zh", {"thanks", "closing"}),
        ("不客气", "zh", {"welcome"}),
        ("我的快递还没有到", "zh", set()),
        ("good evening", "en", {"greeting"}),
        ("good morning, thank you for calling acme, my name is Jane, how can I help", "en", {"greeting", "thanks"}),
        ("ok thanks a lot for your help", "en", {"thanks"}),
        ("bye now, have a lovely evening", "en", {"closing"}),
        ("yes please", "en", {"agreement"}),
        ("no, that will be all", "en", {"refusal"}),
        ("my parcel has not arrived", "en", set()),
    ],
)
def test_plain_service_sentences(model: EmbeddedMoves, text: str, language: str, expected: set[str]):
    assert set(chances(model, text, language)) == expected


def test_a_long_request_does_not_drown_a_greeting(model: EmbeddedMoves):
    request = "，我想问一下我上个月办理的套餐为什么这个月多扣了二十块钱，麻烦你帮我查一下是什么原因"
    assert "greeting" in chances(model, "你好" + request, "zh")
    assert "greeting" not in chances(model, request, "zh")


def test_no_texts_blank_texts_and_other_languages(model: EmbeddedMoves):
    assert model.predict([], "en").shape == (0, len(MOVES))
    assert model.predict(["bonjour"], "fr").tolist() == [[0.0] * len(MOVES)]
    assert chances(model, " ", "en") == {}
    assert chances(model, "再见", "yue") == chances(model, "再见", "zh-CN")


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(max_size=80), max_size=5), language=st.sampled_from(["zh", "en"]))
def test_probabilities_whatever_the_text(texts: list[str], language: str):
    found = load().predict(texts, language)
    assert found.shape == (len(texts), len(MOVES))
    assert np.all((found >= 0) & (found <= 1 + 1e-9))


def test_the_registry_names_the_same_engine():
    assert load_engine("moves", "embedded").spec == engine_spec("moves", "embedded") == describe()


def test_same_tables_give_the_same_model(own_labels: MoveTable, tmp_path: Path):
    for name in ("one", "two"):
        trained = train_moves([own_labels], "en")
        trained.model.save(tmp_path / name, trained.card)
    for file in (WEIGHTS, CARD):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_users_own_words_are_learned_and_used(own_labels: MoveTable, tmp_path: Path):
    trained = train_moves([own_labels], "en")
    trained.model.save(tmp_path / "moves-en", trained.card)
    own = load(tmp_path)
    assert set(chances(own, "sayonara then", "en")) == {"closing"}
    assert trained.card["moves"] == ["greeting", "closing"]
    # The project's own sentences were trained too, and Chinese is answered by the shipped model.
    assert set(chances(own, "goodbye", "en")) == {"closing"}
    assert set(chances(own, "再见", "zh")) == {"closing"}
    assert own.spec != load().spec


def test_dialogues_are_held_out_whole_for_the_figures(own_labels: MoveTable):
    held = {
        seed: train_moves([own_labels], "en", MoveTrainingOptions(seed=seed)).card["held_out"]["own.csv"]
        for seed in (0, 2)
    }
    # Three texts to a dialogue, none of them elsewhere.
    assert all(figures["n"] % 3 == 0 and figures["closing"]["n"] == figures["n"] // 3 for figures in held.values())
    assert all(figures["closing"]["f1"] == 1.0 for figures in held.values())
    assert len({figures["n"] for figures in held.values()}) > 1


def test_sets_of_moves_are_learned_together(tmp_path: Path):
    words = {"thanks": "cheers", "closing": "sayonara", "thanks|closing": "cheers sayonara", "": "regarding"}
    rows = [
        {"text": f"{word} {one} {two}", "act": act} for act, word in words.items() for one in THINGS for two in THINGS
    ]
    model = train_moves([table_of(tmp_path / "t.csv", rows)], "en").model
    model.save(tmp_path / "moves-en", {})
    assert set(chances(load(tmp_path), "cheers sayonara", "en")) == {"thanks", "closing"}
    assert set(chances(load(tmp_path), "cheers mate", "en")) == {"thanks"}


def test_too_few_texts_are_refused(tmp_path: Path):
    rows = [{"text": thing, "act": "closing" if thing in THINGS[:4] else ""} for thing in THINGS]
    with pytest.raises(InputError, match="no move in 5 different texts"):
        train_moves([table_of(tmp_path / "t.csv", rows)], "en")


def test_a_model_of_other_labels_is_refused(own_labels: MoveTable, tmp_path: Path):
    from dataclasses import replace

    model = train_moves([own_labels], "en").model
    replace(model, labels=("", "hugging", "greeting")).save(tmp_path / "moves-en", {})
    with pytest.raises(EngineError, match="hugging") as caught:
        load(tmp_path).predict(["hello"], "en")
    assert "callqa train moves" in caught.value.render_hint()


def test_weights_by_presence_survive_saving(own_labels: MoveTable, tmp_path: Path):
    model = train_moves([own_labels], "en").model
    model.save(tmp_path / "moves-en", {})
    loaded = load_classifier(tmp_path / "moves-en")
    assert loaded.length_power == MoveTrainingOptions().length_power
    assert loaded.predict(["ahoy there", ""]) == pytest.approx(model.predict(["ahoy there", ""]), abs=1e-12)


def test_the_projects_sentences_fill_every_slot_and_show_agents():
    for language in ("zh", "en"):
        wording = dict(move_wording(language))
        assert not [text for text in wording if "{" in text]
        assert {MoveKind.GREETING, MoveKind.THANKS, MoveKind.CLOSING} <= {
            move for moves in wording.values() for move in moves
        }
        assert frozenset() in wording.values()


def test_both_ends_of_an_english_text_are_marked():
    found = set(english_edge_ngrams("Thanks, bye-bye Sam")) - set(english_ngrams("Thanks, bye-bye Sam"))
    # First and last two words in their places; both ends of "thanksbyebyesam" by three to six characters.
    words = {"<0thanks", "<1bye", ">0sam", ">1bye"}
    ends = {"[[tha", "[[than", "[[thank", "[[thanks", "]]sam", "]]esam", "]]yesam", "]]byesam"}
    assert found == words | ends
