"""The risk model of a site: gates, horizons, reasons, and that what is kept on disk is what was fitted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from skops import io as skops_io

from models.attrition import challenger
from models.attrition.challenger import challenge, fit_boosted
from models.attrition.features import Features
from models.attrition.panel import Panel, build_panel
from models.attrition.risk_model import RiskModel, fit_risk, load_risk, save_risk
from qa_pipeline.errors import InputError
from tests.models.attrition.staff import mapping_of, site, table_of

RULES = "workload: {column: workload, group: workload}\ntrend: {column: workload, make: slope, window: 3, group: trend}"


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    folder = tmp_path_factory.mktemp("panel")
    mapping = mapping_of(folder, RULES)
    return build_panel(table_of(folder, site(400, 24, seed=3), mapping), mapping)


@pytest.fixture(scope="module")
def model(panel: Panel) -> RiskModel:
    found = fit_risk(panel, panel.end)
    assert found is not None
    return found


def test_horizons_grow_and_each_is_calibrated(panel: Panel, model: RiskModel) -> None:
    predicted = model.predict(panel.features)
    assert (predicted[1] <= predicted[2]).all()
    assert (predicted[2] <= predicted[3]).all()
    for horizon, chances in predicted.items():
        known = panel.is_known(horizon)
        observed = panel.left_within(horizon)[known].sum()
        assert chances[known].sum() / observed == pytest.approx(1.0, abs=0.25)  # the intercept follows the last months


def test_fewer_than_thirty_exits_give_no_model(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, RULES)
    small = build_panel(table_of(tmp_path, site(20, 6, seed=1), mapping), mapping)
    assert small.left_within(1).sum() < 30
    assert fit_risk(small, small.end) is None


def test_nothing_after_the_month_counts(panel: Panel) -> None:
    early = fit_risk(panel, panel.months[0] + 12)
    assert early is not None
    assert early.learned_from.last_month == panel.months[0] + 11  # of the month after, it is not known who leaves


def test_a_saved_model_is_the_same_and_so_is_a_refit(panel: Panel, model: RiskModel, tmp_path: Path) -> None:
    save_risk(model, tmp_path / "model")
    loaded = load_risk(tmp_path / "model")
    again = fit_risk(panel, panel.end)
    assert again is not None
    for horizon, chances in model.predict(panel.features).items():
        assert np.abs(loaded.predict(panel.features)[horizon] - chances).max() < 1e-12
        assert np.abs(again.predict(panel.features)[horizon] - chances).max() < 1e-9
    assert loaded.version == model.version == again.version
    assert loaded.closed == model.closed


@pytest.mark.parametrize("change", ["inputs", "column", "kind", "cut", "foreign", "none"])
def test_a_folder_that_was_changed_is_refused(model: RiskModel, tmp_path: Path, change: str) -> None:
    save_risk(model, tmp_path)
    path = tmp_path / "model.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    if change == "inputs":
        document["inputs"]["age"] = "number"
    if change == "column":
        document["hazards"]["1"]["encoder"]["columns"][0]["feature"] = "age"
    if change == "kind":
        document["kind"] = "pickle"
    text = json.dumps(document)
    path.write_text({"cut": text[:200], "foreign": "[]"}.get(change, text), encoding="utf-8")
    if change == "none":
        path.unlink()
    with pytest.raises(InputError, match="no risk model") as caught:
        load_risk(tmp_path)
    assert caught.value.file == str(path)


def test_other_inputs_are_refused(panel: Panel, model: RiskModel) -> None:
    words = Features(
        numbers={"workload": panel.features.numbers["workload"]},
        categories={"trend": np.array(["up"] * len(panel.month), object)},
        groups=panel.features.groups,
    )
    with pytest.raises(InputError, match="the input trend as number, the data as category"):
        model.predict(words)


def test_reasons_are_groups_that_raise_the_risk(panel: Panel, model: RiskModel) -> None:
    high = int(np.argmax(panel.features.numbers["workload"]))
    low = int(np.argmin(panel.features.numbers["workload"]))
    reasons = model.reasons(panel.features)
    assert reasons[high][0][0] == "workload"
    assert "workload" not in dict(reasons[low])
    for row in reasons:
        assert list(row) == sorted(row, key=lambda reason: -reason[1])
        assert all(value >= 0.05 for _, value in row)


@pytest.fixture(scope="module")
def bent(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """A large site where people leave when the workload is far from the usual, up or down: no line sees that."""
    random = np.random.default_rng(5)
    people, months = 2500, 8
    lines = ["id,month,left,workload"]
    for person in range(people):
        for month in range(months):
            workload = random.normal() * 1.5
            lines.append(f"P{person},{2024 + month // 12}-{month % 12 + 1:02d},,{workload:.3f}")
            if random.random() < (0.15 if abs(workload) > 2 else 0.01):
                after = month + 1
                lines.append(f"P{person},{2024 + after // 12}-{after % 12 + 1:02d},yes,")
                break
    folder = tmp_path_factory.mktemp("bent")
    mapping = mapping_of(folder, "workload: {column: workload, group: workload}")
    return build_panel(table_of(folder, lines, mapping), mapping)


def test_trees_win_only_where_they_are_provably_better(
    bent: Panel, panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fit_risk(bent, bent.end)
    assert model is not None
    assert model.comparisons[1].is_better
    assert set(model.boosted) <= set(model.comparisons)
    save_risk(model, tmp_path)
    loaded = load_risk(tmp_path)
    for horizon, chances in model.predict(bent.features).items():
        assert np.abs(loaded.predict(bent.features)[horizon] - chances).max() < 1e-12
    # A straight line is what the other site was made of: with the gate lowered, trees are tried there and lose.
    monkeypatch.setattr(challenger, "EXITS_MIN", 60)
    tried = challenge(panel, panel.end, 1, 0.1)
    assert tried is not None
    assert not tried[1].is_better


def test_few_exits_are_no_place_for_trees(panel: Panel, model: RiskModel) -> None:
    assert model.learned_from.exits < 500
    assert challenge(panel, panel.end, 1, 0.1) is None
    assert model.comparisons == {}


def test_an_unlisted_type_is_refused(bent: Panel, model: RiskModel, tmp_path: Path) -> None:
    path = tmp_path / "boosted-1.skops"
    encoder = model.hazards[1].encoder
    skops_io.dump({"trees": LogisticRegression(), "code": np.vectorize(len)}, path)
    with pytest.raises(InputError, match="no risk model"):
        challenger.load_trees(path, encoder)
    path.write_bytes(b"not a zip file")
    with pytest.raises(InputError, match="no risk model"):
        challenger.load_trees(path, encoder)
    known = bent.is_known(1)
    trees = fit_boosted(bent.features.rows(known), bent.left_within(1)[known])
    challenger.save_trees(trees, path)
    with pytest.raises(InputError, match="other inputs"):  # trees over one column, an encoder of two
        challenger.load_trees(path, encoder)
