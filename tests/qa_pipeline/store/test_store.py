"""The store keeps what it is given, once, on both databases."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from sqlalchemy import create_engine, event, text

from qa_pipeline.domain.contact import Contact, ContactKind, Role, Source, SourceKind
from qa_pipeline.domain.inspection import Evidence, Finding, Flag, Inspection, Outcome, Reason, Score
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.performance import Agent, KpiRecord
from qa_pipeline.errors import (
    ConfigurationError,
    Conflict,
    NeedsModel,
    NotFound,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
)
from qa_pipeline.services.contact_list import ContactFilter, list_contacts
from qa_pipeline.store import Store, database, open_store, schema
from qa_pipeline.store.documents import dump
from qa_pipeline.store.listing import count_unsearchable

ZONE = ZoneInfo("Asia/Shanghai")


def a_contact(contact_id: str = "C-1", content: str = "a", **changes: object) -> Contact:
    source = Source(kind=SourceKind.AUDIO, uri=f"/calls/{contact_id}.wav", sha256=content * 64, size_bytes=10)
    return replace(Contact(id=contact_id, kind=ContactKind.CALL, sources=(source,)), **changes)


def an_inspection(contact_id: str = "C-1", fingerprint: str = "f", points: float | None = 80.0) -> Inspection:
    finding = Finding(
        criterion_id="greeting",
        outcome=Outcome.MET,
        confidence=0.9,
        reason=Reason(message="Said: {phrase}", params={"phrase": "您好", "count": 2, "ratio": 0.5}),
        evidence=(Evidence(quote="您好", utterance=0, role=Role.AGENT, start_s=0.5, end_s=1.0),),
    )
    score = Score(
        points=points,
        uncapped_points=points,
        range_points=(70.0, 90.0),
        coverage_ratio=0.8,
        passed=None,
        fatal=(),
        undetermined_count=1,
        not_applicable_count=0,
    )
    return Inspection(
        contact_id=contact_id,
        scorecard_id="phone-zh",
        scorecard_version=1,
        rater="machine",
        fingerprint=fingerprint * 64,
        findings=(finding,),
        score=score,
        flags=(Flag.LOW_SCORE,),
        facts=Facts(duration_s=61.5),
        language="zh",
        asr_engine="import:vtt",
        transcript_quality="trusted",
        audio_s=61.5,
        script_ratio=1.0,
        attitude_value=4.5,
        customer_sentiment_start=None,
        customer_sentiment_end=-0.25,
        created_at=datetime(2026, 11, 1, 8, tzinfo=UTC),
    )


def test_migrations_give_exactly_the_metadata(store: Store) -> None:
    with store.reading() as tx:
        assert schema.differences(tx.connection) == []
        assert schema.current_revision(tx.connection) == schema.HEAD


def test_opening_again_changes_nothing(store: Store, store_url: str) -> None:
    with store.transaction() as tx:
        tx.contacts.put(a_contact())
    again = open_store(store_url, ZONE)
    with again.reading() as tx:
        assert tx.contacts.get("C-1") == a_contact()
    again.close()


def test_a_database_of_a_newer_version_is_refused(store: Store, store_url: str) -> None:
    with store.transaction() as tx:
        tx.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer callqa"):
        open_store(store_url, ZONE)


def test_the_same_content_is_one_contact_and_takes_newer_metadata(store: Store) -> None:
    with store.transaction() as tx:
        tx.contacts.put(a_contact("first", agent_id=None, team="A"))
        stored = tx.contacts.put(a_contact("second", agent_id="8001", team=None))
    assert (stored.id, stored.agent_id, stored.team) == ("first", "8001", "A")
    with store.reading() as tx:
        assert [contact.id for contact in tx.contacts.list()] == ["first"]


def test_one_id_for_two_contents_is_a_conflict(store: Store) -> None:
    with store.transaction() as tx:
        tx.contacts.put(a_contact("C-1", "a"))
        with pytest.raises(Conflict) as caught:
            tx.contacts.put(a_contact("C-1", "b"))
    assert caught.value.file == "/calls/C-1.wav"
    assert caught.value.field == "id"


def test_month_is_that_of_the_site(store: Store) -> None:
    # 31 October 17:00 UTC is 1 November 01:00 in Shanghai.
    moment = datetime(2026, 10, 31, 17, tzinfo=UTC)
    with store.transaction() as tx:
        tx.contacts.put(a_contact(started_at=moment))
        assert tx.contacts.periods() == ["2026-11"]
        assert [contact.started_at for contact in tx.contacts.list(period="2026-11")] == [moment]
        assert list(tx.contacts.list(period="2026-10")) == []


def test_an_unknown_contact_is_not_found(store: Store) -> None:
    with store.reading() as tx, pytest.raises(NotFound):
        tx.contacts.get("nobody")


def test_inspections_round_trip_and_count_once(store: Store) -> None:
    with store.transaction() as tx:
        tx.contacts.put(a_contact())
        assert tx.inspections.add(an_inspection(), "run-1") is True
        assert tx.inspections.add(an_inspection(), "run-2") is False
        assert tx.inspections.find("C-1") == an_inspection()
        assert tx.inspections.has("f" * 64)
        assert not tx.inspections.has("e" * 64)


def test_the_newest_inspection_of_each_contact_is_listed(store: Store) -> None:
    with store.transaction() as tx:
        tx.contacts.put(a_contact("C-1", "a", agent_id="8001", started_at=datetime(2026, 10, 3, tzinfo=UTC)))
        tx.contacts.put(a_contact("C-2", "b", agent_id="8002", started_at=datetime(2026, 10, 4, tzinfo=UTC)))
        tx.inspections.add(an_inspection("C-1", "1", 50.0), "run")
        tx.inspections.add(an_inspection("C-2", "2", 60.0), "run")
        tx.inspections.add(an_inspection("C-1", "3", 70.0), "run")
    with store.reading() as tx:
        listed = [(contact.id, found.score.points) for contact, found in tx.inspections.list(period="2026-10")]
        assert listed == [("C-1", 70.0), ("C-2", 60.0)]
        assert [contact.id for contact, _ in tx.inspections.list(agent_id="8002")] == ["C-2"]
        assert list(tx.inspections.list(period="2026-09")) == []


def test_a_changed_kpi_supersedes_the_older_one_which_stays(store: Store) -> None:
    record = KpiRecord(indicator="csat", agent_id="8001", period="2026-10", value=0.9, n=40, source="a.csv")
    with store.transaction() as tx:
        assert tx.kpis.put(record) == "imported"
        assert tx.kpis.put(record) == "unchanged"
        assert tx.kpis.put(replace(record, value=0.95)) == "imported"
        assert tx.kpis.list(period="2026-10") == [replace(record, value=0.95)]
        assert tx.connection.execute(text("SELECT count(*) FROM kpi_record")).scalar() == 2
        assert tx.kpis.periods() == ["2026-10"]


def test_agents_keep_what_a_later_table_does_not_say(store: Store) -> None:
    with store.transaction() as tx:
        tx.agents.put(Agent(id="8001", name="林晓", team="A"))
        tx.agents.put(Agent(id="8001", team="B"))
        assert tx.agents.list() == [Agent(id="8001", name="林晓", team="B")]


def test_a_problem_is_replaced_and_cleared(store: Store) -> None:
    error = NeedsModel("No model for {language}.", hint="Run: {command}", language="zh", command="x")
    with store.transaction() as tx:
        tx.problems.put("/a.wav", "pending", error, "run-1", "C-1")
        tx.problems.put("/a.wav", "pending", error, "run-2", "C-1")
        (problem,) = tx.problems.list()
        assert (problem.type, problem.status, problem.params) == (
            "NeedsModel",
            "pending",
            {"language": "zh", "command": "x"},
        )
        tx.problems.clear("/a.wav")
        assert tx.problems.list() == []


def test_nothing_is_kept_of_a_transaction_that_fails(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction() as tx:
        tx.contacts.put(a_contact())
        raise RuntimeError
    with store.reading() as tx:
        assert list(tx.contacts.list()) == []


def test_two_writers_at_once_both_succeed(store: Store) -> None:
    def write(start: int) -> None:
        for number in range(start, start + 20):
            with store.transaction() as tx:
                tx.agents.put(Agent(id=f"{number:03d}"))

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as tx:
        assert len(tx.agents.list()) == 40


def test_a_database_held_by_somebody_else_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    path = tmp_path / "held.db"
    store = open_store(f"sqlite:///{path}", ZONE)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreLocked, match=r"held\.db"), store.transaction():
        pass
    holder.rollback()
    with store.transaction() as tx:
        tx.agents.put(Agent(id="8001"))
    store.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "callqa.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match=r"callqa\.db"):
        open_store(f"sqlite:///{path}", ZONE)


@pytest.mark.parametrize("url", ["", "nonsense", "oracle+nothing://x", "mysql://x/y"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="address"):
        open_store(url, ZONE)


def test_naive_times_are_refused(store: Store) -> None:
    with pytest.raises(Exception, match="naive"), store.transaction() as tx:
        tx.contacts.put(a_contact(started_at=datetime(2026, 10, 3)))  # noqa: DTZ001 -- the mistake under test


def limited(store: Store, pragma: str) -> None:
    """Put a limit of SQLite's own on every later connection of a store."""
    store.close()
    event.listen(store.engine, "connect", lambda connection, _: connection.execute(pragma).close())


