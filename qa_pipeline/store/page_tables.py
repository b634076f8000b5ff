"""Tables of saved views and of rule files on their way into the site's folder, in the one metadata."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from qa_pipeline.store.tables import UtcMoment, metadata

saved_view = Table(
    "saved_view",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user_id", String(40), ForeignKey("user_account.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("path", String(200), nullable=False),
    Column("query", Text, nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    UniqueConstraint("user_id", "path", "name"),
)

rule_version = Table(
    "rule_version",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("rule_id", String(200), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", Text),  # until its file stands in the folder
    Column("saved_at", UtcMoment, nullable=False),
)
