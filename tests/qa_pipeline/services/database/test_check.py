"""What is wrong with a database is named with what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from qa_pipeline.services.database.check import check_database
from qa_pipeline.services.database.upgrade import upgrade_database
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.conftest import ZONE
from tests.qa_pipeline.services.database.site import fill


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactFolder:
    return ArtifactFolder(tmp_path / "artifacts")


@pytest.fixture
def filled(store: Store, artifacts: ArtifactFolder) -> Store:
    fill(store, artifacts)
    return store


def kinds(store: Store, artifacts: ArtifactFolder) -> list[str]:
    return [fault.kind for fault in check_database(store, artifacts).faults]


def test_a_sound_database_has_no_fault(filled: Store, artifacts: ArtifactFolder) -> None:
    found = check_database(filled, artifacts)
    assert found.faults == ()
    assert (found.contacts_count, found.artifacts_count, found.unnamed_files_count, found.audit_count) == (5, 5, 0, 3)


def test_missing_and_unnamed_files(filled: Store, artifacts: ArtifactFolder) -> None:
    gone, other = artifacts.path("transcribe", f"{101:064x}"), artifacts.path("listen", "a" * 64)
    gone.unlink()
    other.parent.mkdir(parents=True)
    other.write_text("{}", encoding="utf-8")
    found = check_database(filled, artifacts)
    assert [fault.kind for fault in found.faults] == ["artifacts"]
    assert str(gone) in str(found.faults[0].problem)
    assert found.unnamed_files_count == 1


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM contact_listing WHERE contact_id = 'C-2'",
        "UPDATE contact_listing SET inspection_id = NULL WHERE contact_id = 'C-2'",
    ],
)
def test_lists_that_show_less_are_mended_by_upgrading(
    filled: Store, artifacts: ArtifactFolder, store_url: str, statement: str
) -> None:
    with filled.transaction() as tx:
        tx.connection.execute(text(statement))
    assert kinds(filled, artifacts) == ["listing"]
    assert upgrade_database(store_url, ZONE).refreshed_count == 1
    assert kinds(filled, artifacts) == []


def test_what_cannot_be_searched(filled: Store, artifacts: ArtifactFolder) -> None:
    with filled.transaction() as tx:
        tx.connection.execute(text("UPDATE contact_listing SET is_searchable = NOT is_searchable"))
    assert kinds(filled, artifacts) == ["search"]


def test_a_table_that_somebody_has_changed(filled: Store, artifacts: ArtifactFolder) -> None:
    with filled.transaction() as tx:
        tx.connection.execute(text("ALTER TABLE problem ADD COLUMN own_note VARCHAR(20)"))
    assert kinds(filled, artifacts) == ["schema"]


def test_a_broken_chain_of_the_audit(filled: Store, artifacts: ArtifactFolder) -> None:
    with filled.transaction() as tx:
        if filled.engine.dialect.name == "sqlite":
            tx.connection.execute(text("DROP TRIGGER audit_entry_no_update"))
        else:
            tx.connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        tx.connection.execute(text("UPDATE audit_entry SET actor = 'somebody' WHERE number = 2"))
    assert kinds(filled, artifacts) == ["audit"]


def test_rows_of_nothing(filled: Store, artifacts: ArtifactFolder) -> None:
    if filled.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL lets nobody make them")
    with sqlite3.connect(str(filled.engine.url.database)) as connection:  # which checks no references
        connection.execute("DELETE FROM contact_listing WHERE contact_id = 'C-4'")
        connection.execute("DELETE FROM contact WHERE id = 'C-4'")
    assert kinds(filled, artifacts) == ["orphans"]
