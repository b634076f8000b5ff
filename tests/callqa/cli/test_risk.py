"""``callqa risk validate`` as a user calls it."""

from pathlib import Path

import numpy as np
import pytest

from tests.callqa.commands import run
from tests.models.attrition.staff import PANEL, mapping_of, site

FEATURES = "load: {column: workload, group: workload}"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    path = tmp_path / "panel.csv"
    path.write_text("\n".join(site(250, 20, seed=3)) + "\n", encoding="utf-8")
    mapping_of(tmp_path, FEATURES)
    return str(path), str(tmp_path / "mapping.yaml")


def test_a_panel_with_months_and_intervals(capsys: pytest.CaptureFixture[str], files: tuple[str, str]) -> None:
    code, told = run(capsys, "risk", "validate", files[0], "--mapping", files[1], "--kind", "panel", "--horizon", "2")
    assert code == 0
    assert {"auc", "ap", "brier", "ece", "slope", "lift_at_10"} <= told["metrics"].keys()
    low, high = told["metrics"]["auc"]["ci95"]
    assert low < told["metrics"]["auc"]["value"] < high
    assert sum(month["n"] for month in told["per_month"]) == told["n"]


def test_people_without_months(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    load = random.normal(size=300)
    left = random.random(300) < 1 / (1 + np.exp(1 - 2 * load))
    lines = [
        "id,left,load,sex",
        *(f"P{n},{'Yes' if left[n] else 'No'},{load[n]:.3f},{'mf'[n % 2]}" for n in range(300)),
    ]
    lines.append("P1,No,1,m")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    head = PANEL.replace("kind: panel", "kind: cross-section").replace("month: month\n", "")
    mapping_of(
        tmp_path,
        "load: {column: load, group: a}",
        head.replace("filled: true", "values: ['Yes']") + "protected: [sex]\n",
    )
    mapping = str(tmp_path / "mapping.yaml")
    code, told = run(capsys, "risk", "validate", str(path), "--mapping", mapping, "--kind", "cross-section")
    assert code == 3  # done, but the row of a person who stands there twice was left out
    assert told["n"] == 300
    assert told["metrics"]["auc"]["value"] > 0.8
    assert {(group["column"], group["value"]) for group in told["groups"]} == {("sex", "f"), ("sex", "m")}
    assert "1 rows left out" in told["notes"][0]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("--kind", "survival"), "is of the kind panel, not survival"),
        (("--mapping", "nothing"), "There is no mapping of that name"),
        (("--mapping", "ola"), "The table has no column Driver_ID"),
    ],
)
def test_what_cannot_be_is_told(
    capsys: pytest.CaptureFixture[str], files: tuple[str, str], change: tuple[str, str], told: str
) -> None:
    code, document = run(capsys, "risk", "validate", files[0], "--mapping", files[1], *change)
    assert code == 2
    assert told in document["error"]["message"]
