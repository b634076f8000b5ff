"""Tables of legal holds and of what was deleted, in the one metadata."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from qa_pipeline.store.tables import UtcMoment, metadata

legal_hold = Table(
    "legal_hold",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("held_by", String(200), nullable=False),
    Column("held_at", UtcMoment, nullable=False),
    Column("released_by", String(200)),
    Column("release_reason", Text),
    Column("released_at", UtcMoment),
)

# What one run deleted by one rule: counts, and a digest of the ids, never the ids.
deletion = Table(
    "deletion",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", String(40), nullable=False, index=True),
    Column("rule", String(40), nullable=False),
    Column("deleted_by", String(200), nullable=False),
    Column("subject_count", Integer, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("file_count", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("ids_digest", String(64), nullable=False),
    Column("started_at", UtcMoment, nullable=False),
    Column("ended_at", UtcMoment),  # None: killed in between; the next run finishes it
)

# By which results that name a deleted contact can say so.
deleted_contact = Table(
    "deleted_contact",
    metadata,
    Column("id_digest", String(16), primary_key=True),
    Column("rule", String(40), nullable=False),
    Column("deleted_at", UtcMoment, nullable=False),
)

# Files of deleted rows that are still to be removed, below the home folder.
doomed_file = Table(
    "doomed_file",
    metadata,
    Column("path", String(1000), primary_key=True),
    Column("deletion_id", Integer, nullable=False, index=True),
)
