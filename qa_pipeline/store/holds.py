"""Criteria that do not score by themselves until a person releases them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from qa_pipeline.domain.cycle import CriterionHold
from qa_pipeline.errors import N_, Conflict, NotFound
from qa_pipeline.store import appraisal_tables
from qa_pipeline.store.documents import dump, load


class Holds:
    """Holds on criteria, each kept after its release; a criterion has one open hold at most."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, hold: CriterionHold) -> None:
        """Put a criterion on hold; raises Conflict when it is on hold already."""
        try:
            self._connection.execute(
                insert(appraisal_tables.criterion_hold).values(
                    scorecard_id=hold.scorecard_id,
                    criterion_id=hold.criterion_id,
                    document=dump(hold).decode(),
                    held_at=hold.held_at,
                    released_at=hold.released_at,
                )
            )
        except IntegrityError as problem:
            raise Conflict(
                N_("The criterion {criterion} of {scorecard} is on hold already."),
                hint=N_("`callqa calibration holds` shows since when and why."),
                scorecard=hold.scorecard_id,
                criterion=hold.criterion_id,
            ) from problem

    def release(self, scorecard_id: str, criterion_id: str, *, by: str, reason: str, at: datetime) -> CriterionHold:
        """End the open hold of a criterion and return it; raises NotFound when there is none."""
        hold = self.find_open(scorecard_id, criterion_id)
        if hold is None:
            raise NotFound(
                N_("The criterion {criterion} of {scorecard} is not on hold."),
                hint=N_("`callqa calibration holds` lists those that are."),
                scorecard=scorecard_id,
                criterion=criterion_id,
            )
        released = replace(hold, released_by=by, release_reason=reason, released_at=at)
        table = appraisal_tables.criterion_hold
        self._connection.execute(
            update(table)
            .where(
                table.c.scorecard_id == scorecard_id,
                table.c.criterion_id == criterion_id,
                table.c.released_at.is_(None),
            )
            .values(document=dump(released).decode(), released_at=at)
        )
        return released

    def find_open(self, scorecard_id: str, criterion_id: str) -> CriterionHold | None:
        """Return the hold that is in force on a criterion, or None."""
        table = appraisal_tables.criterion_hold
        document = self._connection.execute(
            select(table.c.document).where(
                table.c.scorecard_id == scorecard_id,
                table.c.criterion_id == criterion_id,
                table.c.released_at.is_(None),
            )
        ).scalar()
        return None if document is None else load(CriterionHold, document)

    def list(self) -> Sequence[CriterionHold]:
        """Return all holds, in force and released, in the order in which they came."""
        table = appraisal_tables.criterion_hold
        documents = self._connection.execute(select(table.c.document).order_by(table.c.id)).scalars()
        return [load(CriterionHold, document) for document in documents]
