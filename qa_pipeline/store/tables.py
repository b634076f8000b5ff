"""The one metadata. Rows keep searchable columns beside the whole domain value as a JSON document."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcMoment(TypeDecorator[datetime]):
    """An aware UTC time; SQLite keeps it without zone, so the zone is taken off and put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times, which would mean another instant on another machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive time")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Put UTC back on."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def spaced(words: Iterable[str]) -> str:
    """Return words in one text, each between spaces, so that one is found as a part of it and never inside another."""
    joined = " ".join(words)
    return f" {joined} " if joined else ""


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

agent = Table(
    "agent",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("name", String(200)),
    Column("team", String(200)),
    Column("role", String(60)),
)

contact = Table(
    "contact",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("content_sha256", String(64), nullable=False, unique=True),
    Column("kind", String(10), nullable=False),
    Column("language", String(20)),
    Column("agent_id", String(200), index=True),
    Column("team", String(200)),
    Column("queue", String(200)),
    Column("started_at", UtcMoment),
    Column("period", String(7), index=True),
    Column("document", Text, nullable=False),
    Column("created_at", UtcMoment, nullable=False),
)

inspection = Table(
    "inspection",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("contact_id", String(200), ForeignKey("contact.id"), nullable=False),
    Column("scorecard_id", String(100), nullable=False),
    Column("scorecard_version", Integer, nullable=False),
    Column("rater", String(200), nullable=False),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("points", Float),
    Column("passed", Boolean),
    Column("red_line", Boolean, nullable=False),
    Column("flags", String(400), nullable=False, server_default=""),  # each between spaces
    Column("document", Text, nullable=False),
    Column("run_id", String(40), nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    Column("review_need", Float, nullable=False, server_default="0"),
    Index("ix_inspection_contact_id_scorecard_id", "contact_id", "scorecard_id"),
    Index("ix_inspection_review_need_contact_id", "review_need", "contact_id"),
)

UTTERANCE_INDEX = "utterance_index"  # and what SQLite keeps for it under longer names

# What was said, masked, for searching. Beside it stands an index of the tokens that each database has in its own way
# (migration 0002); it follows the rows by itself.
utterance = Table(
    "utterance",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("contact_id", String(200), ForeignKey("contact.id", ondelete="CASCADE"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("role", String(10), nullable=False),
    Column("start_s", Float),
    Column("end_s", Float),
    Column("text", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("tokens", Text, nullable=False),
    UniqueConstraint("contact_id", "place"),
)

artifact = Table(
    "artifact",
    metadata,
    Column("contact_id", String(200), ForeignKey("contact.id"), primary_key=True),
    Column("stage", String(20), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("created_at", UtcMoment, nullable=False),
)

kpi_record = Table(
    "kpi_record",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("indicator", String(100), nullable=False),
    Column("agent_id", String(200), nullable=False),
    Column("period", String(7), nullable=False, index=True),
    Column("value", Float, nullable=False),
    Column("n", Integer),
    Column("sd", Float),
    Column("source", String(400), nullable=False),
    Column("imported_at", UtcMoment, nullable=False),
    Column("superseded_at", UtcMoment),
    # The values that a new one replaces; null in rows that are older than this column and mean their source.
    Column("origin", String(400)),
    Index("ix_kpi_record_agent_id_period_indicator", "agent_id", "period", "indicator"),
)

kpi_part = Table(
    "kpi_part",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("form", String(20), nullable=False),
    Column("agent_id", String(200), nullable=False),
    Column("period", String(7), nullable=False),
    Column("document", Text, nullable=False),
    Column("imported_at", UtcMoment, nullable=False),
    Column("superseded_at", UtcMoment),
    Index("ix_kpi_part_period_form", "period", "form"),
)

evaluation = Table(
    "evaluation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agent_id", String(200), nullable=False),
    Column("period", String(7), nullable=False),
    Column("template_id", String(100), nullable=False),
    Column("template_version", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("total", Float),
    Column("document", Text, nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    UniqueConstraint("agent_id", "period", "template_id", "fingerprint"),
    Index("ix_evaluation_period_template_id", "period", "template_id"),
)

run = Table(
    "run",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("command", String(60), nullable=False),
    Column("started_at", UtcMoment, nullable=False),
    Column("ended_at", UtcMoment),
    Column("totals", JSON),
)

problem = Table(
    "problem",
    metadata,
    Column("subject", String(1000), primary_key=True),
    Column("contact_id", String(200)),
    Column("status", String(10), nullable=False),
    Column("type", String(60), nullable=False),
    Column("message", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("params", JSON, nullable=False),
    Column("run_id", String(40), nullable=False),
    Column("at", UtcMoment, nullable=False),
)
