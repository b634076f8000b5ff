"""A backup of either database goes back into either, whole or not at all."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from zipfile import ZipFile

import pytest
from sqlalchemy import JSON, Boolean, Date, Float, Integer, String, create_engine, text

from callqa.cli.main import main
from qa_pipeline.errors import ConfigurationError, Conflict, InputError
from qa_pipeline.services.audit import verify_store
from qa_pipeline.services.contact_list import ContactFilter
from qa_pipeline.services.database.backup import restore_backup, write_backup
from qa_pipeline.services.search import search_contacts
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store, open_store, schema
from qa_pipeline.store.tables import UtcMoment, metadata
from tests import factories
from tests.conftest import ZONE
from tests.qa_pipeline.services.database.site import NOW, add_contact, everything, files, fill


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactFolder:
    return ArtifactFolder(tmp_path / "artifacts")


@pytest.fixture
def filled(store: Store, artifacts: ArtifactFolder) -> Store:
    fill(store, artifacts)
    return store


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def target_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of another empty database, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'target.db'}"
        return
    server = request.getfixturevalue("postgres_url")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE callqa_target"))
    yield server.replace("/postgres?", "/callqa_target?", 1)
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE callqa_target WITH (FORCE)"))
    admin.dispose()


def test_every_kind_of_column_is_one_that_backups_write_and_read() -> None:
    """A column of another kind needs a way into JSON and back, and a row in `fill`."""
    known = (String, Integer, Float, Boolean, Date, UtcMoment, JSON)
    columns = [column for table in metadata.tables.values() for column in table.columns]
    assert [str(column) for column in columns if not isinstance(column.type, known)] == []


def test_a_site_moves_between_databases_with_everything(
    filled: Store, artifacts: ArtifactFolder, target_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "site.zip"
    made = write_backup(filled, file, NOW, artifacts)
    restore_backup(file, target_url, ZONE, artifacts=ArtifactFolder(tmp_path / "moved"))
    moved = open_store(target_url, ZONE)
    assert everything(moved) == everything(filled)
    assert made.manifest.rows_count == sum(map(len, everything(moved).values()))
    assert files(tmp_path / "moved") == files(artifacts.root)
    assert search_contacts(moved, "退款", ContactFilter()).total == 5
    assert verify_store(moved).is_whole and verify_store(moved).count == 3
    with moved.transaction() as tx:  # numbers go on behind those that have come
        assert tx.inspections.add(factories.inspection("C-1", fingerprint="9" * 64), "r")
        assert schema.differences(tx.connection) == []
    moved.close()


def test_a_database_that_holds_something_is_not_replaced_unasked(
    filled: Store, artifacts: ArtifactFolder, target_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "site.zip"
    write_backup(filled, file, NOW)
    target = open_store(target_url, ZONE)
    with target.transaction() as tx:
        add_contact(tx, artifacts, 77)
    before = everything(target)
    with pytest.raises(Conflict, match="not empty"):
        restore_backup(file, target_url, ZONE)
    assert everything(target) == before
    restore_backup(file, target_url, ZONE, replace=True)
    target.close()
    target = open_store(target_url, ZONE)
    assert everything(target) == everything(filled)
    target.close()


def damaged(change: Callable[[dict[str, bytes]], None], file: Path) -> None:
    """Write the backup anew with other content."""
    with ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _other_row(parts: dict[str, bytes]) -> None:
    parts["tables/contact.jsonl"] = parts["tables/contact.jsonl"].replace(b"C-1", b"C-9")


def _row_less(parts: dict[str, bytes]) -> None:
    parts["tables/agent.jsonl"] = b""


def _table_less(parts: dict[str, bytes]) -> None:
    del parts["tables/review.jsonl"]


def _no_manifest(parts: dict[str, bytes]) -> None:
    del parts["manifest.json"]


def _later_format(parts: dict[str, bytes]) -> None:
    parts["manifest.json"] = parts["manifest.json"].replace(b'"format": 1', b'"format": 2')


def _newer_schema(parts: dict[str, bytes]) -> None:
    parts["manifest.json"] = json.dumps(json.loads(parts["manifest.json"]) | {"revision": "9999"}).encode()


@pytest.mark.parametrize(
    "change",
    [_other_row, _row_less, _table_less, _no_manifest, _later_format, _newer_schema],
    ids=lambda one: one.__name__,
)
def test_a_damaged_backup_touches_nothing(
    filled: Store, store_url: str, change: Callable[[dict[str, bytes]], None], tmp_path: Path
) -> None:
    file = tmp_path / "site.zip"
    write_backup(filled, file, NOW)
    damaged(change, file)
    before = everything(filled)
    with pytest.raises(InputError) as caught:
        restore_backup(file, store_url, ZONE, replace=True)
    assert caught.value.file == str(file)
    assert everything(filled) == before


def test_files_that_are_no_backups_are_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    (tmp_path / "text.zip").write_text("not a zip", encoding="utf-8")
    for name in ("missing.zip", "text.zip"):
        with pytest.raises(InputError) as refused:
            restore_backup(tmp_path / name, url, ZONE)
        assert refused.value.file == str(tmp_path / name) and "{" not in refused.value.render()
    assert not (tmp_path / "x.db").exists()


def test_stage_outputs_stay_below_their_folder(filled: Store, artifacts: ArtifactFolder, tmp_path: Path) -> None:
    file = tmp_path / "site.zip"
    write_backup(filled, file, NOW, artifacts)

    def escape(parts: dict[str, bytes]) -> None:
        manifest = json.loads(parts["manifest.json"])
        old = manifest["artifacts"][0]["name"]
        manifest["artifacts"][0]["name"] = "artifacts/../../escaped.json"
        parts["artifacts/../../escaped.json"] = parts.pop(old)
        parts["manifest.json"] = json.dumps(manifest).encode()

    damaged(escape, file)
    with pytest.raises(InputError):
        restore_backup(file, f"sqlite:///{tmp_path / 'x.db'}", ZONE, artifacts=ArtifactFolder(tmp_path / "a" / "b"))
    assert not list(tmp_path.rglob("escaped.json"))


def test_a_backup_without_stage_outputs_gives_none(filled: Store, tmp_path: Path) -> None:
    file = tmp_path / "site.zip"
    write_backup(filled, file, NOW)
    with pytest.raises(ConfigurationError, match="no stage outputs"):
        restore_backup(file, f"sqlite:///{tmp_path / 'x.db'}", ZONE, artifacts=ArtifactFolder(tmp_path / "a"))


def test_a_backup_is_of_one_moment_while_others_write(filled: Store, artifacts: ArtifactFolder, tmp_path: Path) -> None:
    # Each contact is written in one transaction with its inspection: a backup has both or neither.
    stop = Event()

    def work() -> None:
        number = 100
        while not stop.is_set():
            with filled.transaction() as tx:
                add_contact(tx, artifacts, number)
            number += 1

    writer = Thread(target=work)
    writer.start()
    try:
        for place in range(3):
            file = tmp_path / f"{place}.zip"
            write_backup(filled, file, NOW)
            with ZipFile(file) as archive:
                counts = {name: archive.read(f"tables/{name}.jsonl").count(b"\n") for name in ("contact", "inspection")}
            assert counts["contact"] == counts["inspection"]
            url = f"sqlite:///{tmp_path / f'{place}.db'}"
            restore_backup(file, url, ZONE)  # whatever it refers to is there
    finally:
        stop.set()
        writer.join()


# Says when it begins, for the start of a process takes longer than what is to be killed.
_CHILD = """
import sys
from datetime import datetime
from pathlib import Path
from qa_pipeline.services.database.backup import restore_backup, write_backup
from qa_pipeline.store import open_store
from tests.conftest import ZONE
what, url, file, now = sys.argv[1:]
store = open_store(url, ZONE) if what == "backup" else None
print("ready", flush=True)
if store is not None:
    write_backup(store, Path(file), datetime.fromisoformat(now))
else:
    restore_backup(Path(file), url, ZONE, replace=True)
"""


@pytest.mark.faults
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_killed_at_any_moment_there_is_no_half_of_anything(
    filled: Store,
    artifacts: ArtifactFolder,
    store_url: str,
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with filled.transaction() as tx:
        for number in range(10, 210):
            add_contact(tx, artifacts, number)
    full, file = everything(filled), tmp_path / "site.zip"
    began = time.monotonic()
    write_backup(filled, file, NOW)
    length_s = time.monotonic() - began
    with filled.transaction() as tx:
        add_contact(tx, artifacts, 999)
    grown = everything(filled)
    filled.close()
    command = [sys.executable, "-c", _CHILD, what, store_url, str(file), NOW.isoformat()]
    for share in (0.3, 0.7):
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(share * length_s)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        after = open_store(store_url, ZONE)
        assert everything(after) in (full, grown)
        after.close()
        restored = tmp_path / f"{what}-{share}.db"
        restore_backup(file, f"sqlite:///{restored}", ZONE)  # the file is whole
    monkeypatch.setenv("CALLQA_DATABASE_URL", store_url)
    assert main(["db", what, str(file), *(["--replace"] if what == "restore" else [])]) == 0
