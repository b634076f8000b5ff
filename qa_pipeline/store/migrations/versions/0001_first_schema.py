"""First schema: contacts, inspections, KPI records, evaluations, runs and problems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_contacts()
    _create_results()


def _create_contacts() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("name", sa.String(200)),
        sa.Column("team", sa.String(200)),
        sa.Column("role", sa.String(60)),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.UniqueConstraint("content_sha256", name="uq_contact_content_sha256"),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("language", sa.String(20)),
        sa.Column("agent_id", sa.String(200)),
        sa.Column("team", sa.String(200)),
        sa.Column("queue", sa.String(200)),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("period", sa.String(7)),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_contact_agent_id", "contact", ["agent_id"])
    op.create_index("ix_contact_period", "contact", ["period"])
    op.create_table(
        "inspection",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "contact_id", sa.String(200), sa.ForeignKey("contact.id", name="fk_inspection_contact_id"), nullable=False
        ),
        sa.Column("scorecard_id", sa.String(100), nullable=False),
        sa.Column("scorecard_version", sa.Integer, nullable=False),
        sa.Column("rater", sa.String(200), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.UniqueConstraint("fingerprint", name="uq_inspection_fingerprint"),
        sa.Column("points", sa.Float),
        sa.Column("passed", sa.Boolean),
        sa.Column("red_line", sa.Boolean, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_inspection_contact_id_scorecard_id", "inspection", ["contact_id", "scorecard_id"])
    op.create_table(
        "artifact",
        sa.Column(
            "contact_id", sa.String(200), sa.ForeignKey("contact.id", name="fk_artifact_contact_id"), primary_key=True
        ),
        sa.Column("stage", sa.String(20), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def _create_results() -> None:
    op.create_table(
        "kpi_record",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("indicator", sa.String(100), nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("n", sa.Integer),
        sa.Column("sd", sa.Float),
        sa.Column("source", sa.String(400), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_kpi_record_period", "kpi_record", ["period"])
    op.create_index("ix_kpi_record_agent_id_period_indicator", "kpi_record", ["agent_id", "period", "indicator"])
    op.create_table(
        "evaluation",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("template_id", sa.String(100), nullable=False),
        sa.Column("template_version", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("total", sa.Float),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            "agent_id",
            "period",
            "template_id",
            "fingerprint",
            name="uq_evaluation_agent_id_period_template_id_fingerprint",
        ),
    )
    op.create_index("ix_evaluation_period_template_id", "evaluation", ["period", "template_id"])
    op.create_table(
        "run",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("command", sa.String(60), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("totals", sa.JSON),
    )
    op.create_table(
        "problem",
        sa.Column("subject", sa.String(1000), primary_key=True),
        sa.Column("contact_id", sa.String(200)),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("type", sa.String(60), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    for name in ("problem", "run", "evaluation", "kpi_record", "artifact", "inspection", "contact", "agent"):
        op.drop_table(name)