def test_a_full_database_is_named_and_keeps_what_it_had(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'full.db'}", ZONE)
    with store.transaction() as tx:
        tx.agents.put(Agent(id="8001"))
    limited(store, "PRAGMA max_page_count = 1")
    with pytest.raises(StoreFull, match=r"full\.db"):
        for number in range(100):
            with store.transaction() as tx:
                tx.contacts.put(a_contact(f"C-{number}", sha256(str(number).encode()).hexdigest()[:1], team="t" * 5000))
    with store.reading() as tx:
        assert tx.agents.list() == [Agent(id="8001")]
    store.close()


def test_a_database_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'fixed.db'}", ZONE)
    limited(store, "PRAGMA query_only = ON")
    with pytest.raises(StoreReadOnly, match=r"fixed\.db"), store.transaction() as tx:
        tx.agents.put(Agent(id="8001"))
    store.close()


def test_a_database_of_the_first_version_keeps_its_contacts_and_can_be_filtered_by_flag(store_url: str) -> None:
    inspection = an_inspection()
    engine = create_engine(store_url)
    with engine.begin() as connection:
        command.upgrade(schema._config(connection), "0001")
        connection.execute(
            text(
                "INSERT INTO contact (id, content_sha256, kind, document, created_at) "
                "VALUES ('C-1', 'x', 'call', :document, '2026-10-01')"
            ),
            {"document": dump(a_contact()).decode()},
        )
        connection.execute(
            text(
                "INSERT INTO inspection (contact_id, scorecard_id, scorecard_version, rater, fingerprint, red_line, "
                "document, run_id, created_at) "
                "VALUES ('C-1', 's', 1, 'machine', 'f', :no, :document, 'r', '2026-10-01')"
            ),
            {"no": False, "document": dump(inspection).decode()},
        )
    engine.dispose()
    store = open_store(store_url, ZONE, upgrade=True)
    found = {flag: list_contacts(store, ContactFilter(flag=flag)).total for flag in Flag}
    assert found == {flag: int(flag in inspection.flags) for flag in Flag}
    with store.reading() as tx:
        assert count_unsearchable(tx.connection, 10) == 1
    store.close()
