"""Fitting and scoring a site: gates, the checklist, and nothing shown that the gate hides."""

from __future__ import annotations

from datetime import date, timedelta
from math import isnan
from pathlib import Path

import pytest

from coaching.risk.checklist import complete_checklist, proof_of, withdraw_checklist
from coaching.risk.history import read_history
from coaching.risk.personnel import import_departures, import_figures
from coaching.risk.runs import explain_agent, fit_site, latest_list, read_monitoring, read_own, score_site
from coaching.simulation.centre import CentreSettings, simulate_centre
from coaching.simulation.files import write_centre
from models.attrition.risk_model import load_risk
from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.errors import Conflict, InputError, NotFound
from qa_pipeline.services.assignments_import import import_assignments
from qa_pipeline.store import Store, open_store
from tests.coaching.risk.people import NOW, TERMS, assigned, complete
from tests.conftest import ZONE

FITTED, SCORED = "2026-03", "2026-10"


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seventy posts over twenty months as one database; in the last seven nobody left of their own will."""
    folder = tmp_path_factory.mktemp("centre")
    found = simulate_centre(
        CentreSettings(agents=70, teams=3, months=20, first_month="2025-03", monthly_exit_ratio=0.06, seed=5)
    )
    files = write_centre(found, folder)
    lines = files.departures.read_text().splitlines()
    kept = [line for line in lines[1:] if line.split(",")[1] < "2026-04"]
    files.departures.write_text("\n".join([lines[0], *kept]) + "\n")
    store = open_store(f"sqlite:///{folder / 'centre.db'}", ZONE)
    import_assignments(store, files.assignments, templates=folder)
    import_departures(store, files.departures)
    import_figures(store, files.staff_months)
    with store.transaction() as tx:
        tx.kpis.put_all(
            [
                KpiRecord(indicator="csat", agent_id=agent, period=month, value=float(value), n=30, source="x")
                for agent, values in zip(found.agent_ids, found.kpis["csat"], strict=True)
                for month, value in zip(found.months, values, strict=True)
                if not isnan(value)
            ]
        )
    complete(store)
    store.close()
    return folder / "centre.db"


@pytest.fixture(scope="module")
def site(centre: Path) -> Store:
    return open_store(f"sqlite:///{centre}", ZONE)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def test_a_fit_is_made_again_to_the_last_digit(site: Store, models: Path, tmp_path: Path) -> None:
    first = fit_site(site, models, FITTED, "chen", NOW)
    again = fit_site(site, tmp_path, FITTED, "chen", NOW)
    assert first is not None
    assert again is not None
    assert first.version == again.version
    assert first.exits >= 30
    cards = [(models / first.version / f"card.{language}.md").read_text() for language in ("zh", "en")]
    assert all(first.version in card for card in cards)
    with site.reading() as tx:
        features = read_history(tx, FITTED).panel.features
    one, other = (load_risk(folder / first.version).predict(features) for folder in (models, tmp_path))
    for horizon in (1, 2, 3):
        assert abs(one[horizon] - other[horizon]).max() <= 1e-9


def test_scores_are_shown_while_exits_come_as_expected(site: Store, models: Path) -> None:
    run = score_site(site, models, FITTED, TERMS, "chen", NOW)
    assert run.gate in ("open", "too_few_months")
    with site.reading() as tx:
        found = latest_list(tx)
        assert found is not None
        # 500 / (.3 x 20,000)
        assert found.break_even == pytest.approx(0.0833, abs=1e-4)
        above = [one for one in found.predictions if one.probabilities[3] >= found.break_even]
        assert [one.band for one in found.predictions if one.band == "now"] == ["now"] * min(5, len(above))
        ranked = [one.probabilities[3] for one in found.predictions if one.band == "now"]
        assert ranked == sorted(ranked, reverse=True)
        somebody = found.predictions[0].agent_id
        own = read_own(tx, somebody)
        assert own is not None
        assert set(own.reasons) == {reason.group for reason in found.predictions[0].reasons}
        assert explain_agent(tx, somebody)[0][0] == run
        with pytest.raises(NotFound):
            explain_agent(tx, "Nobody")


def test_a_model_that_expects_too_many_exits_is_hidden(site: Store, models: Path) -> None:
    run = score_site(site, models, SCORED, TERMS, "chen", NOW + timedelta(days=200))
    assert run.gate == "hidden"  # it expected several a month, and none came in the last six closed months
    with site.reading() as tx:
        found = latest_list(tx)
        assert found is not None
        assert all(not one.probabilities and one.band == "none" and not one.reasons for one in found.predictions)
        assert any(one.signals for one in found.predictions)  # they need no model
        watched = read_monitoring(tx, models, SCORED)
        assert watched is not None
        assert watched.gate.observed == 0 < watched.gate.predicted
        assert watched.surprises[-1].cumulative < watched.surprises[-1].low


def test_a_month_before_the_model_is_not_scored_by_it(site: Store, models: Path) -> None:
    """The model has learned who left in the months after it."""
    with pytest.raises(InputError, match="knows who left then"):
        score_site(site, models, "2026-02", TERMS, "chen", NOW)
    with site.reading() as tx, pytest.raises(InputError, match="knows who left then"):
        read_monitoring(tx, models, "2026-02")
    for run in (
        lambda: fit_site(site, models, "2026-11", "chen", NOW),
        lambda: score_site(site, models, "2026-11", TERMS, "chen", NOW),
    ):
        with pytest.raises(InputError, match="is not over"):
            run()


def test_a_tiny_site_gets_signals_and_no_probability(store: Store, tmp_path: Path) -> None:
    """One class alone, hardly any people, and figures that are the same in every month."""
    complete(store)
    for agent in ("A1", "A2"):
        assigned(store, agent, date(2026, 1, 1))
    with store.transaction() as tx:
        tx.kpis.put_all(
            [
                KpiRecord(indicator="csat", agent_id=agent, period=f"2026-{month:02d}", value=0.5, n=9, source="x")
                for agent in ("A1", "A2")
                for month in range(1, 11)
            ]
        )
    assert fit_site(store, tmp_path, "2026-10", "chen", NOW) is None
    run = score_site(store, tmp_path, "2026-10", TERMS, "chen", NOW)
    assert (run.model_version, run.gate, run.count) == (None, "", 2)
    with store.reading() as tx:
        found = latest_list(tx)
        assert found is not None
        assert [one.signals for one in found.predictions] == [("low_satisfaction",), ("low_satisfaction",)]
        assert read_monitoring(tx, tmp_path, "2026-10") is None


def test_nothing_runs_or_shows_before_the_checklist(store: Store, tmp_path: Path) -> None:
    assigned(store, "A1", date(2026, 1, 1))
    for run in (
        lambda: fit_site(store, tmp_path, "2026-10", "chen", NOW),
        lambda: score_site(store, tmp_path, "2026-10", TERMS, "chen", NOW),
    ):
        with pytest.raises(Conflict, match="checklist is not complete"):
            run()
    with store.transaction() as tx:
        complete_checklist(
            tx, impact_assessment=proof_of("a.md", b"x" * 300), staff_notice=None, owner="Chen", by="chen", now=NOW
        )
        with pytest.raises(Conflict):  # the notice is still missing
            latest_list(tx)
        with pytest.raises(InputError, match="owner is missing"):
            complete_checklist(tx, impact_assessment=None, staff_notice=None, owner=" ", by="chen", now=NOW)
        complete_checklist(
            tx, impact_assessment=None, staff_notice=proof_of("n.md", b"y" * 300), owner=None, by="chen", now=NOW
        )
        assert latest_list(tx) is None
        assert tx.risk.checklist().owner == "Chen"  # what was there stays
        withdraw_checklist(tx, by="chen", now=NOW)
        with pytest.raises(Conflict):
            latest_list(tx)
        assert read_own(tx, "A1") is None
