"""Indicators from inspections: means, moderated spreads, worst contacts first."""

from __future__ import annotations

import math

import pytest

from qa_pipeline.appraisal.inspected import JudgedContact, judge, summarise
from tests.factories import contact, inspection, score


def pair(
    contact_id: str, agent_id: str | None, points: float | None, script: float | None = 0.9, rater: str = "machine"
) -> JudgedContact:
    return judge(
        contact(contact_id, agent_id=agent_id),
        inspection(contact_id, score=score(points), script_ratio=script, rater=rater),
    )


def test_values_counts_and_worst_first() -> None:
    found = summarise(
        [
            pair("c1", "A1", 90.0),
            pair("c2", "A1", 60.0, script=0.5),
            pair("c3", "A1", None, script=None),
            pair("c4", "A1", 70.0, script=0.7, rater="qa-7"),
            pair("c5", None, 10.0),
        ]
    )
    one = found["A1"]
    assert set(found) == {"A1"}
    assert (one.contact_count, one.scored_count, one.review_count) == (4, 3, 1)
    # (90 + 60 + 70) / 3; (.9 + .5 + .7) / 3; one of three reaches 80 points
    assert one.measures["points"].value == pytest.approx(73.3333, abs=1e-4)
    assert one.measures["script"].value == pytest.approx(0.7)
    assert one.measures["passed"].value == pytest.approx(1 / 3)
    assert one.measures["points"].contacts == ("c2", "c4", "c1")
    # Both failed ones first, the one with fewer points before the other.
    assert one.measures["passed"].contacts == ("c2", "c4", "c1")
    assert one.measures["attitude"].n == 4
    # Wilson's, of one in three: sqrt(.2222 / 3 + 3.841459 / 36) / (1 + 3.841459 / 3) = .425184 / 2.280486
    assert one.measures["passed"].se == pytest.approx(0.186445, abs=1e-5)


def test_the_spread_leans_on_the_team() -> None:
    found = summarise(
        [
            *(pair(f"a{n}", "A1", 80.0) for n in range(3)),
            *(pair(f"b{n}", "A2", points) for n, points in enumerate((70.0, 80.0, 90.0))),
        ]
    )
    # Pooled: (0 x 2 + 100 x 2) / 4 = 50.
    # A1: (4 x 50 + 2 x 0) / (4 + 2) = 33.333; A2: (4 x 50 + 2 x 100) / 6 = 66.667
    # Each over three contacts.
    assert found["A1"].measures["points"].se == pytest.approx(math.sqrt(100 / 3 / 3))
    assert found["A2"].measures["points"].se == pytest.approx(math.sqrt(200 / 3 / 3))


def test_single_contacts_everywhere_give_no_spread() -> None:
    found = summarise([pair("c1", "A1", 80.0), pair("c2", "A2", 60.0)])
    assert found["A1"].measures["points"].se is None


def test_the_order_of_contacts_changes_nothing() -> None:
    pairs = [pair(f"c{n}", f"A{n % 2}", 60.0 + n) for n in range(8)]
    assert summarise(pairs) == summarise(pairs[::-1])
