from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.main import main
from models.text.classifier import CARD, WEIGHTS
from models.text.satisfaction import load_satisfaction
from models.text.satisfaction_training import SatisfactionOptions, read_satisfaction_table, train_satisfaction
from qa_pipeline.errors import EngineError, InputError, NeedsModel, RowError
from qa_pipeline.services.validate.satisfaction import Exchange

WORDS = {0: "咕噜咕噜", 1: "看看这个", 2: "叽里叽里"}


def rated(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def turn(dialogue: int, rating: int, text: str) -> dict[str, Any]:
    earlier = {"customer": "您好", "agent": "您好，请讲"}
    return {"dialogue": dialogue, "exchanges": [earlier, {"customer": text, "agent": ""}], "satisfaction": rating}


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    """Sixty dialogues of three turns; the last words of each turn tell its rating."""
    rows = [turn(number, rating, f"{word}{number}") for number in range(60) for rating, word in WORDS.items()]
    return rated(tmp_path / "rated.jsonl", rows)


def test_the_customers_last_words_are_learned(ratings: Path, tmp_path: Path):
    trained = train_satisfaction([read_satisfaction_table(ratings)], "zh")
    assert trained.card["cross_validated"]["accuracy"]["value"] == 1
    trained.model.save(tmp_path / "models" / "satisfaction-zh", trained.card)
    model = load_satisfaction(tmp_path / "models", "zh")
    talks = [
        (Exchange(customer="咕噜咕噜", agent="好"), Exchange(customer="叽里叽里", agent="")),
        (Exchange(customer="叽里叽里", agent="好"), Exchange(customer="咕噜咕噜", agent="")),
    ]
    assert model.predict(talks).tolist() == [2, 0]


def test_same_tables_give_the_same_model(ratings: Path, tmp_path: Path):
    for name in ("one", "two"):
        trained = train_satisfaction([read_satisfaction_table(ratings)], "zh")
        trained.model.save(tmp_path / name, trained.card)
    for file in (WEIGHTS, CARD):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_evenness_favours_rare_ratings(tmp_path: Path):
    # The same words are rated 1 four times out of five: the common rating wins unless rare ones are to count as much.
    rows = [turn(number, 1 if number % 5 else 0, "行吧") for number in range(100)]
    rows += [turn(number, 2, "叽里叽里") for number in range(100, 130)]
    table = read_satisfaction_table(rated(tmp_path / "t.jsonl", rows))
    talk = [(Exchange(customer="行吧", agent=""),)]
    found = {}
    for evenness in (0.0, 1.0):
        trained = train_satisfaction([table], "zh", SatisfactionOptions(evenness=evenness))
        chances = trained.model.predict([talk[0][0].customer])[0]
        found[evenness] = chances[0] / chances[1]
    # Shares are 20 and 80 of 130: full evenness multiplies the odds by 4.
    assert found[1.0] / found[0.0] == pytest.approx(4)


def test_a_table_without_all_ratings_is_refused(tmp_path: Path):
    path = rated(tmp_path / "t.jsonl", [turn(number, number % 2, "好") for number in range(40)])
    with pytest.raises(InputError, match="ratings"):
        train_satisfaction([read_satisfaction_table(path)], "zh")


def test_a_wrong_row_is_named(tmp_path: Path):
    path = rated(tmp_path / "t.jsonl", [turn(0, 1, "好"), {"dialogue": 1, "exchanges": "好", "satisfaction": 1}])
    with pytest.raises(RowError) as problem:
        read_satisfaction_table(path)
    assert (problem.value.row, problem.value.field) == (2, "exchanges")


def test_a_model_of_something_else_is_refused(tmp_path: Path):
    from models.text.classifier import SHIPPED

    folder = tmp_path / "satisfaction-zh"
    folder.mkdir()
    for file in (WEIGHTS, CARD):
        (folder / file).write_bytes((SHIPPED / "abuse-zh" / file).read_bytes())
    with pytest.raises(EngineError, match="abusive"):
        load_satisfaction(tmp_path, "zh")
    with pytest.raises(NeedsModel):
        load_satisfaction(tmp_path, "en")


def test_from_the_command_line_to_figures(ratings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    home = ["--home", str(tmp_path / "home")]
    assert main(["validate", "satisfaction", str(ratings), "--json", *home]) != 0
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["type"] == "NeedsModel"
    assert "callqa train satisfaction" in error["hint"]
    assert main(["train", "satisfaction", str(ratings), *home]) == 0
    assert "accuracy 1.0, macro F1 1.0 on 180 turns" in capsys.readouterr().out
    assert main(["validate", "satisfaction", str(ratings), "--json", *home]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["task"], document["n"]) == ("satisfaction", 180)
    assert document["metrics"]["accuracy"] == {"value": 1.0, "ci95": [1.0, 1.0]}
    assert document["metrics"]["macro_f1"]["value"] == 1.0
