"""The table of feedback talks, in the one metadata."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text, UniqueConstraint

from qa_pipeline.store.tables import UtcMoment, metadata

talk = Table(
    "talk",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("agent_id", String(200), nullable=False),
    Column("period", String(7), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("drafted_at", UtcMoment, nullable=False),
    UniqueConstraint("agent_id", "period"),
)
