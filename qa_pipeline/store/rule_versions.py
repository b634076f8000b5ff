"""Versions of rule files that people have saved: each number once, its text until the file stands in the folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from qa_pipeline.errors import N_, Conflict
from qa_pipeline.store.page_tables import rule_version as table


class RuleKind(StrEnum):
    """Kinds of rule files."""

    SCORECARD = "scorecard"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRule:
    """One saved version; ``text``: what its file holds."""

    kind: RuleKind
    rule_id: str
    version: int
    text: str


class RuleVersions:
    """The register of saved versions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, rule: SavedRule, at: datetime) -> None:
        """Keep a version; raises Conflict when somebody else has saved one of this number."""
        row = {"kind": rule.kind.value, "rule_id": rule.rule_id, "version": rule.version, "text": rule.text}
        try:
            self._connection.execute(insert(table).values(row | {"saved_at": at}))
        except IntegrityError as problem:
            raise Conflict(
                N_("Somebody else has saved version {version} of {id} at the same moment."),
                hint=N_("Read it, and give this one the next number."),
                id=rule.rule_id,
                version=rule.version,
            ) from problem

    def newest(self, kind: RuleKind, rule_id: str) -> int:
        """Return the greatest number that was saved, 0 without any."""
        query = select(func.max(table.c.version)).where(table.c.kind == kind.value, table.c.rule_id == rule_id)
        return self._connection.execute(query).scalar() or 0

    def waiting(self) -> Sequence[SavedRule]:
        """Return the versions whose files are yet to be written."""
        query = select(table).where(table.c.text.is_not(None)).order_by(table.c.kind, table.c.rule_id, table.c.version)
        return [
            SavedRule(kind=RuleKind(row.kind), rule_id=row.rule_id, version=row.version, text=row.text)
            for row in self._connection.execute(query)
        ]

    def end_waiting(self, rule: SavedRule) -> None:
        """Let go of the text of a version: its file stands in the folder."""
        query = update(table).where(
            table.c.kind == rule.kind.value, table.c.rule_id == rule.rule_id, table.c.version == rule.version
        )
        self._connection.execute(query.values(text=None))
