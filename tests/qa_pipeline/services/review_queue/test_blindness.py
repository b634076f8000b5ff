"""What is not for somebody's eyes, of one contact as of all."""

from __future__ import annotations

from datetime import timedelta

from qa_pipeline.domain.account import Credential
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.review import Selection
from qa_pipeline.services.calibration.sessions import open_session
from qa_pipeline.services.review_queue.blindness import is_undisclosed, undisclosed_contacts
from qa_pipeline.services.review_queue.claims import claim_contact
from qa_pipeline.store import Store
from tests.accounts import an_account
from tests.qa_pipeline.services.review_queue.site import LEASE, MET, NOW, add, draw, give, start, view


def test_one_contact_is_as_hidden_as_in_the_list_of_all(store: Store) -> None:
    start(store)
    contacts = ("drawn", "second", "together", "plain")
    with store.transaction() as tx:
        for login in ("li", "wang", "chen"):
            tx.users.add(an_account(StaffRole.QA, login), Credential())
        for contact_id in contacts:
            add(tx, contact_id)
        give(tx, "li", "second", {"greeting": MET})
        draw(tx, "S2026-10-1", Selection.RANDOM, ["drawn"])
        draw(tx, "S2026-10-2", Selection.DOUBLE, ["second"])
        draw(tx, "S2026-10-3", Selection.CALIBRATION, ["together"])
        claim_contact(tx, view("wang"), "drawn", LEASE)
        open_session(tx, "S2026-10-3", "October", ["li", "wang"], "chen", NOW + timedelta(days=2), NOW)
    # li has given the first review of what waits for a second one.
    hidden = {"li": {"together"}, "wang": {"drawn", "second", "together"}, "zhao": {"second", "together"}}
    with store.reading() as tx:
        for person, expected in hidden.items():
            assert undisclosed_contacts(tx, person, NOW) == expected
            assert {each for each in contacts if is_undisclosed(tx, person, each, NOW)} == expected
