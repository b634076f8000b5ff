"""What differs between versions, who may not be drawn consequences on, and days that people are given."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from qa_pipeline.appraisal.consequences import ConsequenceLine, find_no_consequence
from qa_pipeline.appraisal.deadlines import day_after, end_after
from qa_pipeline.appraisal.differences import Change, changes_between, has_own_change
from qa_pipeline.domain.inspection import Reason
from tests.factories import evaluation

LINE = ConsequenceLine(points=70.0, reviews=3)


def test_the_same_figures_are_no_change() -> None:
    one = evaluation("A01", 96.0)
    noted = replace(one, fingerprint="other", notes=(Reason(message="Said."),), total=96.0 + 1e-13)
    assert changes_between(one, noted) == ()


def test_what_moves_with_everybody_is_no_change_of_ones_own() -> None:
    one = evaluation("A01", 96.0)
    moved = replace(one, total=96.3, ci95=(90.0, 102.0), group="above")
    assert changes_between(one, moved) and not has_own_change(one, moved)
    # Half a percent of 96 is .48.
    assert has_own_change(one, replace(one, total=96.5))
    assert has_own_change(one, replace(one, grade="A"))
    assert has_own_change(one, replace(one, n_contacts=13))
    assert has_own_change(one, evaluation("A01", None))


def test_an_item_that_comes_and_one_that_goes() -> None:
    one = evaluation("A01", 96.0)
    performance, *others = one.dimensions
    shorter = replace(performance, items=performance.items[:1])
    gone = changes_between(one, replace(one, dimensions=(shorter, *others)))
    assert {change.indicator for change in gone} == {"average_handle_time"}
    assert Change(indicator="average_handle_time", field="value", before=312.0, after=None) in gone
    come = changes_between(replace(one, dimensions=(shorter, *others)), one)
    assert [(change.field, change.after) for change in come] == [(change.field, change.before) for change in gone]


def test_a_total_that_is_lost_is_a_change() -> None:
    changes = changes_between(evaluation("A01", 96.0), evaluation("A01", None))
    assert changes[0] == Change(indicator=None, field="total", before=96.0, after=None)


@pytest.mark.parametrize(
    ("total", "reviews", "is_held"),
    [(69.9, 2, True), (69.9, 3, False), (70.0, 0, False), (104.0, 0, False), (None, 9, True)],
)
def test_a_low_total_needs_people(total: float | None, reviews: int, is_held: bool) -> None:
    found = find_no_consequence(evaluation("A01", total, n_reviews=reviews), LINE)
    assert (found is not None) == is_held


def test_people_are_not_asked_to_review_what_nobody_judged() -> None:
    # A team lead without contacts of their own: indicators and ratings alone make the total.
    assert find_no_consequence(evaluation("A01", 40.0, n_reviews=0, n_contacts=0), LINE) is None


def test_days_are_those_of_the_site() -> None:
    shanghai, new_york = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
    # 3 November 20:00 UTC is the 4th in Shanghai and the 3rd in New York.
    moment = datetime(2026, 11, 3, 20, tzinfo=UTC)
    assert day_after(moment, 7, shanghai) == date(2026, 11, 11)
    assert day_after(moment, 7, new_york) == date(2026, 11, 10)
    # The 11th ends in Shanghai at 16:00 UTC, the 10th in New York at 05:00 UTC of the 11th.
    assert end_after(moment, 7, shanghai) == datetime(2026, 11, 11, 16, tzinfo=UTC)
    assert end_after(moment, 7, new_york) == datetime(2026, 11, 11, 5, tzinfo=UTC)


def test_a_day_that_lasts_an_hour_longer_counts_to_its_end() -> None:
    # Clocks go back in New York on 1 November 2026: the day ends at 05:00 UTC, no longer at 04:00.
    moment = datetime(2026, 10, 25, 12, tzinfo=UTC)
    assert end_after(moment, 6, ZoneInfo("America/New_York")) == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert end_after(moment, 7, ZoneInfo("America/New_York")) == datetime(2026, 11, 2, 5, tzinfo=UTC)
