"""Taking contacts: one person at a time, for a while, and not one's own."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from qa_pipeline.access import Reach
from qa_pipeline.domain.inspection import Flag
from qa_pipeline.domain.review import Selection
from qa_pipeline.domain.review_queue import Claim, ClaimPurpose
from qa_pipeline.errors import CallqaError, Conflict, NotAllowed, NotFound
from qa_pipeline.services.review_queue.claims import (
    claim_contact,
    claim_next,
    get_claim,
    release_claim,
    renew_claim,
)
from qa_pipeline.store import Store
from tests.qa_pipeline.services.review_queue.site import (
    LEASE,
    MET,
    NOW,
    add,
    draw,
    give,
    look_at,
    queue,
    start,
    view,
)


@pytest.fixture
def site(store: Store) -> Store:
    """Four angry customers, one contact drawn at random, one quiet one."""
    start(store)
    with store.transaction() as tx:
        for number in range(4):
            add(tx, f"angry-{number}", Flag.ANGRY_CUSTOMER)
        add(tx, "drawn")
        add(tx, "quiet")
        draw(tx, "S2026-10-1", Selection.RANDOM, ["drawn"], chance=0.25)
    return store


def take(store: Store, person: str, contact_id: str | None = None, after: timedelta = timedelta(0)) -> Claim:
    with store.transaction() as tx:
        seen_by = view(person, now=NOW + after)
        if contact_id is None:
            return claim_next(tx, seen_by, LEASE)
        return claim_contact(tx, seen_by, contact_id, LEASE)


def test_a_claim_keeps_how_the_contact_was_chosen(site: Store) -> None:
    drawn, risky, own = take(site, "li"), take(site, "li", "angry-0"), take(site, "li", "quiet")
    assert (drawn.contact_id, drawn.selection, drawn.inclusion_probability, drawn.sample_id, drawn.blind) == (
        "drawn",
        Selection.RANDOM,
        0.25,
        "S2026-10-1",
        True,
    )
    assert (risky.selection, risky.inclusion_probability, risky.blind) == (Selection.RISK, None, False)
    # Nothing asked for it: that this person chose it is all there is to say, so it never counts as random.
    assert (own.selection, own.selection.is_targeted) == (Selection.UNKNOWN, True)


def test_a_taken_contact_is_nobody_elses_until_it_is_released_or_the_time_is_over(site: Store) -> None:
    claim = take(site, "li", "angry-0")
    assert take(site, "li", "angry-0") == claim  # again is the same
    assert "angry-0" not in queue(site, view("wang")) and "angry-0" in queue(site, view("li"))
    with pytest.raises(Conflict, match=r"Somebody else is reviewing this contact until 2026-10-20 16:30"):
        take(site, "wang", "angry-0")
    with site.transaction() as tx:
        release_claim(tx, view("li"), claim.id)
    second = take(site, "wang", "angry-0")
    assert take(site, "li", "angry-0", LEASE).claimant == "li"  # it ran out by itself
    with site.reading() as tx, pytest.raises(Conflict, match="has ended"):
        get_claim(tx, view("wang", now=NOW + LEASE), second.id)


def test_a_renewed_claim_lasts_from_then_on_and_only_its_holder_can(site: Store) -> None:
    claim = take(site, "li", "angry-0")
    later = view("li", now=NOW + timedelta(minutes=20))
    with site.transaction() as tx:
        assert renew_claim(tx, later, claim.id, LEASE).expires_at == later.now + LEASE
    with pytest.raises(Conflict):
        take(site, "wang", "angry-0", timedelta(minutes=45))
    for change in (renew_claim, release_claim):
        with site.transaction() as tx, pytest.raises(NotFound):
            change(tx, view("wang"), claim.id, *((LEASE,) if change is renew_claim else ()))


def test_who_may_not_take_what(site: Store) -> None:
    with site.transaction() as tx:
        add(tx, "far", Flag.RED_LINE, team="二组", agent_id="A05")
        near = view("wang", Reach(teams=frozenset({"一组"})))
        with pytest.raises(NotFound):
            claim_contact(tx, near, "far", LEASE)
        with pytest.raises(NotFound):
            claim_contact(tx, near, "gone", LEASE)
        with pytest.raises(NotAllowed, match="your own"):
            claim_contact(tx, view("a01"), "angry-0", LEASE)
    with pytest.raises(NotFound, match="Nothing waits"), site.transaction() as tx:
        claim_next(tx, view("A01", Reach(teams=frozenset({"一组"}))), LEASE)


def test_the_second_review_needs_somebody_else_who_has_seen_nothing(site: Store) -> None:
    with site.transaction() as tx:
        give(tx, "li", "drawn", {"greeting": MET})
        draw(tx, "S2026-10-2", Selection.DOUBLE, ["drawn"], chance=0.5)
        look_at(tx, "chen", "drawn")
    assert take(site, "li", "drawn").purpose is ClaimPurpose.FIRST  # changing the own one is no second review
    with pytest.raises(Conflict, match="second review is blind"):
        take(site, "chen", "drawn")
    claim = take(site, "wang", "drawn")  # beside li's: another purpose
    assert (claim.purpose, claim.blind, claim.inclusion_probability) == (ClaimPurpose.DOUBLE, True, 0.125)
    assert take(site, "chen").contact_id == "angry-0"  # the next one passes over what chen has seen


def test_of_many_who_take_one_contact_exactly_one_gets_it(site: Store) -> None:
    people = [f"p{number}" for number in range(8)]
    together = Barrier(len(people))

    def race(person: str) -> str | None:
        together.wait()
        try:
            return take(site, person, "angry-0").claimant
        except CallqaError as problem:
            assert isinstance(problem, Conflict)
            return None

    with ThreadPoolExecutor(len(people)) as pool:
        winners = [winner for winner in pool.map(race, people) if winner]
    assert len(winners) == 1


def test_many_who_ask_for_the_next_get_different_contacts_and_the_rest_are_told(site: Store) -> None:
    people = [f"p{number}" for number in range(8)]
    together = Barrier(len(people))

    def race(person: str) -> str:
        together.wait()
        try:
            return take(site, person).contact_id
        except NotFound:
            return "nothing"

    with ThreadPoolExecutor(len(people)) as pool:
        got = Counter(pool.map(race, people))
    # Five contacts wait for eight people.
    assert got == {"drawn": 1, "angry-0": 1, "angry-1": 1, "angry-2": 1, "angry-3": 1, "nothing": 3}


def test_a_claim_that_ran_out_is_raced_for_like_a_free_contact(site: Store) -> None:
    take(site, "old", "angry-0")
    people = [f"p{number}" for number in range(6)]
    together = Barrier(len(people))

    def race(person: str) -> bool:
        together.wait()
        try:
            take(site, person, "angry-0", LEASE)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(len(people)) as pool:
        assert sum(pool.map(race, people)) == 1


@pytest.mark.postgres
@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_nobody_waits_for_somebody_who_is_just_taking_the_next(site: Store) -> None:
    with site.transaction() as one, site.transaction() as other:
        other.connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")  # instead of waiting for ever
        first = claim_next(one, view("li"), LEASE)
        second = claim_next(other, view("wang"), LEASE)
    assert (first.contact_id, second.contact_id) == ("drawn", "angry-0")
    assert take(site, "chen").contact_id == "angry-1"
