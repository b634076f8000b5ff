"""A database with data that an early version wrote comes to the newest schema whole, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, create_engine

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.domain.review import Review, Selection
from qa_pipeline.services.contact_list import ContactFilter
from qa_pipeline.services.search import search_contacts
from qa_pipeline.store import Store, open_store, schema
from tests.conftest import ZONE

# Rows as the version with revision 0002 wrote them for the demo, some findings left out.
ROWS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "revision_0002.json").read_text(encoding="utf-8")
)
CONTACT = "ZC10023"


@pytest.fixture
def migrated(store_url: str) -> Iterator[Store]:
    """A store that was written at revision 0002 and is opened by this version."""
    write_at(store_url, "0002", {name: [_typed(row) for row in rows] for name, rows in ROWS.items()})
    store = open_store(store_url, ZONE, upgrade=True)
    yield store
    store.close()


def write_at(store_url: str, revision: str, written: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Make a database of an early revision and write rows into it."""
    engine = create_engine(store_url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(schema.MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        tables = MetaData()
        tables.reflect(connection)
        for name, rows in written.items():
            connection.execute(tables.tables[name].insert(), list(rows))
    engine.dispose()


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    found = dict(row)
    for key, value in row.items():
        if key == "document":
            found[key] = json.dumps(value, ensure_ascii=False)
        elif (key == "at" or key.endswith("_at")) and value is not None:
            found[key] = datetime.fromisoformat(value).replace(tzinfo=UTC)
        elif key in ("passed", "red_line"):
            found[key] = bool(value)
    return found


def test_the_schema_is_that_of_an_empty_database(migrated: Store) -> None:
    with migrated.reading() as tx:
        assert schema.current_revision(tx.connection) == schema.HEAD
        assert schema.differences(tx.connection) == []


def test_everything_is_still_there(migrated: Store) -> None:
    with migrated.reading() as tx:
        contact, inspection = tx.contacts.get(CONTACT), tx.inspections.find(CONTACT)
        assert (contact.agent_id, contact.team, contact.started_at) == (
            "A202",
            "成都二组",
            datetime(2026, 10, 9, 11, 23, 47, tzinfo=UTC),
        )
        assert inspection is not None
        assert (inspection.score.points, inspection.flags) == (pytest.approx(41.3333, abs=1e-4), ("low_score",))
        assert [(one.criterion_id, one.outcome) for one in inspection.findings] == [
            ("greeting", Outcome.NOT_MET),
            ("first_reply", Outcome.NOT_MET),
            ("solution_given", Outcome.MET),
            ("not_left_alone", Outcome.UNDETERMINED),
        ]
        assert [one.id for one, _ in tx.inspections.list(period="2026-10", agent_id="A202")] == [CONTACT]
        assert tx.agents.get("A202").name == "马骁"
        assert set(tx.artifacts.of(CONTACT)) == {row["stage"] for row in ROWS["artifact"]}
        values = {one.indicator: (one.value, one.n, one.origin) for one in tx.kpis.list(period="2026-10")}
        assert values == {row["indicator"]: (row["value"], row["n"], "") for row in ROWS["kpi_record"]}
        (evaluation,) = tx.evaluations.list("2026-10")
        assert (evaluation.agent_id, evaluation.total) == ("A202", ROWS["evaluation"][0]["total"])
        assert [totals["done"] for totals in tx.runs.list_totals(20)] == [76]
        assert [one.type for one in tx.problems.list()] == ["EmptyAudio"]


def test_what_was_said_is_found_and_new_things_are_kept_beside_the_old(migrated: Store) -> None:
    page = search_contacts(migrated, "发票", ContactFilter())
    assert [one.listed.contact.id for one in page.contacts] == [CONTACT]
    review = Review(
        contact_id=CONTACT,
        scorecard_id="chat",
        scorecard_version=1,
        reviewer="lin",
        points=60.0,
        selection=Selection.RANDOM,
        reviewed_at=datetime(2026, 11, 2, tzinfo=UTC),
        source="reviews.csv",
        fingerprint="f" * 64,
    )
    # The same file again, corrected: it takes the place of the value that the early version wrote.
    source = ROWS["kpi_record"][0]["source"]
    record = KpiRecord(indicator="csat", agent_id="A202", period="2026-10", value=0.9, n=150, source=source)
    with migrated.transaction() as tx:
        tx.reviews.add(review)
        tx.kpis.put(record)
    with migrated.reading() as tx:
        assert tx.reviews.list(contact_id=CONTACT) == [review]
        assert [one for one in tx.kpis.list(period="2026-10", agent_id="A202") if one.indicator == "csat"] == [record]


def test_one_time_passwords_end_some_days_after_the_upgrade_and_chosen_ones_stay(store_url: str) -> None:
    common = {"role": "qa", "teams": "[]", "is_active": True, "version": 1, "failed_count": 0, "password_hash": "kept"}
    made = datetime(2026, 11, 2, tzinfo=UTC)
    people = (("u1", True), ("u2", False))
    accounts = [
        common | {"id": name, "login": name, "name": name, "must_change_password": must, "created_at": made}
        for name, must in people
    ]
    write_at(store_url, "0014", {"user_account": accounts})
    before = datetime.now(UTC).replace(microsecond=0)
    store = open_store(store_url, ZONE, upgrade=True)
    with store.reading() as tx:
        once, chosen = (tx.users.credential(name) for name, _ in people)
    store.close()
    assert (once.password_hash, chosen.password_hash, chosen.one_time_made_at) == ("kept", "kept", None)
    assert once.one_time_made_at is not None
    assert before <= once.one_time_made_at <= datetime.now(UTC)
