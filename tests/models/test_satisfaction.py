from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from callqa.cli.main import main
from models.text.classifier import CARD, WEIGHTS
from models.text.satisfaction import check, describe, load, load_satisfaction
from models.text.satisfaction_training import (
    SatisfactionOptions,
    calibrate,
    read_satisfaction_table,
    train_satisfaction,
)
from qa_pipeline.errors import EngineError, InputError, NeedsModel, RowError
from qa_pipeline.services.validate.satisfaction import Exchange
from tests.tables import write_json_lines

WORDS = {0: "咕噜咕噜", 1: "看看这个", 2: "叽里叽里"}


def turn(dialogue: int, rating: int, text: str) -> dict[str, Any]:
    earlier = {"customer": "您好", "agent": "您好，请讲"}
    return {"dialogue": dialogue, "exchanges": [earlier, {"customer": text, "agent": ""}], "satisfaction": rating}


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    """Sixty dialogues of three turns; the last words of each turn tell its rating."""
    rows = [turn(number, rating, f"{word}{number}") for number in range(60) for rating, word in WORDS.items()]
    return write_json_lines(tmp_path / "rated.jsonl", *rows)


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
    table = read_satisfaction_table(write_json_lines(tmp_path / "t.jsonl", *rows))
    talk = [(Exchange(customer="行吧", agent=""),)]
    found = {}
    for evenness in (0.0, 1.0):
        trained = train_satisfaction([table], "zh", SatisfactionOptions(evenness=evenness))
        chances = trained.model.predict([talk[0][0].customer])[0]
        found[evenness] = chances[0] / chances[1]
    # Shares are 20 and 80 of 130: full evenness multiplies the odds by 4.
    assert found[1.0] / found[0.0] == pytest.approx(4)


def test_a_table_without_all_ratings_is_refused(tmp_path: Path):
    path = write_json_lines(tmp_path / "t.jsonl", *[turn(number, number % 2, "好") for number in range(40)])
    with pytest.raises(InputError, match="ratings"):
        train_satisfaction([read_satisfaction_table(path)], "zh")


def test_a_wrong_row_is_named(tmp_path: Path):
    path = write_json_lines(
        tmp_path / "t.jsonl", turn(0, 1, "好"), {"dialogue": 1, "exchanges": "好", "satisfaction": 1}
    )
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
    # Each dialogue was rated 0, 1 and 2: its mean is 1.
    assert document["groups"]["contact"]["mae"]["value"] == pytest.approx(0, abs=0.2)
    assert document["groups"]["contact"]["coverage"]["value"] == 1.0


def test_a_scored_contact_carries_its_satisfaction(ratings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    chat = tmp_path / "chat.txt"
    chat.write_text("坐席：您好\n客户：看看这个\n客户：叽里叽里\n坐席：好的\n客户：咕噜咕噜\n", encoding="utf-8")
    score = ["score", str(chat), "--workers", "0", "--language", "zh", "--json", "--home"]
    main([*score, str(tmp_path / "bare")])
    (contact,) = json.loads(capsys.readouterr().out)["contacts"]
    assert contact["satisfaction"] is None
    assert main(["train", "satisfaction", str(ratings), "--home", str(tmp_path / "home"), "--json"]) == 0
    capsys.readouterr()
    main([*score, str(tmp_path / "home")])
    (contact,) = json.loads(capsys.readouterr().out)["contacts"]
    # Two messages in a row are one turn, named by its last.
    assert [turn["utterance"] for turn in contact["satisfaction"]["turns"]] == [2, 4]
    low, high = contact["satisfaction"]["ci95"]
    assert low <= contact["satisfaction"]["value"] <= high


def test_a_contact_gets_a_value_with_an_interval(ratings: Path, tmp_path: Path):
    trained = train_satisfaction([read_satisfaction_table(ratings)], "zh")
    assert trained.card["contact"]["dialogues_count"] == 60
    trained.model.save(tmp_path / "satisfaction-zh", trained.card)
    engine = load(tmp_path)
    reading = engine.read(["叽里叽里", "咕噜咕噜"], "zh-CN")
    assert reading.turns[0] > 1.5
    assert reading.turns[1] < 0.5
    low, high = reading.ci95
    assert 0 <= low <= reading.value <= high <= 2
    assert engine.read(["fine"], "en") is None
    assert engine.spec == describe(directory=tmp_path)
    assert dict(engine.spec.params).keys() == {"zh"}


def test_without_dialogues_nothing_is_said_of_contacts(ratings: Path, tmp_path: Path):
    rows = [json.loads(line) for line in ratings.read_text(encoding="utf-8").splitlines()]
    table = write_json_lines(
        tmp_path / "alone.jsonl", *[{key: row[key] for key in row if key != "dialogue"} for row in rows]
    )
    trained = train_satisfaction([read_satisfaction_table(table)], "zh")
    assert "contact" not in trained.card
    trained.model.save(tmp_path / "satisfaction-zh", trained.card)
    assert load(tmp_path).read(["叽里叽里"], "zh") is None


def test_without_a_model_the_engine_is_silent_and_doctor_says_what_to_run(tmp_path: Path):
    assert load(tmp_path).read(["好"], "zh") is None
    with pytest.raises(NeedsModel, match="may be shipped"):
        check(tmp_path)


def test_intervals_hold_what_they_promise_on_new_dialogues():
    # Ratings are the turns' expected values plus an error of the dialogue and one of each turn.
    random = np.random.default_rng(3)

    def dialogues(count: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        turns = [random.uniform(0.5, 1.5, random.integers(1, 20)) for _ in range(count)]
        return [each + random.normal(0, 0.2) + random.normal(0, 0.4, len(each)) for each in turns], turns

    ratings, turns = dialogues(400)
    found = calibrate(ratings, turns, [place % 5 for place in range(400)])
    assert found is not None
    assert found.slope == pytest.approx(1, abs=0.2)
    assert found.between == pytest.approx(0.04, abs=0.02)
    assert found.within == pytest.approx(0.16, abs=0.06)
    ratings, turns = dialogues(2000)
    intervals = [found.interval_of(each) for each in turns]
    given = [min(2.0, max(0.0, each.mean())) for each in ratings]
    held = [low <= value <= high for value, (low, high) in zip(given, intervals, strict=True)]
    # 95 %, give or take what 400 dialogues and 2000 draws leave open (standard errors 1.1 and 0.5 points).
    assert 0.92 <= np.mean(held) <= 0.98
    widths = {len(each): high - low for each, (low, high) in zip(turns, intervals, strict=True)}
    assert widths[1] > widths[19]


def test_too_few_dialogues_justify_no_interval():
    some = [np.ones(2)] * 19
    assert calibrate(some, some, [0] * 19) is None


def test_a_damaged_calibration_is_refused(ratings: Path, tmp_path: Path):
    trained = train_satisfaction([read_satisfaction_table(ratings)], "zh")
    for damaged in ({"slope": 1}, {**trained.card["contact"], "within": -1}, {**trained.card["contact"], "slope": "x"}):
        trained.model.save(tmp_path / "satisfaction-zh", {**trained.card, "contact": damaged})
        with pytest.raises(EngineError, match="contact"):
            load_satisfaction(tmp_path, "zh")
