"""Reviews folded over an inspection."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review import Review, Selection, Verdict
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.scoring.effective import carried, effective, judged_by, machine_values
from tests.factories import finding, inspection, scorecard

CARD = scorecard()
NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)
# Weights 10, 10, 20, 20, 10 and a red line without weight; the machine finds half of the 70 points of weight.
MACHINE = inspection(
    findings=(
        finding("greeting", Outcome.MET),
        finding("identity_check", Outcome.NOT_MET),
        finding("need_confirmed", Outcome.MET),
        finding("empathy", Outcome.NOT_MET),
        finding("closing", Outcome.PARTLY_MET),
        finding("no_abuse", Outcome.MET),
    ),
    attitude_value=3.0,
)


def review(*verdicts: tuple[str, Outcome], hours: int = 0, reviewer: str = "lin", **changes: Any) -> Review:
    said = Review(
        contact_id="C-001",
        scorecard_id=CARD.id,
        scorecard_version=CARD.version,
        reviewer=reviewer,
        verdicts=tuple(Verdict(criterion_id=key, outcome=outcome) for key, outcome in verdicts),
        selection=Selection.RANDOM,
        reviewed_at=NOON + timedelta(hours=hours),
        source="test",
        fingerprint="0" * 64,
    )
    return replace(said, **changes)


def test_without_reviews_the_machine_counts() -> None:
    found = effective(MACHINE, (), CARD)
    # 10 + 20 + half of 10 of 70.
    assert found.points == pytest.approx(100 * 35 / 70)
    assert (found.reviewers, found.attitude_value, found.passed) == ((), 3.0, False)
    assert machine_values(inspection()) == {"points": 85.0, "passed": 1.0, "script": 0.9, "attitude": 4.2}


def test_a_verdict_replaces_the_machine_and_the_last_word_counts() -> None:
    first = review(("empathy", Outcome.MET), ("identity_check", Outcome.MET))
    second = review(("identity_check", Outcome.NOT_MET), hours=1, reviewer="chen", attitude_value=4.5)
    found = effective(MACHINE, (second, first), CARD)
    # Empathy adds 20; the second reviewer took the identity check back.
    assert found.points == pytest.approx(100 * 55 / 70)
    assert (found.reviewers, found.attitude_value) == (("lin", "chen"), 4.5)


def test_a_total_counts_until_verdicts_follow() -> None:
    total = review(points=91.0)
    assert effective(MACHINE, (total,), CARD).points == 91.0
    assert effective(MACHINE, (total,), CARD).passed is True
    only_attitude = review(hours=1, attitude_value=2.0)
    assert effective(MACHINE, (total, only_attitude), CARD).points == 91.0
    later = review(("empathy", Outcome.MET), hours=2)
    assert effective(MACHINE, (total, later), CARD).points == pytest.approx(100 * 55 / 70)
    assert effective(MACHINE, (review(points=0.0),), CARD).points == 0.0


def test_measuring_reviewers_does_not_overrule_a_review_and_an_appeal_overrules_all() -> None:
    random = review(points=60.0)
    double = review(hours=5, points=70.0, selection=Selection.DOUBLE, reviewer="chen")
    appeal = review(hours=-5, points=80.0, selection=Selection.APPEAL, reviewer="wu")
    assert effective(MACHINE, (random, double), CARD).points == 60.0
    assert effective(MACHINE, (double,), CARD).points == 70.0
    assert effective(MACHINE, (random, double, appeal), CARD).points == 80.0


def test_a_blind_reviewer_alone_says_nothing_on_what_was_not_judged() -> None:
    verdicts = (("greeting", Outcome.MET), ("need_confirmed", Outcome.MET), ("empathy", Outcome.NOT_MET))
    # 30 of the 50 judged; 50 of 70 is above the card's least coverage of one half.
    assert judged_by(MACHINE, review(*verdicts, blind=True), CARD).points == pytest.approx(60.0)
    # Not blind: identity check not met and closing partly met are the machine's, 35 of 70.
    assert judged_by(MACHINE, review(*verdicts), CARD).points == pytest.approx(50.0)
    assert judged_by(MACHINE, review(*verdicts[:1], blind=True), CARD).points is None
    # A total alone confirms no finding.
    total = judged_by(MACHINE, review(points=88.0), CARD)
    assert (total.findings, total.values) == ((), {"points": 88.0, "passed": 1.0})


def newer_card() -> Scorecard:
    """Version 2 asks something else under the id empathy, and weighs the greeting double."""
    sections = tuple(
        replace(
            section,
            criteria=tuple(
                replace(item, check=replace(item.check, params={"any": ["抱歉"]}))
                if item.id == "empathy"
                else replace(item, weight=20.0 if item.id == "greeting" else item.weight)
                for item in section.criteria
            ),
        )
        for section in CARD.sections
    )
    return replace(CARD, version=2, sections=sections)


def test_a_review_by_another_version_keeps_the_verdicts_on_what_asks_the_same() -> None:
    said = review(("greeting", Outcome.NOT_MET), ("empathy", Outcome.MET), points=77.0, attitude_value=4.0)
    found = carried(said, CARD, newer_card())
    assert found is not None
    assert [verdict.criterion_id for verdict in found.verdicts] == ["greeting"]
    assert (found.points, found.attitude_value) == (None, 4.0)
    assert carried(said, CARD, CARD) is said
    assert carried(review(points=77.0), CARD, newer_card()) is None
    assert carried(review(("empathy", Outcome.MET)), CARD, newer_card()) is None


def test_who_reviewed_by_another_version_has_not_agreed_with_these_findings() -> None:
    said = carried(review(("greeting", Outcome.NOT_MET)), CARD, newer_card())
    assert said is not None
    by_two = replace(MACHINE, scorecard_version=2)
    # The greeting alone is 20 of 80, too little for a total of the reviewer's own ...
    assert judged_by(by_two, said, newer_card()).points is None
    # ... and changes the one that counts: need 20 and half of the closing of 80.
    assert effective(by_two, (said,), newer_card()).points == pytest.approx(100 * 25 / 80)


OUTCOMES = st.sampled_from(list(Outcome))
VERDICTS = st.dictionaries(st.sampled_from([item.id for item in CARD.criteria]), OUTCOMES, max_size=6)


@given(st.lists(VERDICTS, max_size=4))
def test_each_criterion_has_the_outcome_of_its_last_verdict(said: list[dict[str, Outcome]]) -> None:
    reviews = [review(*verdicts.items(), hours=place) for place, verdicts in enumerate(said)]
    expected = {item.criterion_id: item.outcome for item in MACHINE.findings}
    for verdicts in said:
        expected |= verdicts
    found = effective(MACHINE, reversed(reviews), CARD)
    assert {item.criterion_id: item.outcome for item in found.findings} == expected
    # Folding the same reviews twice changes nothing.
    assert effective(MACHINE, [*reviews, *reviews], CARD).points == found.points
