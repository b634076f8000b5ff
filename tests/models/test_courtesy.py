from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from callqa.cli.main import main
from models.text.classifier import CARD, WEIGHTS
from models.text.courtesy import MARKERS_SHA256, get_courtesy
from models.text.courtesy_marks import courtesy_marks
from models.text.courtesy_training import CourtesyOptions, read_courtesy_table, train_courtesy
from models.text.ngrams import NGRAMS
from qa_pipeline.errors import EngineError, InputError, NeedsModel, RowError

POLITE = ("请问您方便提供一下单号吗，谢谢", "麻烦您稍等，非常感谢", "不好意思打扰您了")
RUDE = ("你胡说什么", "难道你不会看吗", "废话，自己查")


def table(path: Path, rows: list[tuple[str, object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "politeness"), *rows])
    return path


@pytest.fixture
def rated(tmp_path: Path) -> Path:
    """Ninety texts: polite ones rated about 4, rude ones about 1."""
    rows = [(f"{text}{number}号", rating + number % 2 / 2) for number in range(15) for text, rating in rows_of()]
    return table(tmp_path / "rated.csv", rows)


def rows_of() -> list[tuple[str, float]]:
    return [(text, 4.0) for text in POLITE] + [(text, 1.0) for text in RUDE]


def test_polite_texts_are_read_above_rude_ones(rated: Path, tmp_path: Path):
    trained = train_courtesy([read_courtesy_table(rated)], "zh")
    assert trained.card["cross_validated"]["rated.csv"]["pearson"]["value"] > 0.8
    trained.model.save(tmp_path / "models" / "courtesy-zh", trained.card)
    model = get_courtesy(tmp_path / "models", "zh")
    polite, rude, empty = model.predict(["谢谢您，麻烦您了", "你自己查，废话", ""])
    assert polite > empty > rude
    # Traditional characters are read as simplified ones.
    assert model.predict(["謝謝您，麻煩您了"])[0] == polite


def test_same_tables_give_the_same_model(rated: Path, tmp_path: Path):
    for name in ("one", "two"):
        trained = train_courtesy([read_courtesy_table(rated)], "zh")
        trained.model.save(tmp_path / name, trained.card)
    for file in (WEIGHTS, CARD):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_scale_of_a_table_does_not_matter(rated: Path, tmp_path: Path):
    rows = list(csv.reader(rated.open(encoding="utf-8")))[1:]
    wide = table(tmp_path / "rated_wide.csv", [(text, float(rating) * 20 - 7) for text, rating in rows])
    narrow, scaled = (train_courtesy([read_courtesy_table(path)], "zh").model for path in (rated, wide))
    assert np.allclose(narrow.coefficients.astype(float), scaled.coefficients.astype(float), atol=1e-2)


def test_marks_count_classes_of_words_and_the_shape_of_a_text():
    marks = set(courtesy_marks("请问您好吗？谢谢！谢谢！", "请问您好吗?谢谢!谢谢!", "zh"))
    assert {"§thanks1", "§thanks2", "§start_please1", "§you_honorific1", "§asks1", "§exclaims2"} <= marks
    assert not any(mark.startswith(("§rebukes", "§quotes", "§trails")) for mark in marks)
    english = set(NGRAMS["en-courtesy"]("Could you please stop? I never said thankless."))
    assert {"§could_you1", "§please1", "§do_not1", "§do_not2"} <= english
    # Words are whole: thankless is no thanks, and a start counts only there.
    assert not {"§thanks1", "§start_please1"} & english


def test_the_shipped_model_orders_service_sentences():
    model = get_courtesy(None, "en")
    polite = model.predict(
        [
            "Thank you so much for waiting, could you please tell me your order number?",
            "Thanks for your help, I appreciate it!",
        ]
    )
    rude = model.predict(["Why don't you read what I wrote?", "Stop wasting my time with this nonsense."])
    assert polite.min() > rude.max()


def test_no_chinese_model_is_shipped(tmp_path: Path):
    with pytest.raises(NeedsModel) as caught:
        get_courtesy(tmp_path, "zh")
    assert "callqa train courtesy" in caught.value.hint.format(**caught.value.params)


def test_too_few_or_equal_ratings_teach_nothing(tmp_path: Path):
    few = read_courtesy_table(table(tmp_path / "few.csv", rows_of()))
    with pytest.raises(InputError, match="too few"):
        train_courtesy([few], "zh")
    same = read_courtesy_table(table(tmp_path / "same.csv", [(f"好{number}", 3) for number in range(60)]))
    with pytest.raises(InputError, match="the same"):
        train_courtesy([same], "zh", CourtesyOptions())


def test_a_bad_rating_is_named(tmp_path: Path):
    with pytest.raises(RowError) as caught:
        read_courtesy_table(table(tmp_path / "bad.csv", [("好的", 3), ("谢谢", "很好")]))
    assert (caught.value.row, caught.value.field) == (3, "politeness")


def test_a_model_of_other_word_lists_is_refused(rated: Path, tmp_path: Path):
    trained = train_courtesy([read_courtesy_table(rated)], "zh")
    folder = tmp_path / "courtesy-zh"
    trained.model.save(folder, {**trained.card, MARKERS_SHA256: "of another list"})
    with pytest.raises(EngineError):
        get_courtesy(tmp_path, "zh")


def test_train_and_validate_by_command(rated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    home = ["--home", str(tmp_path / "home")]
    validate = ["validate", "courtesy", str(rated), "--json"]

    def engine(*more: str) -> str:
        assert main([*home, *validate, *more]) == 0
        return str(json.loads(capsys.readouterr().out)["engine"])

    assert engine() == "lexicon:attitude"
    assert main([*home, "train", "courtesy", str(rated), "--language", "zh", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"].endswith("courtesy-zh")
    assert engine().startswith("embedded@1[zh=")
    assert engine("--engine", "lexicon") == "lexicon:attitude"
