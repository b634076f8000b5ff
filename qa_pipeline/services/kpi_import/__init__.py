"""Importing indicator values from the tables that people have: one transaction per file."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.domain.period import check_month
from qa_pipeline.errors import N_, Message, RowError
from qa_pipeline.intake.tables import Place, read_table
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.kpi.forms import FINISHED, Form
from qa_pipeline.kpi.mapping import get_mapping
from qa_pipeline.kpi.parts import Fit, Part, fit
from qa_pipeline.kpi.parts import records as records_of
from qa_pipeline.kpi.settle import settle
from qa_pipeline.services.kpi_import.attendance import AttendanceTable
from qa_pipeline.services.kpi_import.calls import CallTable
from qa_pipeline.services.kpi_import.cells import check_plausible
from qa_pipeline.services.kpi_import.layout import Layout, find_layout
from qa_pipeline.services.kpi_import.monthly import MonthlyTable
from qa_pipeline.services.kpi_import.orders import OrderTable
from qa_pipeline.services.kpi_import.reading import Reading
from qa_pipeline.services.kpi_import.records import RecordTable, Source
from qa_pipeline.services.kpi_import.surveys import SurveyTable
from qa_pipeline.services.kpi_import.tickets import TicketTable
from qa_pipeline.store import Store, Transaction
from qa_pipeline.store.kpis import KpisKept, Subject

_TABLES: Mapping[Form, type[RecordTable]] = {
    Form.CALLS: CallTable,
    Form.TICKETS: TicketTable,
    Form.SURVEYS: SurveyTable,
    Form.ORDERS: OrderTable,
    Form.ATTENDANCE: AttendanceTable,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What became of a file.

    ``imported_count``: values that are new or differ from the one in force; ``replaced_count`` of them replaced an
    older value, which stays in the history. ``unchanged_count``: values that were there already, and repeated rows.
    ``rejected``: cells and rows that were refused, each with file, row, field and what to do.
    ``contradicted``: values that another source contradicts, by agent, month and indicator.
    ``without_value``: by indicator, how many agents and months of the file have nothing to count for it while others
    have. ``notes``: what the file as a whole leaves open. ``ignored_columns``: those that mean nothing to callqa.
    """

    form: Form
    imported_count: int
    replaced_count: int
    unchanged_count: int
    rejected: Sequence[RowError]
    contradicted: Sequence[Subject]
    without_value: Mapping[str, int]
    notes: Sequence[Message]
    new_agents: Sequence[str]
    periods: Sequence[str]
    ignored_columns: Sequence[str]


