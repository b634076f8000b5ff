from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from callqa.cli.main import main
from qa_pipeline.errors import RowError, TableError
from qa_pipeline.services.validate.attitude import validate_attitude, weighted_kappa, whole_points
from tests.tables import write_json_lines

# Three agent utterances each; openings for empathy only in the second. What must come out:
# polite: courtesy 2.5 + greets .25 + respect .2 + asks .3 + thanks .25 + closes .25 = 3.75
POLITE = [("agent", "您好"), ("customer", "查一下话费"), ("agent", "请稍等"), ("agent", "谢谢，再见")]
RUDE = [("agent", "喂"), ("customer", "快递弄丢了"), ("agent", "多大点事"), ("agent", "不归我们管")]
SHORT = [("agent", "您好"), ("customer", "你好")]


def contact(said: list[tuple[str, str]], **labels: Any) -> dict[str, Any]:
    return {"contact": {"utterances": [{"role": role, "text": text} for role, text in said]}, "labels": labels}


def write(folder: Path, rows: list[Any]) -> Path:
    return write_json_lines(folder / "rated.jsonl", *rows)


def test_weighted_kappa_by_hand() -> None:
    # Differences 0, 0, 1, 1: mean square 1/2. Means 2.5 and 2.5, variances 1.25 and .25: chance 1.5. 1 - .5 / 1.5.
    assert weighted_kappa(np.array([1.0, 2, 3, 4]), np.array([2.0, 2, 3, 3])) == pytest.approx(2 / 3)
    assert np.isnan(weighted_kappa(np.array([3.0, 3]), np.array([3.0, 3])))
    assert whole_points(np.array([2.49, 2.5, 3.5])).tolist() == [2, 3, 4]


def test_contacts_against_ratings(tmp_path: Path) -> None:
    rows = [
        contact(POLITE, courtesy=4, ownership=3),
        contact(RUDE, courtesy=1, ownership=2, empathy=1),
        contact(SHORT, courtesy=3),
    ]
    report = validate_attitude(write(tmp_path, rows))
    # Six ratings: two contacts are judged in full, the third said too little.
    assert (report.task, report.n) == ("attitude", 6)
    assert report.metrics["abstained"].value == pytest.approx(1 / 6)
    courtesy = report.groups["courtesy"]
    assert courtesy["n"].value == 3
    assert courtesy["abstained"].value == pytest.approx(1 / 3)
    assert courtesy["pearson"].value == pytest.approx(1.0)
    assert report.confusion["courtesy 3"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0, "abstained": 1}
    assert report.confusion["courtesy 4"]["4"] == 1
    # Ownership 3.0 and 3.0 - 1.0 as rated; mean error 0.
    assert report.groups["ownership"]["mae"].value == pytest.approx(0.0)
    assert report.groups["empathy"]["abstained"].value == 0


def test_a_flat_table_takes_each_text_alone(tmp_path: Path) -> None:
    path = tmp_path / "flat.csv"
    path.write_text(
        "customer,text,courtesy,empathy\n,谢谢您,3,\n我很难过,我理解您的心情,,4\n我很难过,多少钱,,2\n,你给我闭嘴,1,\n",
        encoding="utf-8",
    )
    report = validate_attitude(path)
    assert report.n == 4
    # Without what the customer said there is no opening, so empathy would not be judged: here both have one.
    assert report.groups["empathy"]["pearson"].value == pytest.approx(1.0)
    # Answers the feeling: 2.5 + 1.5 = 4; nobody answered: 2.5 - .5 = 2.
    assert report.groups["empathy"]["mae"].value == pytest.approx(0.0)
    assert report.groups["courtesy"]["pearson"].value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (contact(POLITE, courtesy=6), "labels.courtesy"),
        (contact(POLITE, courtesy="gut"), "labels.courtesy"),
        (contact(POLITE, kindness=3), "labels.kindness"),
        ({"contact": {"utterances": []}, "labels": {"courtesy": 3}}, "contact.utterances"),
        ({"contact": "您好", "labels": {"courtesy": 3}}, "contact"),
    ],
)
def test_a_bad_row_is_named(bad: dict[str, Any], field: str, tmp_path: Path) -> None:
    with pytest.raises(RowError) as caught:
        validate_attitude(write(tmp_path, [bad]))
    assert (caught.value.row, caught.value.field) == (1, field)
    # Beside good ones it is left out and counted.
    report = validate_attitude(write(tmp_path, [bad, contact(POLITE, courtesy=4)]))
    assert report.n == 1
    assert report.notes[0].params["count"] == 1


def test_languages_without_a_lexicon_are_not_judged(tmp_path: Path) -> None:
    row = contact(POLITE, courtesy=3)
    row["contact"]["language"] = "fr"
    with pytest.raises(RowError, match="attitude lexicon"):
        validate_attitude(write(tmp_path, [row]))


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("text,label\n好,1\n", encoding="utf-8")
    with pytest.raises(TableError, match="contact, labels"):
        validate_attitude(path)


def test_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, [contact(POLITE, courtesy=4), contact(RUDE, courtesy=1)])
    assert main(["--home", str(tmp_path / "home"), "validate", "attitude", str(path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["n"] == 2
    assert document["groups"]["courtesy"]["pearson"]["value"] == pytest.approx(1.0)
