from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.text.classifier import CARD, SHIPPED, WEIGHTS
from models.text.reason import THRESHOLD, describe, load
from models.text.reason_training import ReasonOptions, ReasonTable, read_reason_table, train_reason
from qa_pipeline.errors import EngineError, InputError, RowError

THINGS = ("套餐", "订单", "快递", "宽带", "账单", "发票", "会员", "保单", "手机", "空调")
WORDS = {"退款": "我要退钱", "修理": "坏了要修", "查询": "帮我查一下"}


def own_labels() -> ReasonTable:
    """Sixty texts, of which the words before the thing are the reason."""
    pairs = [(f"{said}{thing}{number}", name) for name, said in WORDS.items() for thing in THINGS for number in "甲乙"]
    return ReasonTable("own.csv", "0", tuple(text for text, _ in pairs), tuple(name for _, name in pairs))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with reason-zh."""
    folder = tmp_path_factory.mktemp("models")
    trained = train_reason([own_labels()], "zh")
    trained.model.save(folder / "reason-zh", trained.card)
    return folder


def test_a_sites_own_reasons_are_learned(site: Path):
    reading = load(site).predict(["冰箱坏了要修", "我要退钱冰箱", " "], "zh-CN")
    assert reading is not None
    assert reading.categories == ("修理", "查询", "退款")
    assert [reading.categories[place] for place in reading.probabilities[:2].argmax(axis=1)] == ["修理", "退款"]
    assert reading.probabilities[:2].sum(axis=1) == pytest.approx([1, 1])
    assert reading.probabilities[2].tolist() == [0, 0, 0]
    assert reading.threshold >= 0.5


def test_traditional_characters_are_read_as_simplified_ones(site: Path):
    reading = load(site).predict(["我要退钱手机", "我要退錢手機"], "zh")
    assert reading is not None
    assert reading.probabilities[0] == pytest.approx(reading.probabilities[1])


def test_contacts_get_no_reason_from_the_shipped_model(site: Path):
    assert load().predict(["my card was stolen"], "en") is None
    assert load(site).predict(["my card was stolen"], "en") is None
    assert load(site).predict(["ma carte"], "fr") is None
    shipped = load(site, shipped=True).predict(["my card was stolen"], "en")
    assert shipped is not None
    assert shipped.categories[shipped.probabilities[0].argmax()] == "lost_or_stolen_card"
    assert describe().params == ()
    assert len({describe(), describe(site), describe(site, shipped=True)}) == 3


def test_same_tables_give_the_same_model(tmp_path: Path):
    for name in ("one", "two"):
        trained = train_reason([own_labels()], "zh")
        trained.model.save(tmp_path / name, trained.card)
    for file in (WEIGHTS, CARD):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_two_categories_are_enough():
    pairs = [pair for pair in zip(own_labels().texts, own_labels().categories, strict=True) if pair[1] != "查询"]
    table = ReasonTable("two.csv", "0", tuple(text for text, _ in pairs), tuple(name for _, name in pairs))
    trained = train_reason([table], "zh")
    assert trained.card["cross_validated"]["accuracy"]["value"] == 1.0
    chances = trained.model.predict(["我要退钱冰箱", "冰箱坏了要修"])
    assert [trained.model.labels[place] for place in chances.argmax(axis=1)] == ["退款", "修理"]


def test_what_cannot_be_told_apart_is_not_told():
    # The label is drawn by lot: half of the answers are right by chance, so no threshold promises 95 %.
    random = np.random.default_rng(0)
    texts = tuple(f"{thing}{number}{other}" for thing in THINGS for number in "甲乙丙丁" for other in THINGS)
    names = tuple(random.choice(["一", "二"], size=len(texts)).tolist())
    trained = train_reason([ReasonTable("lot.csv", "0", texts, names)], "zh")
    figures = trained.card["cross_validated"]
    assert 0.4 < figures["accuracy"]["value"] < 0.6
    assert figures["answered"]["value"] < 0.05
    assert figures["ece"]["value"] < 0.1


def test_rare_categories_are_left_out_and_named():
    table = own_labels()
    more = ReasonTable("own.csv", "0", (*table.texts, "喂", "喂！", "在吗"), (*table.categories, *["闲聊"] * 3))
    trained = train_reason([more], "zh")
    assert trained.card["left_out"] == {"闲聊": 3}
    assert "闲聊" not in trained.model.labels
    few = ReasonTable("few.csv", "0", ("退钱", "要修"), ("退款", "修理"))
    with pytest.raises(InputError, match="5 different texts"):
        train_reason([few], "zh")


def test_pruning_keeps_the_strongest_coefficients():
    whole, pruned = (train_reason([own_labels()], "zh", ReasonOptions(coefficients_max=most)) for most in (10**6, 30))
    kept = np.count_nonzero(pruned.model.coefficients)
    # Thirty, and those as strong as the thirtieth.
    assert 30 <= kept < np.count_nonzero(whole.model.coefficients) / 2
    assert (np.abs(pruned.model.coefficients).max(axis=1) > 0).all()
    assert np.abs(pruned.model.coefficients).max() == np.abs(whole.model.coefficients).max()


def test_rows_without_a_category_wait_for_one(tmp_path: Path):
    path = tmp_path / "topics.csv"
    path.write_text("text,category,contact\n退钱,退款,a\n你好,,b\n,退款,c\n", encoding="utf-8")
    table = read_reason_table(path)
    assert (table.texts, table.categories) == (("退钱",), ("退款",))
    path.write_text("text,category\n退钱,\n", encoding="utf-8")
    with pytest.raises(RowError, match="The value is missing"):
        read_reason_table(path)


def test_a_card_without_its_threshold_is_refused(site: Path, tmp_path: Path):
    folder = tmp_path / "reason-zh"
    folder.mkdir()
    (folder / WEIGHTS).write_bytes((site / "reason-zh" / WEIGHTS).read_bytes())
    card = json.loads((site / "reason-zh" / CARD).read_text(encoding="utf-8"))
    del card[THRESHOLD]
    (folder / CARD).write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(EngineError, match=THRESHOLD):
        load(tmp_path).predict(["退钱"], "zh")


def test_the_shipped_model_is_small_and_says_what_it_is():
    folder = SHIPPED / "reason-en"
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    assert (folder / WEIGHTS).stat().st_size < 3_000_000
    assert card["cross_validated"]["accuracy"]["value"] > 0.9
    assert card["evaluated"]["reason_en_banking77_test.csv.gz"]["accuracy"]["value"] > 0.913
