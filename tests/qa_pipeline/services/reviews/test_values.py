"""Reviews beside the machine, out of a real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review import Review, Selection, Verdict
from qa_pipeline.services.reviews import effective_contacts, reviewed_values
from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE
from tests.factories import contact, finding, inspection, score, scorecard

CARD = scorecard()
NEWER = replace(CARD, version=2, digest="1" * 64)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store."""
    opened = open_store(f"sqlite:///{tmp_path / 'reviews.db'}", ZONE)
    yield opened
    opened.close()


def a_review(contact_id: str, reviewer: str = "lin", **changes: Any) -> Review:
    said = Review(
        contact_id=contact_id,
        scorecard_id=CARD.id,
        scorecard_version=1,
        reviewer=reviewer,
        points=72.0,
        selection=Selection.RANDOM,
        inclusion_probability=0.25,
        reviewed_at=datetime(2026, 11, 2, tzinfo=UTC),
        source="test",
        fingerprint=f"{contact_id}{reviewer}".ljust(64, "0"),
    )
    return replace(said, **changes)


def fill(store: Store, *reviews: Review) -> None:
    with store.transaction() as tx:
        for contact_id, version in (("C-1", 1), ("C-2", 2), ("C-3", 1)):
            tx.contacts.put(contact(contact_id))
            judged = inspection(
                contact_id,
                scorecard_version=version,
                fingerprint=contact_id.ljust(64, "0"),
                findings=(finding("greeting", Outcome.MET), finding("empathy", Outcome.NOT_MET)),
                score=score(80.0),
            )
            tx.inspections.add(judged, "run")
        tx.contacts.put(contact("C-9", agent_id=None))
        for said in reviews:
            tx.reviews.add(said)


def test_each_review_in_force_stands_beside_the_machine(kept: Store) -> None:
    verdicts = (Verdict(criterion_id="greeting", outcome=Outcome.NOT_MET),)
    fill(
        kept,
        a_review("C-1", attitude_value=4.0),
        a_review("C-1", "chen", verdicts=verdicts, points=None, selection=Selection.RISK, inclusion_probability=None),
    )
    with kept.reading() as tx:
        found = reviewed_values(tx, "2026-10", [CARD])
        assert reviewed_values(tx, "2026-09", [CARD]).compared == ()
    by_reviewer = {one.reviewer: one for one in found.compared}
    one, two = by_reviewer["lin"], by_reviewer["chen"]
    assert (one.contact_id, one.agent_id, one.selection, one.targeted) == ("C-1", "A01", Selection.RANDOM, False)
    assert one.inclusion_probability == 0.25
    assert one.machine == {"points": 80.0, "passed": 1.0, "script": 0.9, "attitude": 4.2}
    # The findings carry no script criterion, so the reviewer's share of it is unknown; 72 is below 80 to pass.
    assert one.reviewed == {"points": 72.0, "passed": 0.0, "attitude": 4.0}
    assert (two.targeted, two.inclusion_probability) == (True, None)
    assert two.verdicts == {"greeting": Outcome.NOT_MET}
    assert two.machine_outcomes["empathy"] is Outcome.NOT_MET
    assert two.machine_outcomes["closing"] is Outcome.UNDETERMINED
    assert found.left_out == ()


def test_reviews_that_cannot_be_compared_are_named_with_the_reason(kept: Store) -> None:
    fill(
        kept,
        a_review("C-1", scorecard_version=7),
        a_review("C-2"),
        a_review("C-3", scorecard_id="other-card"),
        a_review("C-9"),
    )
    other = replace(CARD, id="other-card")
    with kept.reading() as tx:
        found = reviewed_values(tx, None, [CARD, NEWER, other])
        gone = reviewed_values(tx, None, [NEWER])
    assert found.compared == ()
    assert [(one.review.contact_id, one.reason.message.format(**one.reason.params)) for one in found.left_out] == [
        ("C-1", "The scorecard zh-telephone@7 is not at hand any more."),
        (
            "C-2",
            "Reviewed by zh-telephone@1, inspected by zh-telephone@2: nothing that was judged asks the same in both.",
        ),
        (
            "C-3",
            "Reviewed by the scorecard other-card@1, inspected by zh-telephone@1: two different cards.",
        ),
        ("C-9", "The machine has not inspected the contact."),
    ]
    assert len(gone.left_out) == 4


def test_verdicts_by_an_older_version_are_compared_where_the_criterion_is_the_same(kept: Store) -> None:
    verdicts = (Verdict(criterion_id="greeting", outcome=Outcome.NOT_MET),)
    fill(kept, a_review("C-2", verdicts=verdicts, points=None))
    with kept.reading() as tx:
        (one,) = reviewed_values(tx, "2026-10", [CARD, NEWER]).compared
    assert (one.card.version, one.review.scorecard_version) == (2, 1)
    assert one.verdicts == {"greeting": Outcome.NOT_MET}
    assert one.machine_outcomes["greeting"] is Outcome.MET


def test_what_counts_of_reviewed_contacts(kept: Store) -> None:
    fill(kept, a_review("C-1"), a_review("C-1", "chen", points=90.0, selection=Selection.DOUBLE), a_review("C-9"))
    with kept.reading() as tx:
        found = effective_contacts(tx, "2026-10", [CARD])
        assert effective_contacts(tx, "2026-10", [CARD], agent_id="A02") == {}
        assert list(effective_contacts(tx, None, [CARD], contact_id="C-1")) == ["C-1"]
    # C-3 has no review and C-9 no inspection.
    assert list(found) == ["C-1"]
    assert found["C-1"].effective.values["points"] == 72.0
    assert found["C-1"].effective.reviewers == ("chen", "lin")
