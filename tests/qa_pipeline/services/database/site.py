"""A small site with something in many tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Table

from qa_pipeline.domain.audit import Event
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.errors import InputError
from qa_pipeline.scoring.full_text import searchable
from qa_pipeline.services.database.portable import lines_of, tables_of
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests import factories

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
WORDS = "我的退款超时了"
_TABLES: dict[str, Sequence[Table]] = {}


def fill(store: Store, artifacts: ArtifactFolder, count: int = 5) -> None:
    """Put contacts with what belongs to them, values, an account and audit entries into a store."""
    with store.transaction() as tx:
        tx.runs.start("r", "score")
        tx.runs.end("r", {"done": float(count)})
        tx.runs.start("open", "score")
        for agent in factories.agents():
            tx.agents.put(agent)
        for number in range(count):
            add_contact(tx, artifacts, number)
        tx.problems.put("bad.wav", "failed", InputError("Broken {n}.", n=3), "r")
        tx.kpis.put(KpiRecord(indicator="csat", agent_id="A01", period="2026-10", value=0.1 + 0.2, n=7, source="s.csv"))
        tx.evaluations.put(factories.evaluation("A01", 90.25))
        for agent_id, until in (("A01", date(2026, 12, 31)), ("A02", None)):
            tx.assignments.put(
                Assignment(
                    agent_id=agent_id,
                    role="agent",
                    team="一组",
                    template_id=None,
                    valid_from=date(2026, 10, 1),
                    valid_to=until,
                    source="roster.csv",
                )
            )
        for number in range(3):
            tx.audit.append(Event(actor="lin", role="qa", action="contact.view", subject=f"C-{number}"), NOW)


def add_contact(tx: Any, artifacts: ArtifactFolder, number: int) -> None:
    """Put one contact with its inspection, its words and its stage output."""
    contact = factories.contact(f"C-{number}", started_at=None if number == 3 else factories.FIRST_OF_OCTOBER)
    tx.contacts.put(contact)
    tx.inspections.add(factories.inspection(contact.id, fingerprint=f"{number:064x}"), "r")
    transcript = factories.transcript([(Role.CUSTOMER, WORDS), (Role.AGENT, f"第{number}句：\u2028“引号”\\n")])
    identity = f"{number + 100:064x}"
    artifacts.write(transcript, "transcribe", identity)
    tx.artifacts.put(contact.id, {"transcribe": identity, "search": identity})
    tx.utterances.put(contact.id, searchable(transcript))


def everything(store: Store) -> dict[str, list[bytes]]:
    """Return all rows of all tables, as backups write them."""
    with store.reading() as tx:
        kind = tx.connection.dialect.name
        if kind not in _TABLES:  # asking a database for them takes longer than reading all rows of these
            _TABLES[kind] = tables_of(tx.connection)
        return {table.name: list(lines_of(tx.connection, table)) for table in _TABLES[kind]}


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
