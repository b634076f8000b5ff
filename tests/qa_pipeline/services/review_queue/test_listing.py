"""The order of the queue, who sees what of it, and why."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa_pipeline.access import Reach
from qa_pipeline.domain.inspection import Flag, Outcome
from qa_pipeline.domain.review import Selection
from qa_pipeline.domain.review_queue import ClaimPurpose
from qa_pipeline.services.review_queue.listing import QueueEntry, list_queue, order_key
from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE
from tests.qa_pipeline.services.review_queue.site import (
    CARD,
    MET,
    NOT,
    NOW,
    add,
    draw,
    give,
    look_at,
    queue,
    start,
    view,
)


def entry(store: Store, contact_id: str, person: str = "li") -> QueueEntry:
    with store.reading() as tx:
        page = list_queue(tx, view(person), [CARD], offset=0, limit=50)
    return next(one for one in page.entries if one.candidate.contact_id == contact_id)


def test_risk_comes_first_then_doubt_and_quiet_contacts_wait_for_nobody(store: Store) -> None:
    start(store)
    with store.transaction() as tx:
        add(tx, "quiet")
        add(tx, "open", outcomes={"greeting": Outcome.UNDETERMINED})
        add(tx, "low", Flag.LOW_SCORE, points=60.0)
        add(tx, "angry", Flag.ANGRY_CUSTOMER)
        add(tx, "red", Flag.RED_LINE, points=0.0)
        add(tx, "drawn", Flag.RED_LINE, points=0.0)
        draw(tx, "S2026-10-1", Selection.RANDOM, ["drawn"])
    # Red line 8, drawn 5 (what was found on it adds nothing), angry 4, low 2.8, undetermined 0.2.
    assert queue(store, view()) == ["red", "drawn", "angry", "low", "open"]


def test_what_was_drawn_says_how_and_tells_nothing_of_what_was_found(store: Store) -> None:
    start(store)
    with store.transaction() as tx:
        add(tx, "drawn", Flag.RED_LINE, points=0.0)
        add(tx, "risky", Flag.RED_LINE, points=0.0)
        draw(tx, "S2026-10-1", Selection.RANDOM, ["drawn"], chance=0.125)
        draw(tx, "S2026-10-2", Selection.RISK, ["risky"], chance=0.5)
    drawn, risky = entry(store, "drawn"), entry(store, "risky")
    assert (drawn.candidate.selection, drawn.inclusion_probability, drawn.blind) == (Selection.RANDOM, 0.125, True)
    assert [reason.message for reason in drawn.reasons] == [
        "Drawn in the sample {sample}.",
        "Random reviews of the agent in this month: {count}.",
    ]
    # By risk: the reviewer sees what was found, and the chance is kept all the same. 8 for the red line, 5 as drawn.
    assert (risky.candidate.selection, risky.inclusion_probability, risky.blind) == (Selection.RISK, 0.5, False)
    assert risky.candidate.points == 13
    assert risky.reasons[0].message == "A red line was crossed."
    with store.transaction() as tx:
        look_at(tx, "li", "drawn")
    assert not entry(store, "drawn").blind  # who has looked cannot review blind any more
    assert entry(store, "drawn", "wang").blind


def test_among_equals_the_agent_with_the_fewest_random_reviews_comes_first(store: Store) -> None:
    start(store)
    with store.transaction() as tx:
        for number, agent in enumerate(("A01", "A01", "A02")):
            add(tx, f"angry-{number}", Flag.ANGRY_CUSTOMER, agent_id=agent)
        add(tx, "done", agent_id="A01")
        draw(tx, "S2026-10-1", Selection.RANDOM, ["done"])
        give(tx, "wang", "done", {"greeting": MET})
    # A02 has none of this month, A01 one; of A01's two contacts of one moment the id decides.
    assert queue(store, view()) == ["angry-2", "angry-0", "angry-1"]
    assert entry(store, "angry-0").reasons[-1].params == {"count": 1}


def test_a_second_look_waits_for_somebody_else_with_both_chances(store: Store) -> None:
    start(store)
    with store.transaction() as tx:
        add(tx, "twice")
        draw(tx, "S2026-10-1", Selection.RANDOM, ["twice"], chance=0.25)
        draw(tx, "S2026-10-2", Selection.DOUBLE, ["twice"], chance=0.5)
    assert entry(store, "twice").candidate.purpose is ClaimPurpose.FIRST
    with store.transaction() as tx:
        give(tx, "wang", "twice", {"greeting": MET})
    assert queue(store, view("wang")) == []
    found = entry(store, "twice")
    assert (found.candidate.purpose, found.candidate.selection) == (ClaimPurpose.DOUBLE, Selection.DOUBLE)
    # Drawn into the first sample with 1/4, out of it with 1/2.
    assert (found.inclusion_probability, found.blind) == (0.125, True)


def test_reach_own_contacts_reviewed_ones_and_old_ones(store: Store) -> None:
    start(store)
    with store.transaction() as tx:
        for contact_id, team, agent, days in (
            ("mine", "一组", "A01", 1),
            ("team", "一组", "A02", 1),
            ("other", "二组", "A05", 1),
            ("old", "一组", "A02", 70),
            ("reviewed", "一组", "A02", 1),
        ):
            started_at = NOW - timedelta(days=days)
            add(tx, contact_id, Flag.RED_LINE, points=0.0, team=team, agent_id=agent, started_at=started_at)
        give(tx, "wang", "reviewed", {"no_abuse": NOT})
    assert queue(store, view()) == ["mine", "other", "team"]
    assert queue(store, view("A01")) == ["other", "team"]
    assert queue(store, view("a01 ", Reach(teams=frozenset({"一组"})))) == ["team"]
    assert queue(store, view(reach=Reach())) == []
    assert queue(store, view(period="2026-09")) == []


def test_the_newest_inspection_decides(store: Store) -> None:
    start(store)
    with store.transaction() as tx:
        add(tx, "red", Flag.RED_LINE, points=0.0)
        newer = tx.inspections.find("red")
        assert newer is not None
        tx.inspections.add(replace(newer, flags=(), fingerprint="9" * 64), "run", pass_points=80.0)
    assert queue(store, view()) == []


CONTACTS = st.lists(
    st.tuples(
        st.lists(st.sampled_from([Flag.RED_LINE, Flag.ANGRY_CUSTOMER, Flag.ABSTAINED]), unique=True),
        st.sampled_from(["A01", "A02", "A03"]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from(["", "random", "risk"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contacts=CONTACTS, size=st.integers(1, 5))
def test_the_order_is_total_stable_and_explained(
    contacts: list[tuple[list[Flag], str, int | None, str, bool]], size: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'queue.db'}", ZONE)
        start(store)
        drawn: dict[str, list[str]] = {"random": [], "risk": []}
        with store.transaction() as tx:
            for number, (flags, agent, days, kind, reviewed) in enumerate(contacts):
                started_at = None if days is None else NOW - timedelta(days=days)
                add(tx, f"c{number:02d}", *flags, agent_id=agent, started_at=started_at)
                if kind:
                    drawn[kind].append(f"c{number:02d}")
                if reviewed:
                    give(tx, "wang", f"c{number:02d}", {"greeting": MET}, now=NOW - timedelta(days=9))
            for number, (kind, ids) in enumerate(drawn.items()):
                if ids:
                    draw(tx, f"S2026-10-{number}", Selection(kind), ids)
        with store.reading() as tx:
            whole = list_queue(tx, view(), [CARD], offset=0, limit=100)
            again = list_queue(tx, view(), [CARD], offset=0, limit=100)
            pages = [
                list_queue(tx, view(), [CARD], offset=offset, limit=size)
                for offset in range(0, len(contacts) + size, size)
            ]
        store.close()
    keys = [order_key(one.candidate) for one in whole.entries]
    assert keys == sorted(keys) and len(set(keys)) == len(keys)
    assert again == whole
    # Read page by page it is the same list, each contact once.
    assert [one for page in pages for one in page.entries] == list(whole.entries)
    assert {page.total for page in pages} == {len(whole.entries)}
    assert all(one.reasons for one in whole.entries)
    assert all(one.blind <= (not one.candidate.selection.is_targeted) for one in whole.entries)
