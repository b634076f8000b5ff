"""``validate agreement`` and ``validate estimation`` as people run them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callqa.cli.main import main


def _table(folder: Path, rows: list[str]) -> Path:
    path = folder / "ratings.csv"
    path.write_text("contact,criterion,rater,outcome\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def _run(arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict]:
    code = main([*arguments, "--json", "--home", str(folder / "home"), "--lang", "en"])
    return code, json.loads(capsys.readouterr().out)


def _rows(machine_wrong: int, person_wrong: int) -> list[str]:
    """Return 200 contacts, every other one met, rated by two people and the machine, each wrong on some."""
    rows = []
    for number in range(200):
        truth = number % 2
        said = {
            "li": truth,
            "wang": 1 - truth if number < person_wrong else truth,
            "machine": 1 - truth if number >= 200 - machine_wrong else truth,
        }
        rows += [f"c{number},greeting,{rater},{'met' if met else 'not_met'}" for rater, met in said.items()]
    return rows


def test_the_gate_opens_when_the_machine_agrees_as_people_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Half met, half not; 20 of 200 wrong: raw .9, and by both margins at .5 kappa is (.9 - .5) / .5 = .8.
    code, found = _run(["validate", "agreement", str(_table(tmp_path, _rows(20, 20)))], tmp_path, capsys)
    (greeting,) = found["criteria"]
    assert code == 0
    assert greeting["people"]["n"] == greeting["machine"]["n"] == 200
    assert greeting["people"]["kappa"]["value"] == pytest.approx(0.8)
    assert greeting["machine"]["kappa"]["value"] == pytest.approx(0.8)
    assert greeting["gate"] == "open"


def test_the_gate_stays_closed_for_a_machine_that_agrees_less(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # People .8 as above; the machine is wrong on 30 of 200: raw .85, kappa .7 < .8 - .05.
    _, found = _run(["validate", "agreement", str(_table(tmp_path, _rows(30, 20)))], tmp_path, capsys)
    assert found["criteria"][0]["machine"]["kappa"]["value"] == pytest.approx(0.7)
    assert found["criteria"][0]["gate"] == "closed"


def test_fewer_than_200_doubles_never_open_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = _run(["validate", "agreement", str(_table(tmp_path, _rows(0, 0)[:597]))], tmp_path, capsys)
    assert found["criteria"][0]["gate"] == "too_few"


def test_bad_rows_are_named_and_the_rest_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["a,greeting,li,met", "a,greeting,li,not_met", "a,greeting,wang,perhaps", "a,greeting,,met"]
    rows += ["a,greeting,zhao,met", "b,greeting,li,not_met", "b,greeting,zhao,undetermined", "b,greeting,qian,not_met"]
    code, found = _run(["validate", "agreement", str(_table(tmp_path, rows))], tmp_path, capsys)
    assert code == 3
    assert found["n"] == 5
    assert found["criteria"][0]["people"]["raw"]["value"] == 1.0
    assert found["criteria"][0]["abstained"] == 1
    assert "ratings.csv:3" in found["notes"][0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("contact,rater\na,li\n", "needs the columns"),
        ("contact,criterion,rater,outcome\na,greeting,li,met\n", "rated by two raters"),
        ("contact,criterion,rater,outcome\na,greeting,li,perhaps\n", "not known"),
    ],
)
def test_tables_that_tell_nothing_are_refused(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(text, encoding="utf-8")
    code, found = _run(["validate", "agreement", str(path)], tmp_path, capsys)
    assert code in (1, 2)
    assert message in found["error"]["message"]
    assert found["error"]["file"] == str(path)


def test_simulated_sites_give_the_figures_of_the_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = _run(["validate", "estimation", "--repetitions", "4"], tmp_path, capsys)
    assert code == 0
    for name, estimators in found["scenarios"].items():
        mixed = estimators["mixed_model"]
        assert mixed.keys() >= {"rmse", "coverage", "rank_correlation", "bias"}, name
        # Four sites of 200 agents are enough to see it far below both simple means, and its intervals hold.
        assert mixed["rmse"] < 0.7 * min(estimators["machine_mean"]["rmse"], estimators["human_mean"]["rmse"])
        assert 0.9 <= mixed["coverage"] <= 0.99
    gap = {name: each["group_gap"] for name, each in found["scenarios"]["unfair_machine"].items()}
    assert gap["machine_mean"] < -4
    assert abs(gap["mixed_model"]) < 2.5
    # A group that the model knows of is freed of it whole; four sites tell that to a point.
    assert abs(found["scenarios"]["unfair_machine_known_group"]["mixed_model"]["group_gap"]) < 1.0
