"""The performance cycle: states, assignments, plans, ratings, incidents, objectives, results, appeals, proposals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_agreements()
    _create_judgements()
    _create_results()


def _create_agreements() -> None:
    op.create_table(
        "transition",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("machine", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("from_state", sa.String(40), nullable=False),
        sa.Column("to_state", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transition"),
        sa.UniqueConstraint("machine", "subject", "number", name="uq_transition_machine_subject_number"),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("role", sa.String(60), nullable=False),
        sa.Column("team", sa.String(200)),
        sa.Column("template_id", sa.String(100)),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("source", sa.String(400), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True)),
        sa.Column("superseded_by", sa.String(400)),
        sa.PrimaryKeyConstraint("id", name="pk_assignment"),
    )
    op.create_index("ix_assignment_agent_id", "assignment", ["agent_id"])
    op.create_table(
        "goal_plan",
        sa.Column("id", sa.String(60), nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_goal_plan"),
        sa.UniqueConstraint("agent_id", "period", "number", name="uq_goal_plan_agent_id_period_number"),
    )
    op.create_index("ix_goal_plan_period_agent_id", "goal_plan", ["period", "agent_id"])


def _create_judgements() -> None:
    op.create_table(
        "rating",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("rater_id", sa.String(200), nullable=False),
        sa.Column("rater_class", sa.String(20), nullable=False),
        sa.Column("indicator", sa.String(100), nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("source", sa.String(400), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_rating"),
    )
    op.create_index("ix_rating_period_agent_id", "rating", ["period", "agent_id"])
    op.create_table(
        "incident",
        sa.Column("id", sa.String(60), nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("happened_on", sa.Date, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index("ix_incident_agent_id_happened_on", "incident", ["agent_id", "happened_on"])
    op.create_table(
        "objective",
        sa.Column("id", sa.String(60), nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_objective"),
    )
    op.create_index("ix_objective_period_agent_id", "objective", ["period", "agent_id"])
    op.create_table(
        "progress",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("objective_id", sa.String(60), nullable=False),
        sa.Column("key_result_id", sa.String(60), nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("reported_by", sa.String(200), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["objective_id"], ["objective.id"], name="fk_progress_objective_id"),
        sa.PrimaryKeyConstraint("id", name="pk_progress"),
    )
    op.create_index("ix_progress_objective_id", "progress", ["objective_id"])


def _create_results() -> None:
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_publication"),
        sa.UniqueConstraint("agent_id", "period", "version", name="uq_publication_agent_id_period_version"),
    )
    op.create_table(
        "appeal",
        sa.Column("id", sa.String(60), nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("contact_id", sa.String(200)),
        sa.Column("criterion_id", sa.String(100)),
        sa.Column("indicator", sa.String(100)),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_appeal_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appeal"),
    )
    op.create_index("ix_appeal_period", "appeal", ["period"])
    op.create_table(
        "appeal_decision",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("appeal_id", sa.String(60), nullable=False),
        sa.Column("instance", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name="fk_appeal_decision_appeal_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appeal_decision"),
        sa.UniqueConstraint("appeal_id", "instance", name="uq_appeal_decision_appeal_id_instance"),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.String(60), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_proposal"),
    )
    op.create_index("ix_proposal_period", "proposal", ["period"])


def downgrade() -> None:
    for name in (
        "proposal",
        "appeal_decision",
        "appeal",
        "publication",
        "progress",
        "objective",
        "incident",
        "rating",
        "goal_plan",
        "assignment",
        "transition",
    ):
        op.drop_table(name)
