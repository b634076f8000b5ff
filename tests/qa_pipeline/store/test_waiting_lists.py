"""Waiting lists as they were drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from qa_pipeline.domain.waiting_list import WaitingList
from qa_pipeline.errors import NotFound
from qa_pipeline.store import Store

DRAWN = WaitingList(
    id="wait-1",
    name="Says the name",
    selected_period="2026-10",
    first_from="2026-11",
    second_from="2027-03",
    seed=(1 << 53) - 1,  # the largest that is drawn
    drawn_by="chen",
    drawn_at=datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
    first=("A01", "A03"),
    second=("A02",),
)


def test_lists_come_back_as_they_were_drawn_the_last_first(store: Store) -> None:
    later = replace(DRAWN, id="wait-2", drawn_at=DRAWN.drawn_at + timedelta(days=1), first=("A02", "A03"), second=())
    with store.transaction() as tx:
        tx.waiting_lists.add(DRAWN)
        tx.waiting_lists.add(later)
    with store.reading() as tx:
        assert list(tx.waiting_lists.list()) == [later, DRAWN]
        assert tx.waiting_lists.get("wait-1") == DRAWN
        with pytest.raises(NotFound, match="wait-3"):
            tx.waiting_lists.get("wait-3")
