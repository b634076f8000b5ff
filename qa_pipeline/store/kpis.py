"""Indicator values and the parts of months they come from; what is replaced stays in the history."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, Select, Table, insert, select, update

from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.kpi.parts import Part
from qa_pipeline.kpi.precedence import agree, in_force
from qa_pipeline.store import tables
from qa_pipeline.store.documents import dump, load

# More agents than this are looked up by month, as databases limit the length of a list.
_MAX_LISTED = 200
_MAX_INSERTED = 10_000  # rows that are written out at a time
_SAME = 1e-9

# Where a row that is not stored yet stands among those that are.
_NEWEST = -1

Subject = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KpisKept:
    """How many values were new or different, how many of them replaced others, how many were there already.

    ``contradicted``: kept values that another source contradicts, by agent, month and indicator.
    """

    imported_count: int
    replaced_count: int
    unchanged_count: int
    contradicted: Sequence[Subject]


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiConflict:
    """Sources that contradict each other on one agent, month and indicator: the value that counts, then the others."""

    counting: KpiRecord
    others: Sequence[KpiRecord]


class Kpis:
    """Indicator values. Each source has one value in force per agent, month and indicator."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, record: KpiRecord) -> str:
        """Keep a value: "imported", or "unchanged" when it is there already."""
        return "imported" if self.put_all([record]).imported_count else "unchanged"

    def put_all(self, records: Sequence[KpiRecord], *, replace: bool = False) -> KpisKept:
        """Keep values: one query per month and one insertion, however many there are.

        A value supersedes the older one of its origin. Values of other origins stay beside it, unless `replace`. A
        value that another origin states with the same count and spread is not kept a second time. `records` hold one
        per agent, month and indicator.
        """
        sides = self._sides(records)
        new: list[KpiRecord] = []
        ended: list[int] = []
        replaced = unchanged = 0
        for record in records:
            found = sides[_subject(record)]
            own = {row_id: side for row_id, side in found.items() if _origin(side) == _origin(record)}
            known = next((row_id for row_id, side in (own or found).items() if _is_same(side, record)), None)
            leaving = [row_id for row_id in (found if replace else own) if row_id != known]
            for row_id in leaving:
                del found[row_id]
            ended += leaving
            replaced += bool(leaving)
            unchanged += known is not None and not leaving
            if known is None:
                new.append(record)
                found[_NEWEST] = record
        self._end(tables.kpi_record, ended)
        self._insert(new)
        return KpisKept(
            imported_count=len(records) - unchanged,
            replaced_count=replaced,
            unchanged_count=unchanged,
            contradicted=[subject for subject, found in sides.items() if in_force(list(found.values())).notes],
        )

    def _sides(self, records: Sequence[KpiRecord]) -> dict[Subject, dict[int, KpiRecord]]:
        wanted: dict[Subject, dict[int, KpiRecord]] = {_subject(record): {} for record in records}
        by_period: dict[str, set[str]] = defaultdict(set)
        for record in records:
            by_period[record.period].add(record.agent_id)
        table = tables.kpi_record
        for period, agents in by_period.items():
            query = _values().where(table.c.period == period)
            if len(agents) <= _MAX_LISTED:
                query = query.where(table.c.agent_id.in_(sorted(agents)))
            for row in self._connection.execute(query):
                found = wanted.get((row.agent_id, row.period, row.indicator))
                if found is not None:
                    found[row.id] = _record(row)
        return wanted

    def _by_subject(
        self, period: str | None = None, agent_id: str | None = None, indicator: str | None = None
    ) -> Sequence[Sequence[KpiRecord]]:
        table = tables.kpi_record
        query = _values()
        for column, value in ((table.c.period, period), (table.c.agent_id, agent_id), (table.c.indicator, indicator)):
            if value is not None:
                query = query.where(column == value)
        sides: dict[Subject, list[KpiRecord]] = defaultdict(list)
        for row in self._connection.execute(query):
            record = _record(row)
            sides[_subject(record)].append(record)
        return [sides[subject] for subject in sorted(sides)]

    def list(
        self, period: str | None = None, agent_id: str | None = None, indicator: str | None = None
    ) -> Sequence[KpiRecord]:
        """Return the value that counts for each agent, period and indicator; its notes name sources that differ."""
        return [in_force(sides) for sides in self._by_subject(period, agent_id, indicator)]

    def conflicts(self, period: str | None = None) -> Sequence[KpiConflict]:
        """Return where sources contradict each other by more than rounding."""
        return [
            KpiConflict(counting=best, others=[one for one in sides if not agree(one, best)])
            for sides in self._by_subject(period)
            if (best := in_force(sides)).notes
        ]

    def withdraw(self, origin: str, subjects: Collection[tuple[str, str]], except_for: Collection[Subject]) -> int:
        """End the values of an origin for these agents and months, but for those named; return how many ended."""
        ended = []
        for period in {period for _, period in subjects}:
            for row in self._connection.execute(_values().where(tables.kpi_record.c.period == period)):
                record = _record(row)
                if (
                    _origin(record) == origin
                    and (record.agent_id, record.period) in subjects
                    and _subject(record) not in except_for
                ):
                    ended.append(row.id)
        self._end(tables.kpi_record, ended)
        return len(ended)

    def periods(self) -> Sequence[str]:
        """Return the months that have values, oldest first."""
        column = tables.kpi_record.c.period
        return self._connection.execute(select(column).distinct().order_by(column)).scalars().all()

    def parts(self, form: str, periods: Collection[str]) -> dict[tuple[str, str], dict[int, Part]]:
        """Return the parts in force of a form by agent and month, each by its number."""
        table = tables.kpi_part
        found: dict[tuple[str, str], dict[int, Part]] = defaultdict(dict)
        for period in sorted(periods):
            rows = self._connection.execute(
                select(table.c.id, table.c.document)
                .where(table.c.form == form, table.c.period == period, table.c.superseded_at.is_(None))
                .order_by(table.c.id)
            )
            for row in rows:
                part = load(Part, row.document)
                found[part.agent_id, part.period][row.id] = part
        return found

    def put_parts(self, parts: Iterable[Part], superseded: Sequence[int]) -> None:
        """Keep parts, and end those that they replace."""
        now = datetime.now(UTC)
        self._end(tables.kpi_part, superseded)
        rows = [
            {
                "form": part.form,
                "agent_id": part.agent_id,
                "period": part.period,
                "document": dump(part).decode(),
                "imported_at": now,
            }
            for part in parts
        ]
        if rows:
            self._connection.execute(insert(tables.kpi_part), rows)

    def _insert(self, records: Sequence[KpiRecord]) -> None:
        now = datetime.now(UTC)
        for start in range(0, len(records), _MAX_INSERTED):
            rows = [
                {
                    "indicator": record.indicator,
                    "agent_id": record.agent_id,
                    "period": record.period,
                    "value": record.value,
                    "n": record.n,
                    "sd": record.sd,
                    "source": record.source,
                    "origin": _origin(record),
                    "imported_at": now,
                }
                for record in records[start : start + _MAX_INSERTED]
            ]
            self._connection.execute(insert(tables.kpi_record), rows)

    def _end(self, table: Table, row_ids: Sequence[int]) -> None:
        now = datetime.now(UTC)
        for start in range(0, len(row_ids), _MAX_LISTED):
            chunk = row_ids[start : start + _MAX_LISTED]
            self._connection.execute(update(table).where(table.c.id.in_(chunk)).values(superseded_at=now))


