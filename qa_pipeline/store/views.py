"""Saved views of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from qa_pipeline.domain.view import SavedView
from qa_pipeline.errors import N_, Conflict, NotFound
from qa_pipeline.store.page_tables import saved_view as table

VIEWS_MAX = 200  # of one person


class SavedViews:
    """What people have saved, each for themselves."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, view: SavedView) -> None:
        """Keep a view; raises Conflict when the person has one of this name, or too many."""
        count = select(func.count()).select_from(table).where(table.c.user_id == view.user_id)
        if self._connection.execute(count).scalar_one() >= VIEWS_MAX:
            raise Conflict(
                N_("You have saved {max} views already."), hint=N_("Delete some that you no longer use."), max=VIEWS_MAX
            )
        try:
            self._connection.execute(insert(table).values(asdict(view)))
        except IntegrityError as problem:
            raise Conflict(
                N_("You have a view named {name} already."),
                hint=N_("Choose another name, or delete the other one first."),
                field="name",
                name=view.name,
            ) from problem

    def list(self, user_id: str, path: str | None = None) -> Sequence[SavedView]:
        """Return the views of a person by name, those of one page where `path` is given."""
        query = select(table).where(table.c.user_id == user_id).order_by(table.c.name, table.c.id)
        if path is not None:
            query = query.where(table.c.path == path)
        return [SavedView(**row) for row in self._connection.execute(query).mappings()]

    def remove(self, view_id: str, user_id: str) -> None:
        """Delete a view of a person; raises NotFound when they have none of this id."""
        found = self._connection.execute(delete(table).where(table.c.id == view_id, table.c.user_id == user_id))
        if found.rowcount == 0:
            raise NotFound(N_("There is nothing with the id {id} that you may see."), id=view_id)

    def remove_all(self, user_id: str) -> None:
        """Delete the views of a person."""
        self._connection.execute(delete(table).where(table.c.user_id == user_id))
