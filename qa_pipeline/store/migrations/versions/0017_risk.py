"""Attrition risk, in tables of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TABLES = ("risk_departure", "risk_staff_figure", "risk_checklist", "risk_model", "risk_run", "risk_prediction")


def upgrade() -> None:
    op.create_table(
        "risk_departure",
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("left_on", sa.Date, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "left_on", name="pk_risk_departure"),
    )
    op.create_table(
        "risk_staff_figure",
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("available_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "month", "name", name="pk_risk_staff_figure"),
    )
    op.create_table(
        "risk_checklist",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_risk_checklist"),
    )
    op.create_table(
        "risk_model",
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_risk_model"),
    )
    op.create_table(
        "risk_run",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("as_of", sa.String(7), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_risk_run"),
    )
    op.create_index("ix_risk_run_scored_at", "risk_run", ["scored_at"])
    op.create_table(
        "risk_prediction",
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "agent_id", name="pk_risk_prediction"),
    )
    op.create_index("ix_risk_prediction_agent_id", "risk_prediction", ["agent_id"])


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
