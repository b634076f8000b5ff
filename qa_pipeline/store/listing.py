"""Keeping the narrow row of each contact that lists filter and sort by, and conditions on it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, case, false, func, insert, or_, select, update

from qa_pipeline.access import Reach
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.store import appraisal_tables, tables
from qa_pipeline.store.documents import load
from qa_pipeline.store.listing_tables import NO_TIME, contact_listing

# Stage under which the artifacts of a contact name the annotation that its searchable words were taken from.
INDEXED = "search"
_AFTER_ALL = "\U0010ffff"  # no text goes on with it


class Listing:
    """The rows of lists; whoever changes a contact, its agent's team, inspections or reviews says so here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, contact: Contact, period: str | None) -> None:
        """Keep what the metadata of a contact say."""
        table = contact_listing
        row = {
            "sort_at": contact.started_at or NO_TIME,
            "period": period,
            "kind": contact.kind.value,
            "agent_id": contact.agent_id,
            "team": contact.team or self._team_of_agent(contact.agent_id),
            "folded_id": folded(contact.id),
            "folded_agent_id": folded(contact.agent_id) if contact.agent_id else None,
        }
        language = case((table.c.inspection_id.is_(None), contact.language), else_=table.c.language)
        changed = self._connection.execute(
            update(table).where(table.c.contact_id == contact.id).values(row | {"language": language})
        )
        if not changed.rowcount:
            first = {"contact_id": contact.id, "language": contact.language}
            self._connection.execute(insert(table).values(row | first))

    def judge(self, inspection_id: int, inspection: Inspection) -> None:
        """Keep what the newest inspection of a contact says."""
        self._change(inspection.contact_id, **_judgement(inspection_id, inspection))

    def mark(self, contact_id: str, *, reviewed: bool = False, searchable: bool = False) -> None:
        """Keep that a contact was reviewed by a person, or that its words can be searched."""
        marks = {"is_reviewed": reviewed, "is_searchable": searchable}
        self._change(contact_id, **{name: True for name, wanted in marks.items() if wanted})

    def move(self, agent_id: str, team: str) -> None:
        """Keep that an agent's contacts without a team of their own belong to this one now."""
        table = contact_listing
        own = select(tables.contact.c.id).where(tables.contact.c.agent_id == agent_id, tables.contact.c.team.is_(None))
        self._connection.execute(
            update(table).where(table.c.agent_id == agent_id, table.c.contact_id.in_(own)).values(team=team)
        )

    def refresh(self, contact_id: str) -> None:
        """Read a contact, its inspections and its reviews anew, after rows of theirs were changed or deleted."""
        contact, inspection = tables.contact, tables.inspection
        row = self._connection.execute(
            select(contact.c.document, contact.c.period).where(contact.c.id == contact_id)
        ).first()
        if row is None:
            return  # its row has gone with it
        self.put(load(Contact, row.document), row.period)
        newest = self._connection.execute(
            select(inspection.c.id, inspection.c.document)
            .where(inspection.c.contact_id == contact_id)
            .order_by(inspection.c.id.desc())
            .limit(1)
        ).first()
        language = load(Contact, row.document).language
        judged = (
            _judgement(newest.id, load(Inspection, newest.document)) if newest else _UNJUDGED | {"language": language}
        )
        self._change(contact_id, **judged, **self._marks(contact_id))

    def missing(self, limit: int) -> list[str]:
        """Return ids of contacts without a row, at most `limit`."""
        has_row = select(contact_listing.c.contact_id).where(contact_listing.c.contact_id == tables.contact.c.id)
        query = select(tables.contact.c.id).where(~has_row.exists()).order_by(tables.contact.c.id).limit(limit)
        return list(self._connection.execute(query).scalars())

    def stale(self, limit: int) -> list[str]:
        """Return ids of contacts whose row shows another inspection than the newest, at most `limit`."""
        table, inspection = contact_listing.c, tables.inspection.c
        newest = select(func.max(inspection.id)).where(inspection.contact_id == table.contact_id).scalar_subquery()
        differs = func.coalesce(table.inspection_id, 0) != func.coalesce(newest, 0)
        query = select(table.contact_id).where(differs).order_by(table.contact_id).limit(limit)
        return list(self._connection.execute(query).scalars())

    def team_of(self, contact_id: str) -> str | None:
        """Return the team that a contact belongs to: its own, else its agent's."""
        found = select(contact_listing.c.team).where(contact_listing.c.contact_id == contact_id)
        team: str | None = self._connection.execute(found).scalar()
        return team

    def _marks(self, contact_id: str) -> dict[str, bool]:
        reviews, artifacts = appraisal_tables.review, tables.artifact
        reviewed = select(reviews.c.id).where(reviews.c.contact_id == contact_id).limit(1)
        indexed = select(artifacts.c.stage).where(artifacts.c.contact_id == contact_id, artifacts.c.stage == INDEXED)
        return {
            "is_reviewed": self._connection.execute(reviewed).first() is not None,
            "is_searchable": self._connection.execute(indexed).first() is not None,
        }

    def _team_of_agent(self, agent_id: str | None) -> str | None:
        if agent_id is None:
            return None
        team: str | None = self._connection.execute(
            select(tables.agent.c.team).where(tables.agent.c.id == agent_id)
        ).scalar()
        return team

    def _change(self, contact_id: str, **values: Any) -> None:
        if values:
            table = contact_listing
            self._connection.execute(update(table).where(table.c.contact_id == contact_id).values(values))


_UNJUDGED: dict[str, Any] = {
    "inspection_id": None,
    "points": None,
    "passed": None,
    "red_line": None,
    "flags": "",
    "undetermined_count": None,
    "duration_s": None,
}


def _judgement(inspection_id: int, inspection: Inspection) -> dict[str, Any]:
    score = inspection.score
    return {
        "inspection_id": inspection_id,
        "language": inspection.language,
        "points": score.points,
        "passed": score.passed,
        "red_line": bool(score.fatal),
        "flags": tables.spaced(flag.value for flag in inspection.flags),
        "undetermined_count": score.undetermined_count,
        "duration_s": inspection.facts.duration_s,
    }


def folded(name: str) -> str:
    """Return an id as it is compared, case aside."""
    return name.casefold()[:200]


def within_reach(reach: Reach) -> ColumnElement[bool] | None:
    """Return the condition that a contact is within somebody's reach, None where everything is."""
    if reach.everything:
        return None
    whose: list[ColumnElement[bool]] = []
    if reach.teams:
        whose.append(contact_listing.c.team.in_(sorted(reach.teams)))
    if reach.agent_id is not None:
        whose.append(contact_listing.c.agent_id == reach.agent_id)
    return or_(*whose) if whose else false()


def begins_with(written: str) -> ColumnElement[bool]:
    """Return the condition that the id of a contact or of its agent begins so, case aside."""
    first = folded(written)
    columns = (contact_listing.c.folded_id, contact_listing.c.folded_agent_id)
    return or_(*(column.between(first, first + _AFTER_ALL) for column in columns))


def count_unsearchable(connection: Connection, limit: int) -> int:
    """Return how many inspected contacts were never made searchable, at most `limit`."""
    table = contact_listing
    some = select(table.c.contact_id).where(table.c.inspection_id.is_not(None), ~table.c.is_searchable).limit(limit)
    return int(connection.execute(select(func.count()).select_from(some.subquery())).scalar_one())
