"""One person's data over the API."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
from fastapi import FastAPI

from qa_pipeline.disclosure import ANOTHER
from qa_pipeline.domain.account import User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.retention import RetentionRules
from qa_pipeline.services.retention import Doer, Terms, apply_retention
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests import factories
from tests.accounts import an_account
from tests.api.conftest import client_of, make_app
from tests.coaching.written import a_plan, a_talk
from tests.qa_pipeline.services.retention.site import NOW, OLD, SENTENCE, found_in, plant, step_of


@pytest.fixture
def app(store: Store, tmp_path: Path) -> FastAPI:
    """The application over one contact of A01 and one more agent."""
    plant(store, tmp_path, OLD, NOW)
    return make_app(store, ArtifactFolder(tmp_path / "artifacts"), tmp_path)


ME = an_account(StaffRole.AGENT, "wangfang", agent_id="A01")
OTHER = an_account(StaffRole.AGENT, "liqiang", agent_id="A02")
HR = an_account(StaffRole.HR)
ADMINISTRATOR = an_account(StaffRole.ADMINISTRATOR)


@pytest.mark.parametrize(("user", "status"), [(ME, 200), (HR, 200), (OTHER, 404), (ADMINISTRATOR, 403)])
def test_one_s_own_data_and_hr_everybody_s(app: FastAPI, user: User, status: int) -> None:
    """Others are told that there is nothing."""
    with client_of(app, user) as client:
        answer = client.get("/api/v1/people/A01/export")
    assert answer.status_code == status
    if status == 200:
        with ZipFile(io.BytesIO(answer.content)) as packed:
            assert json.loads(packed.read("manifest.json"))["person"] == "A01"


def test_an_administrator_erases(app: FastAPI, store: Store, tmp_path: Path) -> None:
    """First asks what would change; files go with the run that the answer names; a repeated request finds nobody."""
    with client_of(app, HR) as client:
        assert client.post("/api/v1/people/A01/erasure", json={"reason": "x"}).status_code == 403
    with client_of(app, ADMINISTRATOR) as client:
        would = client.get("/api/v1/people/A01/erasure").json()
        assert would["rows"]["contact"] == 1
        assert client.post("/api/v1/people/A01/erasure", json={"reason": " "}).status_code == 422
        done = client.post("/api/v1/people/A01/erasure", json={"reason": "Asked on 20 November."})
        assert (done.status_code, done.json()["job"] is None) == (202, False)
        assert client.post("/api/v1/people/A01/erasure", json={"reason": "Again."}).status_code == 404
    terms = Terms(rules=RetentionRules(), home=tmp_path, artifacts=ArtifactFolder(tmp_path / "artifacts"), now=NOW)
    (finished,) = apply_retention(store, terms, Doer(name="x", role="", via="job"))
    assert finished.rule.value == "erasure"
    places = found_in(store, tmp_path, "A01")
    assert [place for place in places if not place.startswith("store.db")] == ["audit_entry"]


def test_a_customer_is_erased_with_all_contacts(app: FastAPI, store: Store) -> None:
    """The audit is told a digest of the reference alone."""
    with client_of(app, ADMINISTRATOR) as client:
        export = client.get("/api/v1/customers/export", params={"customer_ref": "K-77"})
        assert export.status_code == 200
        with ZipFile(io.BytesIO(export.content)) as archive:  # which contacts, and not what was said in them
            assert "data/contact.json" in archive.namelist()
            assert not [name for name in archive.namelist() if name.startswith("words/")]
        new = {"customer_ref": "K-77", "contacts": True, "reason": "Asked."}
        assert client.post("/api/v1/customers/erasure", json=new).json()["contacts"] == 1
        assert client.post("/api/v1/customers/erasure", json=new).status_code == 404
        assert "K-77" not in client.get("/api/v1/audit").text
    with store.reading() as tx:
        assert tx.contacts.count() == 0


@pytest.mark.parametrize(("user", "reads_words"), [(ME, True), (HR, False)])
def test_hr_gets_the_rows_without_what_was_said(app: FastAPI, user: User, reads_words: bool) -> None:
    with client_of(app, user) as client:
        answer = client.get("/api/v1/people/A01/export")
    with ZipFile(io.BytesIO(answer.content)) as packed:
        # The comment of a review is what its author wrote; it stands on the page too.
        told = [name for name in packed.namelist() if "review" not in name and name != "index.html"]
        quoting = {name for name in told if SENTENCE in packed.read(name).decode()}
    assert "data/inspection.json" in told
    assert {"data/inspection.json", "words/00001.json"} <= quoting if reads_words else not quoting, quoting


@pytest.mark.parametrize(("user", "has_drafts"), [(ME, False), (HR, True)])
def test_one_s_own_file_leaves_out_what_is_not_published(
    app: FastAPI, store: Store, user: User, has_drafts: bool
) -> None:
    """A month that is evaluated and not published is HR's to see, not yet the agent's; nor is a talk's first draft."""
    with store.transaction() as tx:
        tx.evaluations.put(factories.evaluation("A01", 71.5, period="2026-11"))
        for talk in (a_talk("t-drafted"), a_talk("t-invited", period="2026-09")):
            tx.talks.add(talk)
        for name, month in (("p-drafted", "2026-10"), ("p-offered", "2026-09"), ("p-given-up", "2026-08")):
            tx.coaching_plans.add(a_plan(name, selected_period=month))
        given_up = replace(step_of("coaching_plan", "p-given-up", "cancelled", NOW), from_state="drafted")
        tx.transitions.add(given_up)
        tx.transitions.add(step_of("coaching_plan", "p-offered", "offered", NOW))
        tx.transitions.add(step_of("talk", "t-invited", "planned", NOW))
    with client_of(app, user) as client:
        answer = client.get("/api/v1/people/A01/export")
    with ZipFile(io.BytesIO(answer.content)) as packed:
        talks = {one["id"] for one in json.loads(packed.read("data/talk.json"))}
        plans = {one["id"]: one["document"] for one in json.loads(packed.read("data/coaching_plan.json"))}
        told = "".join(packed.read(name).decode() for name in packed.namelist())
        published = json.loads(packed.read("data/publication.json"))
    assert len(published) == 1  # of the contact's month
    assert ("71.5" in told) is has_drafts
    # The planted month has a talk that is drafted and a plan that is offered.
    assert talks == {"t-invited"} | ({"t-drafted", "t-2026-11"} if has_drafts else set())
    assert set(plans) == {"p-offered", "p-2026-11"} | ({"p-drafted", "p-given-up"} if has_drafts else set())
    assert plans["p-offered"]["coach"] == ANOTHER
