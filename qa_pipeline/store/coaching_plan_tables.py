"""The table of coaching plans, in the one metadata."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from qa_pipeline.store.tables import UtcMoment, metadata

coaching_plan = Table(
    "coaching_plan",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("agent_id", String(200), nullable=False, index=True),
    Column("selected_period", String(7), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("drafted_at", UtcMoment, nullable=False),
)