def _values() -> Select[tuple[int, str, str, str, float, int | None, float | None, str, str | None]]:
    table = tables.kpi_record
    return (
        select(
            table.c.id,
            table.c.indicator,
            table.c.agent_id,
            table.c.period,
            table.c.value,
            table.c.n,
            table.c.sd,
            table.c.source,
            table.c.origin,
        )
        .where(table.c.superseded_at.is_(None))
        .order_by(table.c.id)
    )


def _record(row: Row[tuple[int, str, str, str, float, int | None, float | None, str, str | None]]) -> KpiRecord:
    return KpiRecord(
        indicator=row.indicator,
        agent_id=row.agent_id,
        period=row.period,
        value=row.value,
        n=row.n,
        sd=row.sd,
        source=row.source,
        origin=row.origin if row.origin and row.origin != row.source else "",
    )


def _subject(record: KpiRecord) -> Subject:
    return record.agent_id, record.period, record.indicator


def _origin(record: KpiRecord) -> str:
    return record.origin or record.source


def _is_same(one: KpiRecord, other: KpiRecord) -> bool:
    if one.n != other.n or (one.sd is None) != (other.sd is None):
        return False
    pairs = ((one.value, other.value), (one.sd or 0.0, other.sd or 0.0))
    return all(math.isclose(left, right, rel_tol=_SAME, abs_tol=_SAME) for left, right in pairs)
