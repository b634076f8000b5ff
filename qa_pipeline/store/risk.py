"""Attrition risk: departures, figures of personnel, the checklist, models, runs and what they say of whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, tuple_, update

from qa_pipeline.domain.risk import (
    Departure,
    DepartureKind,
    FittedModel,
    RiskChecklist,
    RiskPrediction,
    RiskRun,
    StaffFigure,
)
from qa_pipeline.store import risk_tables as tables
from qa_pipeline.store.documents import dump, load

_ONLY = 1
_PART = 200  # databases limit the length of a list


class Risk:
    """What the risk module keeps; nothing else reads it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put_departures(self, departures: Iterable[Departure]) -> tuple[int, int]:
        """Keep departures; returns how many are new or different, and how many were there as they are."""
        known = {(each.agent_id, each.left_on): each.kind for each in self.departures()}
        rows = {(one.agent_id, one.left_on): one for one in departures}
        changed = [one for key, one in rows.items() if known.get(key) is not one.kind]
        self._replace(
            tables.departure,
            ("agent_id", "left_on"),
            [
                {"agent_id": one.agent_id, "left_on": one.left_on, "kind": one.kind.value, "source": one.source}
                for one in changed
            ],
        )
        return len(changed), len(rows) - len(changed)

    def departures(self, agent_id: str | None = None) -> Sequence[Departure]:
        """Return departures by agent and day."""
        table = tables.departure
        query = select(table).order_by(table.c.agent_id, table.c.left_on)
        if agent_id is not None:
            query = query.where(table.c.agent_id == agent_id)
        return [
            Departure(agent_id=row.agent_id, left_on=row.left_on, kind=DepartureKind(row.kind), source=row.source)
            for row in self._connection.execute(query)
        ]

    def put_figures(self, figures: Iterable[StaffFigure]) -> tuple[int, int]:
        """Keep figures, each in place of the older of its agent, month and name; returns (new or different, same)."""
        rows = {(one.agent_id, one.month, one.name): one for one in figures}
        months = sorted({month for _, month, _ in rows})
        known = {(one.agent_id, one.month, one.name): one for one in self.figures(months[0])} if months else {}
        changed = [one for key, one in rows.items() if known.get(key) != one]
        self._replace(
            tables.staff_figure,
            ("agent_id", "month", "name"),
            [{name: getattr(one, name) for name in StaffFigure.__dataclass_fields__} for one in changed],
        )
        return len(changed), len(rows) - len(changed)

    def figures(self, first_month: str = "", agent_id: str | None = None) -> Sequence[StaffFigure]:
        """Return the figures of months from one on."""
        table = tables.staff_figure
        query = select(table).where(table.c.month >= first_month).order_by(table.c.agent_id, table.c.month)
        if agent_id is not None:
            query = query.where(table.c.agent_id == agent_id)
        return [StaffFigure(**row) for row in self._connection.execute(query).mappings()]

    def _replace(self, table: Table, key: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
        columns = [table.c[name] for name in key]
        for start in range(0, len(rows), _PART):
            part = rows[start : start + _PART]
            values = [tuple(row[name] for name in key) for row in part]
            self._connection.execute(delete(table).where(tuple_(*columns).in_(values)))
            self._connection.execute(insert(table), part)

    def checklist(self) -> RiskChecklist:
        """Return the checklist as it stands."""
        query = select(tables.checklist.c.document).where(tables.checklist.c.id == _ONLY)
        found = self._connection.execute(query).scalar()
        return load(RiskChecklist, found) if found is not None else RiskChecklist()

    def set_checklist(self, checklist: RiskChecklist) -> None:
        """Keep the checklist in place of the one before."""
        document = dump(checklist).decode()
        change = update(tables.checklist).where(tables.checklist.c.id == _ONLY).values(document=document)
        if self._connection.execute(change).rowcount == 0:
            self._connection.execute(insert(tables.checklist).values(id=_ONLY, document=document))

    def put_model(self, model: FittedModel) -> None:
        """Keep what is known of a fitted model; the same model fitted again takes the newer time."""
        table = tables.fitted_model
        self._connection.execute(delete(table).where(table.c.version == model.version))
        row = {"version": model.version, "fitted_at": model.fitted_at, "document": dump(model).decode()}
        self._connection.execute(insert(table).values(row))

    def models(self) -> Sequence[FittedModel]:
        """Return fitted models, the newest first."""
        table = tables.fitted_model
        query = select(table.c.document).order_by(table.c.fitted_at.desc(), table.c.version)
        return [load(FittedModel, document) for document in self._connection.execute(query).scalars()]

    def add_run(self, run: RiskRun, predictions: Sequence[RiskPrediction]) -> None:
        """Keep a run with what it says of everybody."""
        row = {"id": run.id, "as_of": run.as_of, "scored_at": run.scored_at, "document": dump(run).decode()}
        self._connection.execute(insert(tables.run).values(row))
        rows = [{"run_id": one.run_id, "agent_id": one.agent_id, "document": dump(one).decode()} for one in predictions]
        if rows:
            self._connection.execute(insert(tables.prediction), rows)

    def runs(self) -> Sequence[RiskRun]:
        """Return runs, the newest first."""
        query = select(tables.run.c.document).order_by(tables.run.c.scored_at.desc(), tables.run.c.id)
        return [load(RiskRun, document) for document in self._connection.execute(query).scalars()]

    def predictions(self, run_id: str | None = None, agent_id: str | None = None) -> Sequence[RiskPrediction]:
        """Return what a run says of everybody, or what all runs say of somebody, by run and agent."""
        table = tables.prediction
        query = select(table.c.document).order_by(table.c.run_id, table.c.agent_id)
        if run_id is not None:
            query = query.where(table.c.run_id == run_id)
        if agent_id is not None:
            query = query.where(table.c.agent_id == agent_id)
        return [load(RiskPrediction, document) for document in self._connection.execute(query).scalars()]

    def drop_agent(self, agent_id: str) -> int:
        """Take away all that is kept about an agent; returns how many rows there were."""
        about = (tables.prediction, tables.departure, tables.staff_figure)
        return sum(
            self._connection.execute(delete(table).where(table.c.agent_id == agent_id)).rowcount for table in about
        )
