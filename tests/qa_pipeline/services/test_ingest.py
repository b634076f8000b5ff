"""Ingest keeps contacts once, with their newest metadata, and remembers what was wrong until it is mended."""

from __future__ import annotations

from pathlib import Path

from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.services.ingest import Ingested, ingest_paths
from qa_pipeline.store import Store

WORDS = "坐席：您好，很高兴为您服务。\n客户：第{n}个问题。\n坐席：再见。\n"


def calls(folder: Path, count: int) -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"c{number}.txt").write_text(WORDS.format(n=number), encoding="utf-8")
    return folder


def ingest(store: Store, *paths: Path, metadata: Path | None = None) -> Ingested:
    return ingest_paths(store, list(paths), metadata, IntakeOptions(), "run")


def test_the_same_folder_twice_is_the_same_contacts(store: Store, tmp_path: Path) -> None:
    folder = calls(tmp_path / "calls", 3)
    first = ingest(store, folder)
    assert first.contact_ids == ingest(store, folder).contact_ids
    with store.reading() as tx:
        assert tx.contacts.count() == 3


def test_a_copy_under_another_name_counts_once(store: Store, tmp_path: Path) -> None:
    folder = calls(tmp_path / "calls", 2)
    (folder / "copy.txt").write_text(WORDS.format(n=0), encoding="utf-8")
    found = ingest(store, folder)
    assert len(found.contact_ids) == 2
    assert [duplicate.contact_id for duplicate in found.duplicates] == ["c0"]


def test_metadata_that_come_later_are_taken(store: Store, tmp_path: Path) -> None:
    folder = calls(tmp_path / "calls", 1)
    ingest(store, folder)
    table = tmp_path / "m.csv"
    table.write_text("录音文件,坐席工号,坐席姓名,班组,开始时间\nc0.txt,8001,林晓,一组,2026-10-03 09:05\n", "utf-8")
    ingest(store, folder, metadata=table)
    with store.reading() as tx:
        contact = tx.contacts.get("c0")
        assert (contact.agent_id, contact.team) == ("8001", "一组")
        assert [(agent.id, agent.name) for agent in tx.agents.list()] == [("8001", "林晓")]
        assert tx.contacts.periods() == ["2026-10"]


def test_each_wrong_row_is_kept_until_it_is_mended(store: Store, tmp_path: Path) -> None:
    folder = calls(tmp_path / "calls", 3)
    table = tmp_path / "m.csv"
    header = "file,agent,start\nc0.txt,8001,2026-10-03\n"
    table.write_text(header + "c1.txt,8001,2026-13-03\nc2.txt,8001,soon\n", "utf-8")
    found = ingest(store, folder, metadata=table)
    assert sorted((failure.error.row, failure.error.field) for failure in found.failed) == [(3, "start"), (4, "start")]
    with store.reading() as tx:
        assert [problem.subject for problem in tx.problems.list()] == [f"{folder}/c1.txt#3", f"{folder}/c2.txt#4"]
    table.write_text(header + "c1.txt,8001,2026-10-04\nc2.txt,8001,2026-10-05\n", "utf-8")
    assert ingest(store, folder, metadata=table).failed == []
    with store.reading() as tx:
        assert tx.problems.list() == []


def test_one_stated_id_for_two_contents_is_refused_and_the_rest_goes_on(store: Store, tmp_path: Path) -> None:
    folder = calls(tmp_path / "calls", 3)
    table = tmp_path / "m.csv"
    table.write_text("file,call id\nc0.txt,A\nc1.txt,B\nc2.txt,C\n", "utf-8")
    ingest(store, folder, metadata=table)
    (folder / "c1.txt").write_text(WORDS.format(n=99), encoding="utf-8")
    found = ingest(store, folder, metadata=table)
    assert [(type(failure.error).__name__, failure.error.field) for failure in found.failed] == [("Conflict", "id")]
    assert found.contact_ids == ["A", "C"]
