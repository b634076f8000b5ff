"""Everything about one person in a file, and a person who is erased everywhere."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import Column, MetaData, Table, Text

from qa_pipeline.disclosure import ANOTHER, without_others
from qa_pipeline.domain.account import Credential
from qa_pipeline.domain.audit import AuditFilter
from qa_pipeline.domain.cycle import Rating, StaffRole
from qa_pipeline.domain.performance import RaterClass
from qa_pipeline.domain.retention import HoldKind, RetentionRules
from qa_pipeline.domain.risk import Departure, DepartureKind, StaffFigure
from qa_pipeline.domain.waiting_list import WaitingList
from qa_pipeline.errors import ConfigurationError, Conflict, NotFound
from qa_pipeline.services.audit import list_entries, verify_store
from qa_pipeline.services.contacts import read_contact
from qa_pipeline.services.people import erase_agent, erase_customer, export_agent, export_customer
from qa_pipeline.services.people.pseudonym import Pseudonym
from qa_pipeline.services.retention import Doer, Terms, hold
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.accounts import an_account
from tests.coaching.risk.people import a_prediction, a_run
from tests.qa_pipeline.services.retention.site import NOW, OLD, SENTENCE, found_in, plant

AUGUST = datetime(2026, 8, 3, 4, 0, tzinfo=UTC)
DOER = Doer(name="admin", role="administrator", via="cli")
WITH_ID = "20260803-A01-0007"  # a contact whose own id holds the agent's

WAITING = WaitingList(
    id="wait-1",
    name="Says the name",
    selected_period="2026-08",
    first_from="2026-09",
    second_from="2026-12",
    seed=7,
    drawn_by="hr-zhao",
    drawn_at=NOW,
    first=("A02", "A03"),
    second=("A01",),
)


@pytest.fixture
def home(store: Store, tmp_path: Path) -> Path:
    """A home with two contacts of A01, an account, and ratings by and of A01."""
    plant(store, tmp_path, OLD, AUGUST)
    with store.transaction() as tx:
        tx.users.add(
            replace(an_account(StaffRole.AGENT, "wangfang", agent_id="A01"), id="u-1"), Credential(password_hash="x")
        )
        for agent_id, rater in (("A01", "A02"), ("A02", "A01")):
            tx.ratings.put(_rating(agent_id, rater))
    return tmp_path


def _rating(agent_id: str, rater: str) -> Rating:
    return Rating(
        agent_id=agent_id,
        period="2026-08",
        rater_id=rater,
        rater_class=RaterClass.PEER,
        indicator="collaboration",
        value=4.0,
        comment="Helps.",
        source="page",
        rated_at=NOW,
    )


def _terms(home: Path) -> Terms:
    return Terms(rules=RetentionRules(), home=home, artifacts=ArtifactFolder(home / "artifacts"), now=NOW)


def _export(store: Store, home: Path, agent_id: str = "A01", *, with_drafts: bool = True) -> Mapping[str, bytes]:
    path = home.parent / f"{home.name}-export.zip"
    folder = ArtifactFolder(home / "artifacts")
    export_agent(store, folder, agent_id, path, now=NOW, language="en", with_drafts=with_drafts)
    with ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_an_export_holds_everything_and_proves_it(store: Store, home: Path) -> None:
    """Each file stands in the manifest with its digest; words of contacts are there; others' names are not."""
    files = _export(store, home)
    manifest = json.loads(files["manifest.json"])
    assert {one["file"]: one["sha256"] for one in manifest["files"]} == {
        name: sha256(content).hexdigest() for name, content in files.items() if name != "manifest.json"
    }
    assert {"agent", "contact", "inspection", "review", "evaluation", "publication", "rating", "user_account"} <= set(
        manifest["counts"]
    )
    assert manifest["counts"]["rating"] == 2
    assert SENTENCE in files["words/00001.json"].decode()
    ratings = json.loads(files["data/rating.json"])
    # The one peer who has rated A01 could be recognised by value and comment.
    assert [(one["agent_id"], one["rater_id"], one["value"]) for one in ratings] == [
        ("A02", "A01", 4.0),
        ("A01", None, None),
    ]
    assert json.loads(files["data/review.json"])[0]["reviewer"] == ANOTHER
    assert b"password" not in files["data/user_account.json"].replace(b"must_change_password", b"")
    table = list(csv.DictReader(io.StringIO(files["data/rating.csv"].decode("utf-8-sig"))))
    assert len(table) == 2
    assert "What is kept about A01" in files["index.html"].decode()


