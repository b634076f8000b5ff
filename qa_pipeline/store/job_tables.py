"""Tables of the jobs, in the one metadata."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from qa_pipeline.store.tables import UtcMoment, metadata

job = Table(
    "job",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("params", JSON, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    Column("started_at", UtcMoment),
    Column("ended_at", UtcMoment),
    Column("worker", String(200)),
    Column("lease_until", UtcMoment),
    Column("cancel_requested_at", UtcMoment),
    Column("cancel_requested_by", String(200)),
    Column("attempts", Integer, nullable=False),
    Column("total_count", Integer),
    Column("finished_count", Integer, nullable=False),
    Column("current", Text, nullable=False),
    Column("newest_item", Integer, nullable=False),
    Column("result", JSON),
    Column("problem", JSON),
    Index("ix_job_state_created_at", "state", "created_at"),
    Index("ix_job_created_at", "created_at"),
)

job_item = Table(
    "job_item",
    metadata,
    Column("job_id", String(40), ForeignKey("job.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("subject_digest", String(64), nullable=False),  # paths may be too long for an index
    Column("contact_id", String(200)),
    Column("outcome", String(20), nullable=False),
    Column("problem", JSON),
    Column("at", UtcMoment, nullable=False),
    UniqueConstraint("job_id", "subject_digest", name="uq_job_item_subject"),
    Index("ix_job_item_contact_id", "contact_id"),
)
