"""Reviews are appended; a replaced one is history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from qa_pipeline.domain.review import Review, Selection
from qa_pipeline.store import Store
from tests.factories import contact, inspection, score

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)


def a_review(contact_id: str, fingerprint: str, hours: int = 0, **changes: object) -> Review:
    said = Review(
        contact_id=contact_id,
        scorecard_id="zh-telephone",
        scorecard_version=1,
        reviewer="lin",
        points=70.0,
        selection=Selection.RANDOM,
        reviewed_at=NOON + timedelta(hours=hours),
        source="table.csv",
        fingerprint=fingerprint * 64,
    )
    return replace(said, **changes)


def test_reviews_by_contact_and_time_with_the_newest_inspection(store: Store) -> None:
    later, earlier = a_review("C-1", "a", hours=2), a_review("C-1", "b", reviewer="chen")
    other = a_review("C-2", "c")
    with store.transaction() as tx:
        tx.contacts.put(contact("C-1"))
        tx.contacts.put(contact("C-2", agent_id="A02"))
        tx.inspections.add(inspection("C-1", fingerprint="1" * 64, score=score(50.0)), "run")
        tx.inspections.add(inspection("C-1", fingerprint="2" * 64, score=score(60.0)), "run")
        assert [tx.reviews.add(one) for one in (later, earlier, other)] == [True, True, True]
        assert tx.reviews.add(later) is False
    with store.reading() as tx:
        assert tx.reviews.list(period="2026-10") == [earlier, later, other]
        assert tx.reviews.list(agent_id="A02") == [other]
        assert tx.reviews.list(contact_id="C-1") == [earlier, later]
        assert tx.reviews.list(period="2026-09") == []
        judged = [
            (found.id, judgement.score.points if judgement else None, list(reviews))
            for found, judgement, reviews in tx.reviews.judged(period="2026-10")
        ]
    assert judged == [("C-1", 60.0, [earlier, later]), ("C-2", None, [other])]


def test_a_replaced_review_stays_in_the_history_and_is_replaced_once(store: Store) -> None:
    first = a_review("C-1", "a")
    second = a_review("C-1", "b", hours=1, replaces="a" * 64, points=90.0)
    with store.transaction() as tx:
        tx.contacts.put(contact("C-1"))
        tx.reviews.add(first)
        tx.reviews.add(second)
        assert tx.reviews.list() == [second]
        assert tx.reviews.list(history=True) == [first, second]
    with pytest.raises(IntegrityError), store.transaction() as tx:
        tx.reviews.add(replace(second, fingerprint="c" * 64))