def import_kpis(
    store: Store,
    path: Path,
    *,
    mapping: str | Path | None = None,
    period: str | None = None,
    form: Form | None = None,
    replace: bool = False,
    known_agents_only: bool = False,
    now: dt.datetime | None = None,
) -> ImportResult:
    """Import a table of indicator values, or of calls, tickets, surveys, orders or shifts.

    The same file again changes nothing. Files with other days of a month add up to the month.

    Parameters
    ----------
    path : Path
        csv, tsv, jsonl (each also ``.gz``) or xlsx: long (agent, month, indicator, value), wide (a column per
        indicator) or with a row per thing.
    mapping : str or Path, optional
        Name of a mapping that ships, or a mapping file, for columns whose headers callqa does not know.
    period : str, optional
        ``YYYY-MM`` for a finished table without a column of months; a table that has one keeps its own.
    form : Form, optional
        What a row is, where the columns do not say it.
    replace : bool
        Let this file stand instead of what other sources say of the same agents, months and indicators, and instead
        of files that hold some of its days.
    known_agents_only : bool
        Refuse agents that no metadata and no earlier import has named; otherwise they are added.
    now : datetime, optional
        The present, for tests: what lies after it is refused.

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
        check_month(period)
    reading, layout = _read(path, mapping, period, form, store.time_zone, now or dt.datetime.now(dt.UTC))
    with store.transaction() as tx:
        known = {agent.id for agent in tx.agents.list()}
        take = _take_finished if layout.form in FINISHED else _take_parts
        taken = take(tx, path, reading, known if known_agents_only else None, replace=replace)
        agents = {agent_id for agent_id, _ in taken.subjects}
        tx.agents.put_all(agent for agent in reading.agents.values() if agent.id in agents)
    return ImportResult(
        form=layout.form,
        imported_count=taken.kept.imported_count,
        replaced_count=taken.kept.replaced_count,
        unchanged_count=taken.kept.unchanged_count + taken.repeated_count + reading.repeated_count,
        rejected=sorted([*reading.rejected, *taken.rejected], key=lambda error: error.row or 0),
        contradicted=taken.kept.contradicted,
        without_value=_without_value(reading.parts),
        notes=reading.notes,
        new_agents=sorted(agents - known),
        periods=sorted({month for _, month in taken.subjects}),
        ignored_columns=layout.ignored,
    )


def _read(
    path: Path, mapping: str | Path | None, period: str | None, form: Form | None, zone: ZoneInfo, now: dt.datetime
) -> tuple[Reading, Layout]:
    catalogue = shipped()
    table = read_table(path)
    mapped = get_mapping(str(mapping), catalogue) if mapping is not None else None
    layout = find_layout(table, catalogue, mapped, period, form)
    if layout.form in FINISHED:
        return MonthlyTable(table, layout, catalogue, period, path.name, f"{now.astimezone(zone):%Y-%m}").read(), layout
    source = Source(table=table, layout=layout, catalogue=catalogue, site_zone=zone, name=path.name, now=now)
    return _TABLES[layout.form](source).read(), layout


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    kept: KpisKept
    rejected: Sequence[RowError]
    repeated_count: int
    subjects: Collection[tuple[str, str]]


def _take_finished(tx: Transaction, path: Path, reading: Reading, known: set[str] | None, *, replace: bool) -> _Taken:
    settled = settle(reading.claims)
    # One refusal per row, however many indicators it holds.
    strangers = {
        (claim.row, claim.record.agent_id)
        for claim in settled.claims
        if known is not None and claim.record.agent_id not in known
    }
    records = [claim.record for claim in settled.claims if known is None or claim.record.agent_id in known]
    return _Taken(
        kept=tx.kpis.put_all(records, replace=replace),
        rejected=[*settled.rejected, *(_stranger(path, row, agent_id, known or set()) for row, agent_id in strangers)],
        repeated_count=settled.repeated_count,
        subjects={(record.agent_id, record.period) for record in records},
    )


def _take_parts(tx: Transaction, path: Path, reading: Reading, known: set[str] | None, *, replace: bool) -> _Taken:
    """Add the parts of a file to those that are kept, and state the months anew that they belong to."""
    parts = {(part.agent_id, part.period): part for part in reading.parts}
    strangers = {
        agent_id: reading.first_rows[agent_id, month]
        for agent_id, month in parts
        if known is not None and agent_id not in known
    }
    rejected = [_stranger(path, row, agent_id, known or set()) for agent_id, row in strangers.items()]
    form = reading.parts[0].form if reading.parts else ""
    stored = tx.kpis.parts(form, {month for _, month in parts})
    new: list[Part] = []
    ended: list[int] = []
    records: list[KpiRecord] = []
    subjects = []
    for subject, part in parts.items():
        if subject[0] in strangers:
            continue
        kept = stored.get(subject, {})
        outcome, met = fit(part, list(kept.values()), replace=replace)
        if outcome is Fit.REFUSED:
            rejected.append(_overlap(path, reading.first_rows[subject], part, met[0]))
            continue
        together = {number: other for number, other in kept.items() if other not in met}
        ended += kept.keys() - together.keys()
        new += [part] if outcome is not Fit.SAME else []
        stated = records_of([*together.values(), *([part] if outcome is not Fit.SAME else [])], shipped())
        plausible, refusals = _split_plausible(path, reading.first_rows[subject], stated)
        records += plausible
        rejected += refusals
        subjects.append(subject)
    tx.kpis.put_parts(new, ended)
    put = tx.kpis.put_all(records, replace=replace)
    if ended:
        kept_values = {(record.agent_id, record.period, record.indicator) for record in records}
        tx.kpis.withdraw(form, set(subjects), kept_values)
    return _Taken(kept=put, rejected=rejected, repeated_count=0, subjects=subjects)


def _split_plausible(
    path: Path, row: int, records: Iterable[KpiRecord]
) -> tuple[Sequence[KpiRecord], Sequence[RowError]]:
    """Return the values that can be, and the refusals of those that cannot; what gives them stands from `row` on.

    A share of counted rows can be anything: one repeated call of one is 100 %.
    """
    plausible, refused = [], []
    for record in records:
        definition = shipped()[record.indicator]
        try:
            if definition.unit != "ratio":
                check_plausible(record.value, Place(str(path), row, record.indicator), definition)
        except RowError as error:
            refused.append(error)
        else:
            plausible.append(record)
    return plausible, refused


def _overlap(path: Path, row: int, part: Part, other: Part) -> RowError:
    return RowError(
        N_(
            "{agent} in {period}: {source} holds some of the same days already ({count} rows, days {first} to {last}), "
            "and this file has {own_count} rows (days {own_first} to {own_last})."
        ),
        hint=N_(
            "Export the whole month, or days that no other file holds; --replace lets this file stand instead. "
            "Nothing of this agent and month was taken."
        ),
        file=str(path),
        row=row,
        field="agent",
        agent=part.agent_id,
        period=part.period,
        source=other.source,
        count=other.row_count,
        first=min(other.days),
        last=max(other.days),
        own_count=part.row_count,
        own_first=min(part.days),
        own_last=max(part.days),
    )


def _without_value(parts: Sequence[Part]) -> Mapping[str, int]:
    told = Counter(indicator for part in parts for indicator in part.moments)
    return {indicator: len(parts) - count for indicator, count in sorted(told.items()) if count < len(parts)}


def _stranger(path: Path, row: int, agent_id: str, known: Collection[str]) -> RowError:
    nearest = get_close_matches(agent_id, sorted(known), n=1)
    return RowError(
        N_("The agent {agent} is not known."),
        hint=N_("The nearest known id is {nearest}.")
        if nearest
        else N_("Import metadata that name the agent first, or leave out --known-agents-only."),
        file=str(path),
        row=row,
        field="agent",
        agent=agent_id,
        nearest=nearest[0] if nearest else "",
    )
