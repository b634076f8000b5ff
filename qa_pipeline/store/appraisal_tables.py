"""Tables of reviews and of the performance cycle, in the one metadata."""

from __future__ import annotations

from sqlalchemy import Column, Date, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from qa_pipeline.store.tables import UtcMoment, metadata

review = Table(
    "review",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("contact_id", String(200), ForeignKey("contact.id"), nullable=False, index=True),
    Column("reviewer", String(200), nullable=False, index=True),
    Column("scorecard_id", String(100), nullable=False),
    Column("selection", String(20), nullable=False),
    Column("replaces", String(64), unique=True),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("document", Text, nullable=False),
    Column("reviewed_at", UtcMoment, nullable=False),
    Index("ix_review_selection_contact_id", "selection", "contact_id"),
)

sample = Table(
    "sample",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("period", String(7), nullable=False, index=True),
    Column("selection", String(20), nullable=False),
    Column("document", Text, nullable=False),
    Column("drawn_at", UtcMoment, nullable=False),
)

sample_contact = Table(
    "sample_contact",
    metadata,
    Column("sample_id", String(60), ForeignKey("sample.id"), primary_key=True),
    Column("contact_id", String(200), ForeignKey("contact.id"), primary_key=True, index=True),
    Column("inclusion_probability", Float, nullable=False),
)

criterion_hold = Table(
    "criterion_hold",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scorecard_id", String(100), nullable=False),
    Column("criterion_id", String(100), nullable=False),
    Column("document", Text, nullable=False),
    Column("held_at", UtcMoment, nullable=False),
    Column("released_at", UtcMoment),
    Index(
        "uq_criterion_hold_open",
        "scorecard_id",
        "criterion_id",
        unique=True,
        sqlite_where=text("released_at IS NULL"),
        postgresql_where=text("released_at IS NULL"),
    ),
)

transition = Table(
    "transition",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("machine", String(40), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", String(40), nullable=False),
    Column("from_state", String(40), nullable=False),
    Column("to_state", String(40), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcMoment, nullable=False),
    Column("basis", String(64), nullable=False),
    # Of two people who take a step at once, the second finds the number taken.
    UniqueConstraint("machine", "subject", "number"),
)

assignment = Table(
    "assignment",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agent_id", String(200), nullable=False, index=True),
    Column("role", String(60), nullable=False),
    Column("team", String(200)),
    Column("template_id", String(100)),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("source", String(400), nullable=False),
    Column("recorded_at", UtcMoment, nullable=False),
    Column("superseded_at", UtcMoment),
    Column("superseded_by", String(400)),
)

goal_plan = Table(
    "goal_plan",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("agent_id", String(200), nullable=False),
    Column("period", String(7), nullable=False),
    Column("number", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("proposed_at", UtcMoment, nullable=False),
    UniqueConstraint("agent_id", "period", "number"),
    Index("ix_goal_plan_period_agent_id", "period", "agent_id"),
)

rating = Table(
    "rating",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agent_id", String(200), nullable=False),
    Column("period", String(7), nullable=False),
    Column("rater_id", String(200), nullable=False),
    Column("rater_class", String(20), nullable=False),
    Column("indicator", String(100), nullable=False),
    Column("value", Float, nullable=False),
    Column("comment", Text, nullable=False),
    Column("source", String(400), nullable=False),
    Column("rated_at", UtcMoment, nullable=False),
    Column("superseded_at", UtcMoment),
    Index("ix_rating_period_agent_id", "period", "agent_id"),
)

incident = Table(
    "incident",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("agent_id", String(200), nullable=False),
    Column("happened_on", Date, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("document", Text, nullable=False),
    Column("recorded_at", UtcMoment, nullable=False),
    Index("ix_incident_agent_id_happened_on", "agent_id", "happened_on"),
)

objective = Table(
    "objective",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("agent_id", String(200), nullable=False),
    Column("period", String(7), nullable=False),
    Column("document", Text, nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    Index("ix_objective_period_agent_id", "period", "agent_id"),
)

progress = Table(
    "progress",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("objective_id", String(60), ForeignKey("objective.id"), nullable=False, index=True),
    Column("key_result_id", String(60), nullable=False),
    Column("value", Float, nullable=False),
    Column("note", Text, nullable=False),
    Column("reported_by", String(200), nullable=False),
    Column("reported_at", UtcMoment, nullable=False),
)

publication = Table(
    "publication",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agent_id", String(200), nullable=False),
    Column("period", String(7), nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("published_at", UtcMoment, nullable=False),
    UniqueConstraint("agent_id", "period", "version"),
)

appeal = Table(
    "appeal",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("agent_id", String(200), nullable=False),
    Column("period", String(7), nullable=False, index=True),
    Column("contact_id", String(200), ForeignKey("contact.id")),
    Column("criterion_id", String(100)),
    Column("indicator", String(100)),
    Column("document", Text, nullable=False),
    Column("filed_at", UtcMoment, nullable=False),
)

appeal_decision = Table(
    "appeal_decision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("appeal_id", String(60), ForeignKey("appeal.id"), nullable=False),
    Column("instance", Integer, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("document", Text, nullable=False),
    Column("decided_at", UtcMoment, nullable=False),
    UniqueConstraint("appeal_id", "instance"),
)

proposal = Table(
    "proposal",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("period", String(7), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("document", Text, nullable=False),
    Column("proposed_at", UtcMoment, nullable=False),
    Column("superseded_at", UtcMoment),
)