def test_an_erased_person_is_found_nowhere(store: Store, home: Path) -> None:
    """Neither id nor login in any table but the audit, nor in any file; numbers stay; the account is closed."""
    with pytest.raises(NotFound):
        erase_agent(store, "A99", _terms(home), DOER, reason="Asked.", dry_run=False)
    before = found_in(store, home, "A01")
    would = erase_agent(store, "A01", _terms(home), DOER, reason="Asked.", dry_run=True)
    assert found_in(store, home, "A01") == before
    done = erase_agent(store, "A01", _terms(home), DOER, reason="Asked.", dry_run=False)
    assert set(would.rows) - {"user_account"} == set(done.rows) - {"user_account"}
    places = found_in(store, home, "A01", "wangfang", "王芳")
    assert [place for place in places if not place.startswith("store.db")] == ["audit_entry"]
    with pytest.raises(NotFound):
        _export(store, home)
    with store.reading() as tx:
        (account,) = tx.users.list()
        (published,) = tx.publications.latest("2026-08")
        assert tx.users.credential(account.id).password_hash is None
    assert (account.is_active, account.login) == (False, published.agent_id)
    assert published.evaluation.total == 90.0
    assert published.agent_id.startswith("erased-")
    assert verify_store(store).is_whole
    # Nothing leads from the id to the pseudonym.
    (entry,) = list_entries(store, AuditFilter(action="people.erase"))
    assert (entry.event.subject, published.agent_id in str(entry)) == ("A01", False)


def test_a_contact_that_bears_the_id_gets_another(store: Store, home: Path) -> None:
    """With its words, inspection and review."""
    plant(store, home, WITH_ID, datetime(2026, 9, 3, 4, 0, tzinfo=UTC))
    with store.transaction() as tx:  # handed over since
        tx.contacts.put(replace(tx.contacts.get(WITH_ID), agent_id="A02", agent_name="李强"))
        tx.users.add(replace(an_account(StaffRole.QA), id="u-A01"), Credential())  # not this person's
    erase_agent(store, "A01", _terms(home), DOER, reason="Asked.", dry_run=False)
    with store.reading() as tx:
        (renamed,) = [one.id for one in tx.contacts.list() if one.id != OLD]
        assert [one.contact_id for one in tx.reviews.list(contact_id=renamed)] == [renamed]
    assert renamed.startswith("20260803-erased-")
    assert read_contact(store, ArtifactFolder(home / "artifacts"), renamed).transcript is not None


@pytest.mark.parametrize(
    ("kind", "subject"), [(HoldKind.AGENT, "A01"), (HoldKind.CONTACT, OLD), (HoldKind.QUEUE, "售后")]
)
def test_a_hold_refuses(store: Store, home: Path, kind: HoldKind, subject: str) -> None:
    """On the person, or on one of the contacts."""
    hold(store, kind, subject, by="counsel", reason="A case.", now=NOW)
    with pytest.raises(Conflict, match="legal hold"):
        erase_agent(store, "A01", _terms(home), DOER, reason="Asked.", dry_run=False)
    with pytest.raises(Conflict, match="legal hold"):
        if kind is HoldKind.AGENT:
            hold(store, HoldKind.CUSTOMER, "K-77", by="counsel", reason="A case.", now=NOW)
        erase_customer(store, "K-77", _terms(home), DOER, reason="Asked.", contacts=True, dry_run=False)


def test_a_customer_is_exported_and_erased(store: Store, home: Path) -> None:
    """First the reference alone, then all contacts with their words."""
    path = home.parent / f"{home.name}-customer.zip"
    counts = export_customer(store, ArtifactFolder(home / "artifacts"), "K-77", path, now=NOW, language="zh")
    assert counts == {"contact": 1, "words": 1}
    assert b"A01" not in ZipFile(path).read("data/contact.json")
    with pytest.raises(NotFound):
        erase_customer(store, "K-7", _terms(home), DOER, reason="Asked.", contacts=False, dry_run=False)
    erase_customer(store, "K-77", _terms(home), DOER, reason="Asked.", contacts=False, dry_run=False)
    assert found_in(store, home, "K-77") == []
    with store.reading() as tx:
        reference = tx.contacts.get(OLD).customer_ref
    assert reference is not None
    done = erase_customer(store, reference, _terms(home), DOER, reason="Asked.", contacts=True, dry_run=False)
    assert done.contacts == 1
    assert found_in(store, home, SENTENCE, OLD) == []


def test_an_erasure_needs_a_reason_and_an_export_a_zip(store: Store, home: Path) -> None:
    """And says so."""
    with pytest.raises(Conflict, match="reason"):
        erase_agent(store, "A01", _terms(home), DOER, reason=" ", dry_run=False)
    with pytest.raises(ConfigurationError, match=r"\.pdf"):
        export_agent(store, ArtifactFolder(home), "A01", home / "x.pdf", now=NOW, language="en")


