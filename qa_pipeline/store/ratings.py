"""What people say about people: ratings, critical incidents, and objectives with their check-ins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from qa_pipeline.domain.cycle import Incident, Objective, Progress, Rating
from qa_pipeline.domain.performance import RaterClass
from qa_pipeline.store import appraisal_tables
from qa_pipeline.store.documents import dump, load

_RATING = ("agent_id", "period", "rater_id", "rater_class", "indicator", "value", "comment", "source", "rated_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRating:
    """A rating, and when a later one of the same rater took its place."""

    rating: Rating
    superseded_at: datetime | None


class Ratings:
    """Ratings; of one rater on one agent, period and indicator the newest is in force."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, rating: Rating) -> str:
        """Keep a rating: "added", "replaced" (another by the same rater, which stays as history), or "unchanged".

        Where it came from and when makes no difference of its own.
        """
        table = appraisal_tables.rating
        query = select(table).where(
            table.c.agent_id == rating.agent_id,
            table.c.period == rating.period,
            table.c.rater_id == rating.rater_id,
            table.c.indicator == rating.indicator,
            table.c.superseded_at.is_(None),
        )
        in_force = self._connection.execute(query).mappings().first()
        content = ("rater_class", "value", "comment")
        if in_force is not None and all(in_force[name] == getattr(rating, name) for name in content):
            return "unchanged"
        if in_force is not None:
            changed = update(table).where(table.c.id == in_force["id"]).values(superseded_at=rating.rated_at)
            self._connection.execute(changed)
        values: dict[str, Any] = {name: getattr(rating, name) for name in _RATING}
        self._connection.execute(insert(table).values(values | {"rater_class": rating.rater_class.value}))
        return "added" if in_force is None else "replaced"

    def list(self, period: str | None = None, agent_id: str | None = None) -> Sequence[Rating]:
        """Return the ratings in force, in the order in which they came."""
        return [one.rating for one in self._select(period, agent_id, in_force=True)]

    def history(self, period: str | None = None, agent_id: str | None = None) -> Sequence[RecordedRating]:
        """Return all ratings that there ever were, in the order in which they came."""
        return self._select(period, agent_id, in_force=False)

    def _select(self, period: str | None, agent_id: str | None, *, in_force: bool) -> Sequence[RecordedRating]:
        table = appraisal_tables.rating
        query = select(table).order_by(table.c.id)
        if period is not None:
            query = query.where(table.c.period == period)
        if agent_id is not None:
            query = query.where(table.c.agent_id == agent_id)
        if in_force:
            query = query.where(table.c.superseded_at.is_(None))
        return [_recorded(row) for row in self._connection.execute(query).mappings()]


class Incidents:
    """Critical incidents, appended; whether one was withdrawn is its latest transition."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, incident: Incident) -> bool:
        """Append an incident; False when it is there already."""
        if self.find(incident.id) is not None:
            return False
        self._connection.execute(
            insert(appraisal_tables.incident).values(
                id=incident.id,
                agent_id=incident.agent_id,
                happened_on=incident.happened_on,
                kind=incident.kind.value,
                document=dump(incident).decode(),
                recorded_at=incident.recorded_at,
            )
        )
        return True

    def find(self, incident_id: str) -> Incident | None:
        """Return an incident or None."""
        table = appraisal_tables.incident
        document = self._connection.execute(select(table.c.document).where(table.c.id == incident_id)).scalar()
        return None if document is None else load(Incident, document)

    def list(
        self, agent_id: str | None = None, since: date | None = None, until: date | None = None
    ) -> Sequence[Incident]:
        """Return incidents from `since` to `until`, both included, by day; withdrawn ones too."""
        table = appraisal_tables.incident
        query = select(table.c.document).order_by(table.c.happened_on, table.c.recorded_at, table.c.id)
        if agent_id is not None:
            query = query.where(table.c.agent_id == agent_id)
        if since is not None:
            query = query.where(table.c.happened_on >= since)
        if until is not None:
            query = query.where(table.c.happened_on <= until)
        return [load(Incident, document) for (document,) in self._connection.execute(query)]


class Objectives:
    """Objectives by agent and period, with what was reported on their key results."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, objective: Objective) -> None:
        """Keep an objective, in place of the one with its id."""
        table = appraisal_tables.objective
        values = {
            "agent_id": objective.agent_id,
            "period": objective.period,
            "document": dump(objective).decode(),
            "created_at": objective.created_at,
        }
        if self.find(objective.id) is None:
            self._connection.execute(insert(table).values(values | {"id": objective.id}))
        else:
            self._connection.execute(update(table).where(table.c.id == objective.id).values(values))

    def find(self, objective_id: str) -> Objective | None:
        """Return an objective or None."""
        table = appraisal_tables.objective
        document = self._connection.execute(select(table.c.document).where(table.c.id == objective_id)).scalar()
        return None if document is None else load(Objective, document)

    def list(self, agent_id: str | None = None, period: str | None = None) -> Sequence[Objective]:
        """Return objectives by agent, period and id."""
        table = appraisal_tables.objective
        query = select(table.c.document).order_by(table.c.agent_id, table.c.period, table.c.id)
        if agent_id is not None:
            query = query.where(table.c.agent_id == agent_id)
        if period is not None:
            query = query.where(table.c.period == period)
        return [load(Objective, document) for (document,) in self._connection.execute(query)]

    def add_progress(self, progress: Progress) -> bool:
        """Append a check-in; False when the same is there already."""
        table = appraisal_tables.progress
        names = ("objective_id", "key_result_id", "value", "note", "reported_by", "reported_at")
        values = {name: getattr(progress, name) for name in names}
        same = select(table.c.id).where(*(table.c[name] == value for name, value in values.items()))
        if self._connection.execute(same).first() is not None:
            return False
        self._connection.execute(insert(table).values(values))
        return True

    def progress(self, objective_ids: Sequence[str]) -> Mapping[str, Sequence[Progress]]:
        """Return the check-ins of objectives by their id, oldest first; at one moment, as recorded."""
        table = appraisal_tables.progress
        query = select(table).where(table.c.objective_id.in_(objective_ids)).order_by(table.c.reported_at, table.c.id)
        found: dict[str, list[Progress]] = defaultdict(list)
        for row in self._connection.execute(query).mappings():
            found[row["objective_id"]].append(Progress(**{name: row[name] for name in row if name != "id"}))
        return found


def _recorded(row: RowMapping) -> RecordedRating:
    values = {name: row[name] for name in _RATING}
    rating = Rating(**(values | {"rater_class": RaterClass(row["rater_class"])}))
    return RecordedRating(rating=rating, superseded_at=row["superseded_at"])
