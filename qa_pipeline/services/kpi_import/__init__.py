"""Importing indicator values from the tables that people have: one transaction per file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

from qa_pipeline.domain.performance import Agent, KpiRecord
from qa_pipeline.errors import N_, RowError
from qa_pipeline.intake.tables import read_table
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.kpi.mapping import read_mapping
from qa_pipeline.kpi.settle import Claim, settle
from qa_pipeline.services.kpi_import.calls import CallTable
from qa_pipeline.services.kpi_import.layout import Form, Layout, find_layout
from qa_pipeline.services.kpi_import.monthly import MonthlyTable
from qa_pipeline.services.kpi_import.reading import Reading
from qa_pipeline.services.report import check_period
from qa_pipeline.store import Store, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What became of a file.

    ``imported_count``: values that are new or differ from the one in force; ``replaced_count`` of them replaced an
    older value, which stays in the history. ``unchanged_count``: values that were there already, and repeated rows.
    ``rejected``: cells and rows that were refused, each with file, row, field and what to do.
    ``ignored_columns``: those that mean nothing to callqa.
    """

    form: Form
    imported_count: int
    replaced_count: int
    unchanged_count: int
    rejected: Sequence[RowError]
    new_agents: Sequence[str]
    periods: Sequence[str]
    ignored_columns: Sequence[str]


def import_kpis(
    store: Store,
    path: Path,
    *,
    mapping: Path | None = None,
    period: str | None = None,
    known_agents_only: bool = False,
) -> ImportResult:
    """Import a table of indicator values or of calls. The same file again changes nothing.

    Parameters
    ----------
    path : Path
        csv, tsv, jsonl (each also ``.gz``) or xlsx: long (agent, month, indicator, value), wide (a column per
        indicator) or one row per call.
    mapping : Path, optional
        Mapping file for columns whose headers callqa does not know.
    period : str, optional
        ``YYYY-MM`` for a table without a column of months; a table that has one keeps its own.
    known_agents_only : bool
        Refuse agents that no metadata and no earlier import has named; otherwise they are added.

    Raises
    ------
    TableError
        The whole table is of no use: no agent, no month, no indicator.
    MappingError
        The mapping file is wrong, or two columns mean the same.
    ConfigurationError
        `period` is no month.
    """
    if period is not None:
        check_period(period)
    reading, layout = _read(path, mapping, period, store.time_zone)
    settled = settle(reading.claims)
    rejected = [*reading.rejected, *settled.rejected]
    with store.transaction() as tx:
        known = {agent.id for agent in tx.agents.list()}
        claims = settled.claims
        if known_agents_only:
            claims, strangers = _split_known(claims, known)
            rejected += strangers
        counts = _keep(tx, [claim.record for claim in claims])
        kept_agents = {claim.record.agent_id for claim in claims}
        _keep_agents(tx, (agent for agent in reading.agents.values() if agent.id in kept_agents))
    return ImportResult(
        form=layout.form,
        imported_count=counts["imported"],
        replaced_count=counts["replaced"],
        unchanged_count=counts["unchanged"] + settled.repeated_count + reading.repeated_count,
        rejected=sorted(rejected, key=lambda error: error.row or 0),
        new_agents=sorted(kept_agents - known),
        periods=sorted({claim.record.period for claim in claims}),
        ignored_columns=layout.ignored,
    )


def _read(path: Path, mapping: Path | None, period: str | None, zone: ZoneInfo) -> tuple[Reading, Layout]:
    catalogue = shipped()
    table = read_table(path)
    layout = find_layout(table, catalogue, read_mapping(mapping, catalogue) if mapping else None, period)
    if layout.form is Form.CALLS:
        return CallTable(table, layout, catalogue, zone, path.name).read(), layout
    return MonthlyTable(table, layout, catalogue, period, path.name).read(), layout


def _keep(tx: Transaction, records: Sequence[KpiRecord]) -> dict[str, int]:
    before = {
        (record.agent_id, record.period, record.indicator)
        for period in {record.period for record in records}
        for record in tx.kpis.list(period=period)
    }
    counts = {"imported": 0, "replaced": 0, "unchanged": 0}
    for record in records:
        outcome = tx.kpis.put(record)
        counts[outcome] += 1
        if outcome == "imported" and (record.agent_id, record.period, record.indicator) in before:
            counts["replaced"] += 1
    return counts


def _keep_agents(tx: Transaction, agents: Iterable[Agent]) -> None:
    for agent in agents:
        tx.agents.put(agent)


def _split_known(claims: Sequence[Claim], known: set[str]) -> tuple[list[Claim], list[RowError]]:
    kept = [claim for claim in claims if claim.record.agent_id in known]
    # One refusal per row, however many indicators it holds.
    refused = {(claim.row, claim.record.agent_id): claim for claim in claims if claim.record.agent_id not in known}
    return kept, [_stranger(claim, known) for claim in refused.values()]


def _stranger(claim: Claim, known: set[str]) -> RowError:
    nearest = get_close_matches(claim.record.agent_id, sorted(known), n=1)
    return RowError(
        N_("The agent {agent} is not known."),
        hint=N_("The nearest known id is {nearest}.")
        if nearest
        else N_("Import metadata that name the agent first, or leave out --known-agents-only."),
        file=claim.file,
        row=claim.row,
        field="agent",
        agent=claim.record.agent_id,
        nearest=nearest[0] if nearest else "",
    )
