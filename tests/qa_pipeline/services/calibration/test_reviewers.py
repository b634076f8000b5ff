"""Severity, sessions and drift over the store's reviews."""

from __future__ import annotations

from math import comb

import pytest

from qa_pipeline.domain.review import Selection
from qa_pipeline.errors import NotFound
from qa_pipeline.services.calibration.drift import measure_period_drift
from qa_pipeline.services.calibration.holds import hold_criterion
from qa_pipeline.services.calibration.months import months_up_to
from qa_pipeline.services.calibration.severity import mean_spread, measure_reviewers
from qa_pipeline.store import Store
from tests.qa_pipeline.services.calibration.site import (
    CARD,
    CRITERION,
    MET,
    NOT,
    add_contact,
    add_points,
    add_review,
    day,
    start,
)


def test_a_strict_reviewer_is_found_in_a_simulated_site(store: Store) -> None:
    start(store)
    # Li gives 8 less than the three others: 6 below the mean of all four.
    add_points(store, seed=4, severity={"li": -8.0}, shared=5)
    found = measure_reviewers(store, "2026-10", [CARD], 6)
    assert found.panel is not None
    by_name = {found.names[each.reviewer]: each for each in found.panel.reviewers}
    low, high = by_name["li"].ci95
    assert low < -6 < high < 0
    assert all(by_name[name].ci95[1] > 0 for name in ("chen", "wang", "zhao"))
    assert by_name["li"].shared_count == 5
    assert len(found.sessions) == 5
    assert {each.furthest for each in found.sessions} & {"li"}


def test_a_session_says_who_differs_and_on_what(store: Store) -> None:
    start(store)
    with store.transaction() as tx:
        add_contact(tx, "C-1", {CRITERION: MET})
        for name, said, points in (("li", MET, 80.0), ("wang", MET, 84.0), ("zhao", NOT, 58.0)):
            add_review(tx, "C-1", name, {CRITERION: said}, points=points, selection=Selection.CALIBRATION)
    found = measure_reviewers(store, "2026-10", [CARD], 6)
    assert found.panel is None  # three reviews tell of nobody
    (session,) = found.sessions
    # Mean 74, deviations 6, 10, -16: (36 + 100 + 256) / 2 = 196. Zhao: 58 against (80 + 84) / 2 = 82.
    assert session.sd == pytest.approx(14.0)
    assert (session.furthest, session.furthest_points) == ("zhao", pytest.approx(-24.0))
    assert [(one.criterion_id, one.outcomes["zhao"]) for one in session.splits] == [(CRITERION, NOT)]
    assert mean_spread(found.sessions) == pytest.approx(14.0)
    assert mean_spread(()) is None


def test_drift_sets_the_last_month_against_those_before(store: Store) -> None:
    start(store)
    with store.transaction() as tx:
        for month, wrong_count in (("2026-08", 1), ("2026-09", 2), ("2026-10", 9)):
            for number in range(20):
                contact_id = f"{month}-{number}"
                add_contact(tx, contact_id, {CRITERION: MET}, on=f"{month}-03")
                add_review(tx, contact_id, "li", {CRITERION: NOT if number < wrong_count else MET}, on=f"{month}-20")
    (found,) = measure_period_drift(store, "2026-10", [CARD], 3).criteria
    # 9 of 20 against 3 of 40. Fisher: all 12 wrong ones given, 9 or more of them fall among the 20.
    assert found.drift.p == pytest.approx(sum(comb(20, k) * comb(40, 12 - k) for k in range(9, 13)) / comb(60, 12))
    assert found.should_be_held
    assert [(one.month, one.wrong_count, one.gap) for one in found.drift.months] == [
        ("2026-08", 1, pytest.approx(0.05)),
        ("2026-09", 2, pytest.approx(0.1)),
        ("2026-10", 9, pytest.approx(0.45)),
    ]
    with store.transaction() as tx:
        hold_criterion(tx, CARD.id, CRITERION, by="Chen", reason="drift", at=day("2026-11-01"))
    (held,) = measure_period_drift(store, "2026-10", [CARD], 3).criteria
    assert (held.drift.has_drifted, held.on_hold, held.should_be_held) == (True, True, False)
    # August alone has nothing before it.
    (first,) = measure_period_drift(store, "2026-08", [CARD], 3).criteria
    assert first.drift.p is None


def test_months_up_to_a_period() -> None:
    assert months_up_to("2026-02", 3) == ("2025-12", "2026-01", "2026-02")
    assert months_up_to("2026-Q1", 2) == ("2026-01", "2026-02", "2026-03")
    assert len(months_up_to("2026", 6)) == 12


def test_reviews_without_points_tell_of_no_severity(store: Store) -> None:
    start(store)
    with store.transaction() as tx:
        add_contact(tx, "C-1", {CRITERION: MET}, points=None)
        add_review(tx, "C-1", "li", {CRITERION: MET})
    with pytest.raises(NotFound):
        measure_reviewers(store, "2026-10", [CARD], 6)