def test_figures_are_not_taken_for_ids() -> None:
    """An id of digits is replaced where it is the whole value; a name only in rows that hold an id."""
    found = Pseudonym.of({"1001"}, {"李强"}, "erased-x")
    assert found.in_text("1001") == "erased-x"
    assert found.in_text("1001 calls, 李强") == "1001 calls, 李强"
    with_letter = Pseudonym.of({"A01"}, {"李强"}, "erased-x")
    assert (
        with_letter.in_text("A012 xA01 A01/2026 工号A01的李强", with_names=True)
        == "A012 xA01 erased-x/2026 工号erased-x的erased-x"
    )


def test_a_login_that_is_a_word_is_replaced_where_people_are_named() -> None:
    """The role of a speaker is no login."""
    row = {"actor": "agent", "role": "agent", "document": '{"reviewer":"agent","evidence":[{"role":"agent"}]}'}
    table = Table("t", MetaData(), *(Column(name, Text) for name in row))
    assert Pseudonym.of({"agent"}, set(), "erased-x").changes(table, row) == {
        "actor": "erased-x",
        "document": '{"reviewer":"erased-x","evidence":[{"role":"agent"}]}',
    }


def test_names_of_others_are_left_out() -> None:
    """At any depth; one's own stay."""
    row = {"reviewer": "li", "document": {"decided_by": "A01", "steps": [{"actor": "hr", "name": "publish"}]}}
    assert without_others(row, {"A01"}) == {
        "reviewer": ANOTHER,
        "document": {"decided_by": "A01", "steps": [{"actor": ANOTHER, "name": "publish"}]},
    }


def _with_risk(store: Store) -> None:
    with store.transaction() as tx:
        tx.risk.add_run(a_run("r-1"), [a_prediction("r-1", agent) for agent in ("A01", "A02")])
        tx.risk.put_departures(
            [Departure(agent_id="A01", left_on=NOW.date(), kind=DepartureKind.TRANSFER, source="d.csv")]
        )
        tx.risk.put_figures(
            [StaffFigure(agent_id="A01", month="2026-10", name="overtime_h", value=4.0, available_on=NOW.date())]
        )


def test_risk_is_exported_whole_to_hr_and_without_figures_to_the_person(store: Store, home: Path) -> None:
    """The person sees inputs, groups of reasons and signals; never a band, a probability or a weight."""
    _with_risk(store)
    files = _export(store, home)
    (whole,) = json.loads(files["data/risk_prediction.json"])
    assert (whole["document"]["band"], whole["document"]["probabilities"]["1"]) == ("now", 0.07731)
    assert {"data/risk_departure.json", "data/risk_staff_figure.json"} <= set(files)
    own = _export(store, home, with_drafts=False)
    (row,) = json.loads(own["data/risk_prediction.json"])
    assert row["document"] == {
        "run_id": "r-1",
        "agent_id": "A01",
        "team": "North",
        "reasons": ["workload"],
        "signals": ["overtime"],
        "inputs": {"overtime_above_team": 21.5, "csat_place_3m": None},
    }
    assert not any(figure in content for content in own.values() for figure in (b"0.07731", b"0.20193", b"0.81314"))


def test_what_risk_holds_of_an_erased_person_is_gone(store: Store, home: Path) -> None:
    """Not kept under the pseudonym; what is said of others stays, and who scored is erased when it is their turn."""
    _with_risk(store)
    done = erase_agent(store, "A01", _terms(home), DOER, reason="Asked.", dry_run=False)
    assert {name: count for name, count in done.rows.items() if name.startswith("risk_")} == {
        "risk_departure": 1,
        "risk_staff_figure": 1,
        "risk_prediction": 1,
    }
    with store.reading() as tx:
        assert [one.agent_id for one in tx.risk.predictions()] == ["A02"]
        assert (tx.risk.departures(), tx.risk.figures()) == ([], [])
    erase_agent(store, "hr-zhao", _terms(home), DOER, reason="Asked.", dry_run=False)
    with store.reading() as tx:
        assert tx.risk.runs()[0].scored_by.startswith("erased-")


def test_a_waiting_list_keeps_its_waves_without_the_erased_person(store: Store, home: Path) -> None:
    """The own place is exported, not that of others; erased, the place stays under the pseudonym."""
    with store.transaction() as tx:
        tx.waiting_lists.add(WAITING)
    (own,) = json.loads(_export(store, home)["data/waiting_list_member.json"])
    assert own == {"list_id": "wait-1", "agent_id": "A01", "wave": 2}
    erase_agent(store, "A01", _terms(home), DOER, reason="Asked.", dry_run=False)
    with store.reading() as tx:
        (kept,) = tx.waiting_lists.list()
    assert (kept.first, len(kept.second), kept.second[0][:7]) == (("A02", "A03"), 1, "erased-")
    erase_agent(store, "hr-zhao", _terms(home), DOER, reason="Asked.", dry_run=False)
    with store.reading() as tx:
        assert tx.waiting_lists.get("wait-1").drawn_by.startswith("erased-")
