"""Lists of contacts on both databases: filters, order, pages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from qa_pipeline.access import Reach
from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.domain.performance import Agent
from qa_pipeline.domain.review import Review
from qa_pipeline.errors import InputError
from qa_pipeline.services import contact_list
from qa_pipeline.services.contact_list import ContactFilter, Part, Sort, list_contacts
from qa_pipeline.services.periods import Period, list_periods
from qa_pipeline.store import Store
from qa_pipeline.store.listing_tables import contact_listing
from tests import factories


@pytest.fixture
def four(store: Store) -> Store:
    """Three inspected contacts and one that is not; "later" has two inspections."""
    first, later = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)
    contacts = [
        factories.contact("first", started_at=first, team="A"),
        factories.contact("later", started_at=later, agent_id="B_7", kind=ContactKind.CHAT, language="en"),
        factories.contact("timeless", started_at=None, agent_id="B17"),
        factories.contact("bare", started_at=first),
    ]
    with store.transaction() as tx:
        tx.runs.start("r", "score")
        for contact in contacts:
            tx.contacts.put(contact)
        tx.inspections.add(factories.inspection("first", score=factories.score(0.0, fatal=("no_abuse",))), "r")
        tx.inspections.add(factories.inspection("later", score=factories.score(40.0), fingerprint="1" * 64), "r")
        newer = factories.inspection("later", score=factories.score(95.0), fingerprint="2" * 64, language="en")
        tx.inspections.add(newer, "r")
        tx.inspections.add(factories.inspection("timeless", score=factories.score(None)), "r")
    return store


def a_review(contact_id: str) -> Review:
    return Review(
        contact_id=contact_id,
        scorecard_id="zh-telephone",
        scorecard_version=1,
        reviewer="lin",
        points=80.0,
        reviewed_at=datetime(2026, 11, 5, tzinfo=UTC),
        source="page",
        fingerprint="9" * 64,
    )


def ids(store: Store, wanted: ContactFilter, **part: Any) -> Sequence[str]:
    return [each.contact.id for each in list_contacts(store, wanted, Part(**part)).contacts]


def test_newest_first_then_id_and_contacts_without_a_time_last(four: Store) -> None:
    assert ids(four, ContactFilter()) == ["later", "first", "bare", "timeless"]


def test_the_newest_inspection_counts(four: Store) -> None:
    (found,) = list_contacts(four, ContactFilter(text="later")).contacts
    assert found.score is not None
    assert found.score.points == 95.0


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ContactFilter(period="2026-10"), ["first", "bare"]),
        (ContactFilter(team="A"), ["first"]),
        (ContactFilter(agent_id="B_7"), ["later"]),
        (ContactFilter(kind=ContactKind.CHAT), ["later"]),
        (ContactFilter(language="en"), ["later"]),
        (ContactFilter(red_line=True), ["first"]),
        (ContactFilter(passed=True), ["later"]),
        (ContactFilter(passed=False), ["first"]),
        (ContactFilter(scored=True), ["later", "first"]),
        (ContactFilter(scored=False), ["bare", "timeless"]),
        (ContactFilter(text="LATER"), ["later"]),
        (ContactFilter(text="B_"), ["later"]),  # _ is itself: B17 does not fit
        (ContactFilter(text="%"), []),
        (ContactFilter(since=datetime(2026, 11, 1, tzinfo=UTC)), ["later"]),
        (ContactFilter(until=datetime(2026, 11, 3, tzinfo=UTC)), ["first", "bare"]),  # the end is not included
    ],
)
def test_filters(four: Store, wanted: ContactFilter, expected: list[str]) -> None:
    assert ids(four, wanted) == expected


def test_pages_are_parts_of_one_order_and_know_the_total(four: Store) -> None:
    page = list_contacts(four, ContactFilter(), Part(offset=1, limit=2))
    assert ([each.contact.id for each in page.contacts], page.total) == (["first", "bare"], 4)
    assert ids(four, ContactFilter(), offset=9) == []


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort.NEWEST, ["later", "first", "bare", "timeless"]),
        (Sort.OLDEST, ["timeless", "bare", "first", "later"]),
        (Sort.LOWEST_POINTS, ["first", "later"]),  # what has no points has no place in this order
        (Sort.HIGHEST_POINTS, ["later", "first"]),
        (Sort.AGENT, ["bare", "first", "timeless", "later"]),  # A01, B17, B_7; of A01 both at the same moment
    ],
)
def test_orders(four: Store, sort: Sort, expected: list[str]) -> None:
    assert ids(four, ContactFilter(), sort=sort) == expected


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("limit", [1, 3])
def test_pages_by_cursor_are_the_whole_list_once(four: Store, sort: Sort, limit: int) -> None:
    found: list[str] = []
    after: str | None = None
    while True:
        page = list_contacts(four, ContactFilter(), Part(sort=sort, after=after, limit=limit))
        found += [each.contact.id for each in page.contacts]
        after = page.next
        if after is None:
            break
    assert found == ids(four, ContactFilter(), sort=sort)


@pytest.mark.parametrize("cursor", ["x", "é", "W10", "WyJuZXdlc3QiLDEsMl0", "WyJuZXdlc3QiLCIyMDI2IiwiYSIsImIiXQ"])
def test_what_is_no_cursor_is_refused(four: Store, cursor: str) -> None:
    with pytest.raises(InputError) as caught:
        list_contacts(four, ContactFilter(), Part(after=cursor))
    assert caught.value.field == "after"


def test_a_cursor_belongs_to_one_order(four: Store) -> None:
    after = list_contacts(four, ContactFilter(), Part(limit=1)).next
    with pytest.raises(InputError):
        list_contacts(four, ContactFilter(), Part(sort=Sort.AGENT, after=after))


def test_far_places_are_asked_for_by_cursor() -> None:
    with pytest.raises(InputError, match="10001"):
        Part(offset=10_001)


def test_more_contacts_than_are_counted_are_at_least_so_many(four: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_list, "COUNTED_MAX", 3)
    page = list_contacts(four, ContactFilter(), Part(limit=2))
    assert (page.total, page.total_is_exact) == (3, False)
    page = list_contacts(four, ContactFilter(period="2026-10"), Part(limit=1))
    assert (page.total, page.total_is_exact) == (2, True)


def test_reviewed_and_points(four: Store) -> None:
    with four.transaction() as tx:
        tx.reviews.add(a_review("first"))
    assert ids(four, ContactFilter(reviewed=True)) == ["first"]
    assert ids(four, ContactFilter(reviewed=False)) == ["later", "bare", "timeless"]
    assert ids(four, ContactFilter(points_min=0.0, points_max=95.0)) == ["later", "first"]
    assert ids(four, ContactFilter(points_min=0.5)) == ["later"]


def test_a_contact_without_a_team_is_its_agents_teams(four: Store) -> None:
    whole = Reach(teams=frozenset({"一组"}))
    with four.transaction() as tx:
        tx.contacts.put(
            factories.contact("loose", agent_id="Z1", team=None, started_at=datetime(2026, 9, 1, tzinfo=UTC))
        )
    assert "loose" not in ids(four, ContactFilter(reach=whole))
    with four.transaction() as tx:
        tx.agents.put_all([Agent(id="Z1", team="一组")])
    assert "loose" in ids(four, ContactFilter(reach=whole))
    with four.transaction() as tx:
        tx.agents.put(Agent(id="Z1", team="二组"))
        tx.agents.put(Agent(id="A01", team="二组"))  # whose contacts name their own team
    assert ids(four, ContactFilter(team="二组")) == ["loose"]
    assert ids(four, ContactFilter(reach=Reach(agent_id="Z1"))) == ["loose"]
    assert ids(four, ContactFilter(reach=Reach(agent_id="Z1", teams=frozenset({"A"})))) == ["first", "loose"]
    assert ids(four, ContactFilter(reach=Reach())) == []


def test_what_is_hidden_is_left_out(four: Store) -> None:
    assert ids(four, ContactFilter(hidden=frozenset({"later", "bare"}))) == ["first", "timeless"]


def test_refreshing_reads_everything_anew(four: Store) -> None:
    with four.transaction() as tx:
        before = tx.connection.execute(select(contact_listing).order_by(contact_listing.c.contact_id)).all()
        tx.connection.execute(update(contact_listing).values(points=1.0, team=None, flags=" x ", folded_id="y"))
        for contact_id in ("first", "later", "timeless", "bare"):
            tx.listing.refresh(contact_id)
        after = tx.connection.execute(select(contact_listing).order_by(contact_listing.c.contact_id)).all()
    assert after == before


def test_periods_count_contacts_and_evaluated_agents(four: Store) -> None:
    with four.transaction() as tx:
        tx.evaluations.put(factories.evaluation("A01", 90.0))
        tx.evaluations.put(factories.evaluation("A01", 91.0))
    assert list_periods(four) == [
        Period(period="2026-11", contacts_count=1, evaluations_count=0),
        Period(period="2026-10", contacts_count=2, evaluations_count=1),
    ]
