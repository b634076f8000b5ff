"""The chain of the audit: what is done to it behind callqa's back is found at the right number."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from qa_pipeline.domain.audit import AuditFilter, Event
from qa_pipeline.errors import ConfigurationError, InputError
from qa_pipeline.report.cells import FORMULA_STARTS, csv_text
from qa_pipeline.services.audit import Break, list_entries, verify_file, verify_store, write_export
from qa_pipeline.store import Store
from qa_pipeline.store.audit import FIRST, digest_of

NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)


def _fill(store: Store, count: int = 8) -> None:
    with store.transaction() as tx:
        for number in range(1, count + 1):
            event = Event(
                actor="hr" if number % 2 else "qa",
                role="hr",
                action="contact.view" if number % 4 else "period.publish",
                subject=f"C-{number:03d}",
                details={"count": number, "ratio": 0.1 * number, "name": '"head" = 王芳'},
            )
            tx.audit.append(event, NOON + timedelta(minutes=number))


def _tamper(store: Store, *statements: str) -> None:
    """Do what somebody with the rights of the database's owner can do."""
    with store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_entry_no_update"))
            connection.execute(text("DROP TRIGGER audit_entry_no_delete"))
        else:
            connection.execute(text("DROP TRIGGER audit_entry_guard ON audit_entry"))
        for statement in statements:
            connection.execute(text(statement))


def test_an_untouched_chain_is_whole(store: Store) -> None:
    """All entries hold, and the head is that of the newest."""
    assert verify_store(store).head == FIRST
    _fill(store)
    found = verify_store(store)
    newest = list_entries(store, AuditFilter(), limit=1)[0]
    assert (found.count, found.broken, found.head, newest.number) == (8, None, newest.digest, 8)


@pytest.mark.parametrize("statement", ["DELETE FROM audit_entry", "UPDATE audit_entry SET actor = 'x'"])
def test_the_database_refuses_to_change_entries(store: Store, statement: str) -> None:
    """What is written stays, whoever asks through the application's own connection."""
    _fill(store, 2)
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statements", "number", "how"),
    [
        (["UPDATE audit_entry SET document = replace(document, 'C-005', 'C-999') WHERE number = 5"], 5, Break.CHANGED),
        # The columns, by which entries are found, lie while document and digest are untouched.
        (["UPDATE audit_entry SET actor = 'nobody' WHERE number = 3"], 3, Break.CHANGED),
        (["UPDATE audit_entry SET at = '2026-11-02 09:00:00' WHERE number = 6"], 6, Break.CHANGED),
        (["DELETE FROM audit_entry WHERE number = 4"], 4, Break.MISSING),
        (["DELETE FROM audit_entry WHERE number < 3"], 1, Break.MISSING),
        (
            [
                "UPDATE audit_entry SET number = 100 WHERE number = 3",
                "UPDATE audit_entry SET number = 3 WHERE number = 6",
                "UPDATE audit_entry SET number = 6 WHERE number = 100",
            ],
            3,
            Break.REORDERED,
        ),
    ],
)
def test_what_was_done_to_it_is_named(store: Store, statements: list[str], number: int, how: Break) -> None:
    """The first number where the chain breaks, and how."""
    _fill(store)
    _tamper(store, *statements)
    found = verify_store(store)
    assert (found.number, found.broken, found.count) == (number, how, number - 1)
    message = found.message()
    assert message is not None
    assert str(number) in message.render()


def test_an_entry_with_a_digest_of_its_own_does_not_follow(store: Store) -> None:
    """Whoever replaces entry 4 and reckons its digest anew breaks the link of entry 5."""
    _fill(store)
    with store.reading() as tx:
        row = next(row for row in tx.audit.rows() if row["number"] == 4)
    document = row["document"].replace("C-004", "C-404")
    digest = digest_of(4, row["previous_digest"], document)
    quoted = document.replace("'", "''").replace(":", "\\:")
    _tamper(
        store, f"UPDATE audit_entry SET document = '{quoted}', digest = '{digest}', subject = 'C-404' WHERE number = 4"
    )
    found = verify_store(store)
    assert (found.number, found.broken) == (5, Break.FOREIGN)


