"""Samples are kept whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from qa_pipeline.domain.review import Sample, SampledContact, Selection
from qa_pipeline.errors import NotFound
from qa_pipeline.store import Store
from tests.factories import contact

SAMPLE = Sample(
    id="2026-10-random-1",
    period="2026-10",
    selection=Selection.RANDOM,
    seed=42,
    plan=(("per_agent", "3"),),
    filters=(("not_inspected", 2),),
    frame_count=2,
    frame_digest="0" * 64,
    contacts=(
        SampledContact(contact_id="C-1", agent_id="A01", inclusion_probability=0.5),
        SampledContact(contact_id="C-2", agent_id="A02", inclusion_probability=1.0),
    ),
    drawn_by="lin",
    drawn_at=datetime(2026, 11, 2, tzinfo=UTC),
)


def test_samples_round_trip(store: Store) -> None:
    empty = replace(
        SAMPLE,
        id="2026-10-risk-1",
        selection=Selection.RISK,
        contacts=(),
        drawn_at=SAMPLE.drawn_at - timedelta(hours=1),
    )
    with store.transaction() as tx:
        tx.contacts.put(contact("C-1"))
        tx.contacts.put(contact("C-2", agent_id="A02"))
        tx.samples.add(SAMPLE)
        tx.samples.add(empty)
    with store.reading() as tx:
        assert tx.samples.get(SAMPLE.id) == SAMPLE
        assert tx.samples.list("2026-10") == [empty, SAMPLE]
        assert tx.samples.list("2026-09") == []
        assert tx.samples.of_contact("C-1") == {SAMPLE.id: 0.5}
        assert tx.samples.of_contact("C-3") == {}
        with pytest.raises(NotFound, match="no sample"):
            tx.samples.get("nothing")
