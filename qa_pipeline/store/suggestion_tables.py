"""The table of suggestions, in the one metadata."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from qa_pipeline.store.tables import UtcMoment, metadata

suggestion = Table(
    "suggestion",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("agent_id", String(200), nullable=False, index=True),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("filed_at", UtcMoment, nullable=False),
)
