"""Reviews by people, the samples that they come from, and criteria on hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_reviews()
    _create_samples()


def _create_reviews() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("contact_id", sa.String(200), nullable=False),
        sa.Column("reviewer", sa.String(200), nullable=False),
        sa.Column("scorecard_id", sa.String(100), nullable=False),
        sa.Column("selection", sa.String(20), nullable=False),
        sa.Column("replaces", sa.String(64)),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_review_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
        sa.UniqueConstraint("fingerprint", name="uq_review_fingerprint"),
        sa.UniqueConstraint("replaces", name="uq_review_replaces"),
    )
    op.create_index("ix_review_contact_id", "review", ["contact_id"])
    op.create_index("ix_review_reviewer", "review", ["reviewer"])
    op.create_table(
        "criterion_hold",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("scorecard_id", sa.String(100), nullable=False),
        sa.Column("criterion_id", sa.String(100), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_criterion_hold"),
    )
    op.create_index(
        "uq_criterion_hold_open",
        "criterion_hold",
        ["scorecard_id", "criterion_id"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )


def _create_samples() -> None:
    op.create_table(
        "sample",
        sa.Column("id", sa.String(60), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("selection", sa.String(20), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sample"),
    )
    op.create_index("ix_sample_period", "sample", ["period"])
    op.create_table(
        "sample_contact",
        sa.Column("sample_id", sa.String(60), nullable=False),
        sa.Column("contact_id", sa.String(200), nullable=False),
        sa.Column("inclusion_probability", sa.Float, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_sample_contact_contact_id"),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name="fk_sample_contact_sample_id"),
        sa.PrimaryKeyConstraint("sample_id", "contact_id", name="pk_sample_contact"),
    )
    op.create_index("ix_sample_contact_contact_id", "sample_contact", ["contact_id"])


def downgrade() -> None:
    for name in ("sample_contact", "sample", "criterion_hold", "review"):
        op.drop_table(name)
