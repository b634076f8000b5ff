"""Tables of the review queue and of calibration sessions, in the one metadata."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, String, Table, Text, text

from qa_pipeline.store.tables import UtcMoment, metadata

_OPEN = text("ended_at IS NULL")

review_claim = Table(
    "review_claim",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("contact_id", String(200), ForeignKey("contact.id"), nullable=False, index=True),
    Column("purpose", String(20), nullable=False),
    # Empty but for calibration, where each member has a claim of the same contact.
    Column("seat", String(200), nullable=False),
    Column("claimant", String(200), nullable=False, index=True),
    Column("selection", String(20), nullable=False),
    Column("inclusion_probability", Float),
    Column("sample_id", String(60), ForeignKey("sample.id")),
    Column("session_id", String(60), ForeignKey("calibration_session.id")),
    Column("blind", Boolean, nullable=False),
    Column("claimed_at", UtcMoment, nullable=False),
    Column("expires_at", UtcMoment, nullable=False),
    Column("ended_at", UtcMoment),
    Column("end", String(20)),
    # Of two people who take the same contact at once, the second finds the place taken.
    Index(
        "uq_review_claim_open",
        "contact_id",
        "purpose",
        "seat",
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
)

calibration_session = Table(
    "calibration_session",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("sample_id", String(60), ForeignKey("sample.id"), nullable=False, index=True),
    Column("document", Text, nullable=False),
    Column("opened_at", UtcMoment, nullable=False),
)

calibration_member = Table(
    "calibration_member",
    metadata,
    Column("session_id", String(60), ForeignKey("calibration_session.id"), primary_key=True),
    Column("member", String(200), primary_key=True, index=True),
)
