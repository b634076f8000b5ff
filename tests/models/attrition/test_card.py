"""The card says what the model was learned from and how it did, in either language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.attrition.card import render_card
from models.attrition.challenger import Comparison
from models.attrition.drift import ClosedMonth
from models.attrition.panel import build_panel
from models.attrition.risk_model import RiskModel, fit_risk
from tests.models.attrition.staff import mapping_of, site, table_of


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> RiskModel:
    folder = tmp_path_factory.mktemp("site")
    mapping = mapping_of(folder, "workload: {column: workload, group: workload}\nodd: {column: workload, group: own}")
    panel = build_panel(table_of(folder, site(150, 18, seed=2), mapping), mapping)
    found = fit_risk(panel, panel.end)
    assert found is not None
    return found


def test_what_it_was_learned_from_and_how_it_did(model: RiskModel) -> None:
    months = tuple(ClosedMonth(month=24288 + n, predicted=2.0, variance=1.9, observed=2) for n in range(6))
    told = render_card(replace(model, closed=months), str)
    of = model.learned_from
    assert f"# Model card: attrition risk {replace(model, closed=months).version}" in told
    assert f"{of.people} people, {of.rows} person-months and {of.exits} exits" in told
    assert "| 2024-01 | 2.0 | 2 |" in told
    # 12 predicted, 12 observed; Garwood's limits of 12 are 6.20 and 20.96, so 12 / 20.96 and 12 / 6.20.
    assert "exits of the last 6 months: 1.00 [0.57, 1.94]. Within .8 to 1.25" in told
    assert "- workload and overtime: `workload`" in told
    assert "- own: `odd`" in told  # a group that a site's own mapping names


def test_what_has_no_ratio_says_so(model: RiskModel) -> None:
    quiet = ClosedMonth(month=24288, predicted=0.4, variance=0.4, observed=0)
    assert "none were observed. Fewer than six" in render_card(replace(model, closed=(quiet,)), str)


def test_trees_that_were_tried_are_told(model: RiskModel) -> None:
    lost = Comparison(difference=0.00012, ci95=(-0.0001, 0.0004), months=6)
    told = render_card(replace(model, comparisons={1: lost}), str)
    assert "hazard model: log loss of trees minus hazard 0.00012 [-0.00010, 0.00040], 6 months" in told
    assert "boosted trees" not in told
