"""Jobs of the worker processes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("started_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        sa.Column("worker", sa.String(200)),
        sa.Column("lease_until", _MOMENT),
        sa.Column("cancel_requested_at", _MOMENT),
        sa.Column("cancel_requested_by", sa.String(200)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("total_count", sa.Integer),
        sa.Column("finished_count", sa.Integer, nullable=False),
        sa.Column("current", sa.Text, nullable=False),
        sa.Column("newest_item", sa.Integer, nullable=False),
        sa.Column("result", sa.JSON),
        sa.Column("problem", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_index("ix_job_state_created_at", "job", ["state", "created_at"])
    op.create_index("ix_job_created_at", "job", ["created_at"])
    op.create_table(
        "job_item",
        sa.Column("job_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("subject_digest", sa.String(64), nullable=False),
        sa.Column("contact_id", sa.String(200)),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("problem", sa.JSON),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_job_item_job_id"),
        sa.PrimaryKeyConstraint("job_id", "number", name="pk_job_item"),
        sa.UniqueConstraint("job_id", "subject_digest", name="uq_job_item_subject"),
    )
    op.create_index("ix_job_item_contact_id", "job_item", ["contact_id"])


def downgrade() -> None:
    op.drop_table("job_item")
    op.drop_table("job")
