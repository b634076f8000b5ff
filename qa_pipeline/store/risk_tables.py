"""The tables of attrition risk, in the one metadata and joined to no other."""

from __future__ import annotations

from sqlalchemy import Column, Date, Float, Integer, String, Table, Text

from qa_pipeline.store.tables import UtcMoment, metadata

departure = Table(
    "risk_departure",
    metadata,
    Column("agent_id", String(200), primary_key=True),
    Column("left_on", Date, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("source", String(500), nullable=False),
)
staff_figure = Table(
    "risk_staff_figure",
    metadata,
    Column("agent_id", String(200), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("value", Float, nullable=False),
    Column("available_on", Date, nullable=False),
)
checklist = Table(
    "risk_checklist",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document", Text, nullable=False),
)
fitted_model = Table(
    "risk_model",
    metadata,
    Column("version", String(40), primary_key=True),
    Column("fitted_at", UtcMoment, nullable=False),
    Column("document", Text, nullable=False),
)
run = Table(
    "risk_run",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("as_of", String(7), nullable=False),
    Column("scored_at", UtcMoment, nullable=False, index=True),
    Column("document", Text, nullable=False),
)
prediction = Table(
    "risk_prediction",
    metadata,
    Column("run_id", String(40), primary_key=True),
    Column("agent_id", String(200), primary_key=True, index=True),
    Column("document", Text, nullable=False),
)
