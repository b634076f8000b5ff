"""Tables of webhooks, in the one metadata."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from qa_pipeline.store.tables import UtcMoment, metadata

webhook = Table(
    "webhook",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("url", String(2000), nullable=False),
    Column("kinds", Text, nullable=False),  # each between spaces
    Column("is_active", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    # Readable, because messages are signed with them.
    Column("secret", String(200), nullable=False),
    Column("previous_secret", String(200)),
    Column("previous_until", UtcMoment),
    # Whoever delivers holds the webhook until then, so that nobody else delivers to it at the same time.
    Column("held_until", UtcMoment),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String(60), nullable=False, unique=True),
    Column("webhook_id", String(40), ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(60), nullable=False),
    Column("subject", String(400), nullable=False),
    Column("document", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    Column("due_at", UtcMoment, nullable=False),
    Column("tried_at", UtcMoment),
    Column("status", Integer),
    Column("problem", String(40)),
    Index("ix_webhook_delivery_webhook_id", "webhook_id", "number"),
    Index("ix_webhook_delivery_state", "state", "webhook_id", "subject"),
)
