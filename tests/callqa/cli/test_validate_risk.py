"""``validate risk``: each table by itself, what cannot be measured named, the others told."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from callqa.cli.console import INCOMPLETE
from models.attrition.bars import Bar
from tests.callqa.commands import run


def test_what_is_missing_or_unfit_is_named_and_the_rest_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_turnover(tmp_path / "turnover_survival.csv")
    (tmp_path / "attrition_ibm.csv").write_text("nothing,of,use\n1,2,3\n")
    code, found = run(capsys, "validate", "risk", "--data", str(tmp_path))
    assert code == INCOMPLETE
    assert {Path(problem["file"]).name for problem in found["problems"]} == {"attrition_ibm.csv", tmp_path.name}
    assert all(problem["hint"] for problem in found["problems"])
    assert {bar["table"] for bar in found["bars"]} == {"turnover"}
    concordance = next(bar for bar in found["bars"] if bar["figure"] == "c_index")
    # Pay alone orders people here, and half of all pairs have the same.
    assert concordance["value"] > 0.55
    assert concordance["is_met"] is None  # there is no bar


@pytest.mark.parametrize(
    ("at_least", "at_most", "value", "met"),
    [(0.8, None, 0.8, True), (0.8, None, 0.79, False), (None, 0.1, 0.1, True), (0.9, 1.15, 1.2, False)],
)
def test_a_bar_is_met_up_to_its_limits(at_least: float | None, at_most: float | None, value: float, met: bool) -> None:
    bar = Bar(table="ola", learners=None, horizon_months=1, figure="auc", at_least=at_least, at_most=at_most)
    assert bar.is_met(value) is met


def write_turnover(path: Path) -> None:
    """People, of whom those without a declared pay stay a third as long."""
    draw = random.Random(5)
    header = "stag,event,gender,age,industry,profession,traffic,coach,head_gender,greywage,way,extraversion,independ"
    with path.open("w", encoding="latin-1", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*header.split(","), "selfcontrol", "anxiety", "novator"])
        for person in range(200):
            pay = draw.choice(["white", "grey"])
            months = draw.expovariate(1 / (20 if pay == "grey" else 60))
            event = "1" if months < 40 else "0"
            traits = [f"{person / 100:.2f}", *(f"{draw.random() * 9:.1f}" for _ in range(4))]
            work = [draw.choice("mf"), draw.randint(20, 50), "Retail", "Sales", "advert", draw.choice(["yes", "no"])]
            writer.writerow([f"{min(months, 40):.3f}", event, *work, draw.choice("mf"), pay, "bus", *traits])
