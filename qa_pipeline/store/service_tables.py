"""Tables of the service: accounts, the audit, and answers to repeated requests, in the one metadata."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from qa_pipeline.store.tables import UtcMoment, metadata

user = Table(
    "user_account",  # "user" is a reserved word of PostgreSQL
    metadata,
    Column("id", String(40), primary_key=True),
    Column("login", String(200), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("agent_id", String(200), unique=True),
    Column("teams", Text, nullable=False),  # JSON list of names
    Column("language", String(10)),
    Column("is_active", Boolean, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    Column("password_hash", String(300)),
    Column("failed_count", Integer, nullable=False, server_default="0"),
    Column("locked_until", UtcMoment),
    Column("one_time_made_at", UtcMoment),
    Column("oidc_subject", String(400), unique=True),  # issuer and subject of single sign-on
)

user_session = Table(
    "user_session",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user_id", String(40), ForeignKey("user_account.id"), nullable=False, index=True),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the secret in the cookie
    Column("method", String(20), nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    Column("seen_at", UtcMoment, nullable=False),
    Column("expires_at", UtcMoment, nullable=False),
    Column("ended_at", UtcMoment),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user_id", String(40), ForeignKey("user_account.id"), nullable=False, index=True),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the secret
    Column("name", String(200), nullable=False),
    Column("scopes", Text, nullable=False),  # each between spaces
    Column("created_at", UtcMoment, nullable=False),
    Column("expires_at", UtcMoment),
    Column("last_used_at", UtcMoment),
    Column("revoked_at", UtcMoment),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcMoment, nullable=False, index=True),
    Column("actor", String(200), nullable=False, index=True),
    Column("action", String(60), nullable=False, index=True),
    Column("subject", String(400), nullable=False, index=True),
    Column("document", Text, nullable=False),  # the event as JSON, exactly the bytes that the digest covers
    Column("previous_digest", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)

answered_request = Table(
    "answered_request",
    metadata,
    Column("user_id", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("request_digest", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("document", Text),
    Column("answered_at", UtcMoment, nullable=False, index=True),
)
