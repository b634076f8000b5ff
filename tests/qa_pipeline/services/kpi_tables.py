"""What tests of imports share: writing a table, and reading what came of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.services.kpi_import import ImportResult
from qa_pipeline.store import Store

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def write(folder: Path, text: str, name: str = "table.csv") -> Path:
    """Write a table and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def records(store: Store) -> dict[tuple[str, str], KpiRecord]:
    """Return the values in force by agent and indicator, of one month."""
    with store.reading() as tx:
        return {(one.agent_id, one.indicator): one for one in tx.kpis.list()}


def figures(store: Store, agent_id: str = "A1") -> dict[str, tuple[float, int | None]]:
    """Return value (rounded) and n by indicator of one agent."""
    found = records(store).items()
    return {indicator: (round(one.value, 6), one.n) for (agent, indicator), one in found if agent == agent_id}


def refused(result: ImportResult) -> list[tuple[int | None, str | None]]:
    """Return row and field of what was refused."""
    return [(error.row, error.field) for error in result.rejected]
