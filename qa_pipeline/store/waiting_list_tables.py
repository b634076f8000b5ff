"""The tables of waiting lists, in the one metadata."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from qa_pipeline.store.tables import UtcMoment, metadata

waiting_list = Table(
    "waiting_list",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("selected_period", String(7), nullable=False),
    Column("first_from", String(7), nullable=False),
    Column("second_from", String(7), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("drawn_by", String(200), nullable=False),
    Column("drawn_at", UtcMoment, nullable=False),
)

member = Table(
    "waiting_list_member",
    metadata,
    Column("list_id", String(40), ForeignKey("waiting_list.id"), primary_key=True),
    Column("agent_id", String(200), primary_key=True),
    Column("wave", Integer, nullable=False),
)
