"""Lists and searches of a million contacts: one narrow row per contact, filled from what is there.

The tables that are in use are only read: nobody who works meanwhile waits for this.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLE = "contact_listing"
_ROWS_AT_ONCE = 2000
_INDEXES = {
    "ix_contact_listing_sort_at_contact_id": ["sort_at", "contact_id"],
    "ix_contact_listing_team_sort_at": ["team", "sort_at", "contact_id"],
    "ix_contact_listing_agent_id_sort_at": ["agent_id", "sort_at", "contact_id"],
    "ix_contact_listing_period_sort_at": ["period", "sort_at", "contact_id"],
    "ix_contact_listing_team_points": ["team", "points", "contact_id"],
    "ix_contact_listing_team_duration_s": ["team", "duration_s", "contact_id"],
    "ix_contact_listing_points": ["points", "contact_id"],
    "ix_contact_listing_duration_s": ["duration_s", "contact_id"],
    "ix_contact_listing_folded_id": ["folded_id"],
    "ix_contact_listing_folded_agent_id": ["folded_agent_id"],
}
_FLAGS = (
    *("red_line", "possible_red_line", "angry_customer", "possible_abuse", "low_score", "abstained"),
    *("poor_recognition", "roles_swapped", "audio_incomplete", "clocks_differ", "recovered"),
)
_PARTIAL = {f"ix_contact_listing_flag_{flag}": f"flags LIKE '% {flag} %'" for flag in _FLAGS} | {
    "ix_contact_listing_red_line": "red_line",
    "ix_contact_listing_failed": "NOT passed",
    "ix_contact_listing_reviewed": "is_reviewed",
    "ix_contact_listing_uninspected": "inspection_id IS NULL",
    "ix_contact_listing_unsearchable": "inspection_id IS NOT NULL AND NOT is_searchable",
}
# What the columns of the newest inspection do not say stands in its document.
_SAID = {
    "sqlite": (
        "json_extract(i.document, '$.language') AS judged_language, "
        "json_extract(i.document, '$.score.undetermined_count') AS undetermined_count, "
        "json_extract(i.document, '$.facts.duration_s') AS duration_s",
        "",
    ),
    "postgresql": (
        "said.language AS judged_language, CAST(said.score ->> 'undetermined_count' AS integer) AS undetermined_count, "
        "CAST(said.facts ->> 'duration_s' AS double precision) AS duration_s",
        "LEFT JOIN LATERAL json_to_record(CAST(i.document AS json)) AS said(language text, score json, facts json) "
        "ON true",
    ),
}
_MOMENT = sa.DateTime(timezone=True)
_FOLDED = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("contact_id", sa.String(200), nullable=False),
        sa.Column("sort_at", _MOMENT, nullable=False),
        sa.Column("period", sa.String(7)),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("agent_id", sa.String(200)),
        sa.Column("team", sa.String(200)),
        sa.Column("folded_id", _FOLDED, nullable=False),
        sa.Column("folded_agent_id", _FOLDED),
        sa.Column("inspection_id", sa.Integer),
        sa.Column("language", sa.String(20)),
        sa.Column("points", sa.Float),
        sa.Column("passed", sa.Boolean),
        sa.Column("red_line", sa.Boolean),
        sa.Column("flags", sa.String(400), nullable=False, server_default=""),
        sa.Column("undetermined_count", sa.Integer),
        sa.Column("duration_s", sa.Float),
        sa.Column("is_reviewed", sa.Boolean, nullable=False, server_default="0"),
        sa.Column("is_searchable", sa.Boolean, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("contact_id", name="pk_contact_listing"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_contact_listing_contact_id", ondelete="CASCADE"
        ),
    )
    _fill()
    for name, columns in _INDEXES.items():
        op.create_index(name, _TABLE, columns)
    for name, condition in _PARTIAL.items():
        where = sa.text(condition)
        op.create_index(name, _TABLE, ["sort_at", "contact_id"], postgresql_where=where, sqlite_where=where)


def _fill() -> None:
    connection = op.get_bind()
    said, join = _SAID[connection.dialect.name]
    page = sa.text(  # both parts are texts of this file
        "SELECT c.id, c.kind, c.agent_id, COALESCE(c.team, a.team) AS team, c.period, c.started_at, "  # noqa: S608
        "c.language AS contact_language, i.id AS inspection_id, i.points, i.passed, i.red_line, i.flags, "
        "EXISTS (SELECT 1 FROM review r WHERE r.contact_id = c.id) AS is_reviewed, "
        "EXISTS (SELECT 1 FROM artifact t WHERE t.contact_id = c.id AND t.stage = 'search') AS is_searchable, "
        f"{said} FROM contact c LEFT JOIN agent a ON a.id = c.agent_id "
        "LEFT JOIN inspection i ON i.id = (SELECT MAX(n.id) FROM inspection n WHERE n.contact_id = c.id) "
        f"{join} WHERE c.id > :after ORDER BY c.id LIMIT :some"
    ).columns(
        started_at=_MOMENT, passed=sa.Boolean, red_line=sa.Boolean, is_reviewed=sa.Boolean, is_searchable=sa.Boolean
    )
    table = sa.Table(_TABLE, sa.MetaData(), autoload_with=connection)
    after = ""
    while True:
        rows = connection.execute(page, {"after": after, "some": _ROWS_AT_ONCE}).mappings().all()
        if not rows:
            return
        connection.execute(table.insert(), [_listed(row, connection.dialect.name) for row in rows])
        after = rows[-1]["id"]


def _listed(row: Any, dialect: str) -> dict[str, Any]:
    no_time = datetime(1000, 1, 1, tzinfo=None if dialect == "sqlite" else UTC)
    kept = ("kind", "agent_id", "team", "period", "inspection_id", "points", "passed", "red_line", "undetermined_count")
    return {name: row[name] for name in (*kept, "duration_s", "is_reviewed", "is_searchable")} | {
        "contact_id": row["id"],
        "sort_at": row["started_at"] or no_time,
        "language": row["judged_language"] or row["contact_language"],
        "flags": row["flags"] or "",
        "folded_id": row["id"].casefold()[:200],
        "folded_agent_id": row["agent_id"].casefold()[:200] if row["agent_id"] else None,
    }


def downgrade() -> None:
    op.drop_table(_TABLE)