def test_a_noted_digest_proves_that_the_end_is_there(store: Store) -> None:
    """Without it, entries that are missing at the end leave a chain that is whole."""
    _fill(store)
    noted = verify_store(store).head
    _tamper(store, "DELETE FROM audit_entry WHERE number > 6")
    assert verify_store(store).is_whole
    found = verify_store(store, noted)
    assert (found.number, found.broken) == (7, Break.CUT_OFF)


def test_a_clock_that_was_put_back_is_a_remark(store: Store) -> None:
    """It breaks nothing."""
    _fill(store, 3)
    with store.transaction() as tx:
        tx.audit.append(Event(actor="hr", role="hr", action="x.y", subject="s"), NOON - timedelta(hours=1))
    found = verify_store(store)
    assert (found.is_whole, found.backward, found.backward_count) == (True, (4,), 1)


def test_entries_are_listed_newest_first(store: Store) -> None:
    """By number, with filters; an action that ends with a full stop is a group."""
    _fill(store)
    wanted = AuditFilter(
        actor="hr", action="contact.", since=NOON + timedelta(minutes=2), until=NOON + timedelta(minutes=7)
    )
    assert [one.number for one in list_entries(store, wanted)] == [5, 3]
    assert [one.number for one in list_entries(store, AuditFilter(), before=4, limit=2)] == [3, 2]
    assert [one.number for one in list_entries(store, AuditFilter(action="period.publish"))] == [8, 4]


def test_an_export_is_verified_by_itself(store: Store, tmp_path: Path) -> None:
    """Whole or filtered; a changed, missing or cut-off line is found."""
    _fill(store)
    path = tmp_path / "audit.jsonl"
    assert write_export(store, AuditFilter(), path) == 8
    lines = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["head"] == verify_store(store).head
    assert verify_file(path) == verify_store(store)
    for changed, number, how in (
        ([*lines[:2], lines[2].replace("C-003", "C-333"), *lines[3:]], 3, Break.CHANGED),
        ([*lines[:4], *lines[5:]], 5, Break.MISSING),
        ([*lines[:6], lines[-1]], 7, Break.CUT_OFF),
    ):
        path.write_text("\n".join(changed) + "\n", encoding="utf-8")
        found = verify_file(path)
        assert (found.number, found.broken) == (number, how)
    some = tmp_path / "some.jsonl"
    assert write_export(store, AuditFilter(actor="qa"), some) == 4
    assert verify_file(some).count == 4
    some.write_text(some.read_text(encoding="utf-8").replace("C-006", "C-666"), encoding="utf-8")
    assert (verify_file(some).number, verify_file(some).broken) == (6, Break.CHANGED)


def test_files_that_are_no_export_are_refused(store: Store, tmp_path: Path) -> None:
    """With a sentence that names the file."""
    for content in ("", "hello\n", '{"number": 1}\n'):
        (tmp_path / "x.jsonl").write_text(content)
        with pytest.raises(InputError, match="no whole export"):
            verify_file(tmp_path / "x.jsonl")
    (tmp_path / "x.jsonl").write_text('nothing\n{"head": "0", "number": 0, "filters": {}}\n')
    with pytest.raises(InputError, match="Line 1"):
        verify_file(tmp_path / "x.jsonl")
    with pytest.raises(ConfigurationError, match=r"\.pdf"):
        write_export(store, AuditFilter(), tmp_path / "audit.pdf")


def test_a_table_evaluates_nothing(store: Store, tmp_path: Path) -> None:
    """A subject that looks like a formula stays text."""
    with store.transaction() as tx:
        tx.audit.append(Event(actor="=1+1", role="hr", action="x.y", subject="@SUM(A1)"), NOON)
    path = tmp_path / "audit.csv"
    assert write_export(store, AuditFilter(), path) == 1
    assert ",'=1+1," in path.read_text(encoding="utf-8-sig")
    assert ",'@SUM(A1)," in path.read_text(encoding="utf-8-sig")


@given(st.text())
def test_no_cell_begins_like_a_formula(text: str) -> None:
    """Whatever people write."""
    assert not csv_text(text).startswith(FORMULA_STARTS)
