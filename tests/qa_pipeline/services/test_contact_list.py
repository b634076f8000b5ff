"""Lists of contacts on both databases: filters, order, pages."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.services.contact_list import ContactFilter, list_contacts
from qa_pipeline.services.periods import Period, list_periods
from qa_pipeline.store import Store
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
        tx.inspections.add(factories.inspection("later", score=factories.score(95.0), fingerprint="2" * 64), "r")
        tx.inspections.add(factories.inspection("timeless", score=factories.score(None)), "r")
    return store


def ids(store: Store, wanted: ContactFilter, offset: int = 0, limit: int = 10) -> Sequence[str]:
    return [each.contact.id for each in list_contacts(store, wanted, offset=offset, limit=limit).contacts]


def test_newest_first_then_id_and_contacts_without_a_time_last(four: Store) -> None:
    assert ids(four, ContactFilter()) == ["later", "bare", "first", "timeless"]


def test_the_newest_inspection_counts(four: Store) -> None:
    (found,) = list_contacts(four, ContactFilter(text="later"), offset=0, limit=10).contacts
    assert found.inspection is not None
    assert found.inspection.score.points == 95.0


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ContactFilter(period="2026-10"), ["bare", "first"]),
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
        (ContactFilter(until=datetime(2026, 11, 3, tzinfo=UTC)), ["bare", "first"]),  # the end is not included
    ],
)
def test_filters(four: Store, wanted: ContactFilter, expected: list[str]) -> None:
    assert ids(four, wanted) == expected


def test_pages_are_parts_of_one_order_and_know_the_total(four: Store) -> None:
    page = list_contacts(four, ContactFilter(), offset=1, limit=2)
    assert ([each.contact.id for each in page.contacts], page.total) == (["bare", "first"], 4)
    assert ids(four, ContactFilter(), offset=9) == []


def test_periods_count_contacts_and_evaluated_agents(four: Store) -> None:
    with four.transaction() as tx:
        tx.evaluations.put(factories.evaluation("A01", 90.0))
        tx.evaluations.put(factories.evaluation("A01", 91.0))
    assert list_periods(four) == [
        Period(period="2026-11", contacts_count=1, evaluations_count=0),
        Period(period="2026-10", contacts_count=2, evaluations_count=1),
    ]
