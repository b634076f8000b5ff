"""What lists of contacts filter and sort by: one narrow row per contact beside the wide one, in the one metadata."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, text

from qa_pipeline.domain.inspection import Flag
from qa_pipeline.store.tables import UtcMoment, metadata

# Stands for an unknown time, so that one index holds all contacts in the order of lists.
NO_TIME = datetime(1000, 1, 1, tzinfo=UTC)

# Compared by code points, so that "begins with" is a range of an index on both databases.
_FOLDED = String(200).with_variant(String(200, collation="C"), "postgresql")


def has_flag(flag: Flag) -> str:
    """Return the condition that a contact carries a flag, in the words of the index of those that do."""
    return f"flags LIKE '% {flag.value} %'"


contact_listing = Table(
    "contact_listing",
    metadata,
    Column("contact_id", String(200), ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True),
    Column("sort_at", UtcMoment, nullable=False),
    Column("period", String(7)),
    Column("kind", String(10), nullable=False),
    Column("agent_id", String(200)),
    Column("team", String(200)),  # the contact's, else its agent's
    Column("folded_id", _FOLDED, nullable=False),
    Column("folded_agent_id", _FOLDED),
    # Of the newest inspection; null before there is one. The language is the contact's until then.
    Column("inspection_id", Integer),
    Column("language", String(20)),
    Column("points", Float),
    Column("passed", Boolean),
    Column("red_line", Boolean),
    Column("flags", String(400), nullable=False, server_default=""),  # each between spaces
    Column("undetermined_count", Integer),
    Column("duration_s", Float),
    Column("is_reviewed", Boolean, nullable=False, server_default="0"),
    Column("is_searchable", Boolean, nullable=False, server_default="0"),
    Index("ix_contact_listing_sort_at_contact_id", "sort_at", "contact_id"),
    Index("ix_contact_listing_team_sort_at", "team", "sort_at", "contact_id"),
    Index("ix_contact_listing_agent_id_sort_at", "agent_id", "sort_at", "contact_id"),
    Index("ix_contact_listing_period_sort_at", "period", "sort_at", "contact_id"),
    Index("ix_contact_listing_team_points", "team", "points", "contact_id"),
    Index("ix_contact_listing_team_duration_s", "team", "duration_s", "contact_id"),
    Index("ix_contact_listing_points", "points", "contact_id"),
    Index("ix_contact_listing_duration_s", "duration_s", "contact_id"),
    Index("ix_contact_listing_folded_id", "folded_id"),
    Index("ix_contact_listing_folded_agent_id", "folded_agent_id"),
    # Rare properties: an index of those that have them, for a walk through all others would take long.
    *(
        Index(name, "sort_at", "contact_id", postgresql_where=text(condition), sqlite_where=text(condition))
        for name, condition in (
            *((f"ix_contact_listing_flag_{flag.value}", has_flag(flag)) for flag in Flag),
            ("ix_contact_listing_red_line", "red_line"),
            ("ix_contact_listing_failed", "NOT passed"),
            ("ix_contact_listing_reviewed", "is_reviewed"),
            ("ix_contact_listing_uninspected", "inspection_id IS NULL"),
            ("ix_contact_listing_unsearchable", "inspection_id IS NOT NULL AND NOT is_searchable"),
        )
    ),
)
