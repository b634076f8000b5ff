"""Claims of the review queue, calibration sessions, and how much each inspected contact needs a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_OPEN = sa.text("ended_at IS NULL")
# What the flags of earlier inspections say. What was undetermined in them counts once they are judged again.
_NEED_OF_FLAGS = """
UPDATE inspection SET review_need =
    CASE WHEN flags LIKE '% red_line %' THEN 8 ELSE 0 END
  + CASE WHEN flags LIKE '% possible_red_line %' THEN 8 ELSE 0 END
  + CASE WHEN flags LIKE '% possible_abuse %' THEN 4 ELSE 0 END
  + CASE WHEN flags LIKE '% angry_customer %' THEN 4 ELSE 0 END
  + CASE WHEN flags LIKE '% low_score %' THEN 2 + COALESCE(2 * (100 - points) / 100, 0) ELSE 0 END
  + CASE WHEN flags LIKE '% abstained %' THEN 2 ELSE 0 END
  + CASE WHEN flags LIKE '% poor_recognition %' THEN 1 ELSE 0 END
WHERE flags <> ''
"""


def upgrade() -> None:
    # Without batch mode: a column with a default is added in place by both databases, however large the table.
    op.add_column("inspection", sa.Column("review_need", sa.Float, nullable=False, server_default="0"))
    op.execute(_NEED_OF_FLAGS)
    op.create_index("ix_inspection_review_need_contact_id", "inspection", ["review_need", "contact_id"])
    op.create_index("ix_review_selection_contact_id", "review", ["selection", "contact_id"])
    op.create_table(
        "calibration_session",
        sa.Column("id", sa.String(60), nullable=False),
        sa.Column("sample_id", sa.String(60), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calibration_session"),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name="fk_calibration_session_sample_id"),
    )
    op.create_index("ix_calibration_session_sample_id", "calibration_session", ["sample_id"])
    op.create_table(
        "calibration_member",
        sa.Column("session_id", sa.String(60), nullable=False),
        sa.Column("member", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "member", name="pk_calibration_member"),
        sa.ForeignKeyConstraint(["session_id"], ["calibration_session.id"], name="fk_calibration_member_session_id"),
    )
    op.create_index("ix_calibration_member_member", "calibration_member", ["member"])
    _create_claims()


def _create_claims() -> None:
    op.create_table(
        "review_claim",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("contact_id", sa.String(200), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("seat", sa.String(200), nullable=False),
        sa.Column("claimant", sa.String(200), nullable=False),
        sa.Column("selection", sa.String(20), nullable=False),
        sa.Column("inclusion_probability", sa.Float),
        sa.Column("sample_id", sa.String(60)),
        sa.Column("session_id", sa.String(60)),
        sa.Column("blind", sa.Boolean, nullable=False),
        sa.Column("claimed_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("end", sa.String(20)),
        sa.PrimaryKeyConstraint("id", name="pk_review_claim"),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_review_claim_contact_id"),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name="fk_review_claim_sample_id"),
        sa.ForeignKeyConstraint(["session_id"], ["calibration_session.id"], name="fk_review_claim_session_id"),
    )
    op.create_index("ix_review_claim_contact_id", "review_claim", ["contact_id"])
    op.create_index("ix_review_claim_claimant", "review_claim", ["claimant"])
    op.create_index(
        "uq_review_claim_open",
        "review_claim",
        ["contact_id", "purpose", "seat"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    for table in ("review_claim", "calibration_member", "calibration_session"):
        op.drop_table(table)
    op.drop_index("ix_review_selection_contact_id", "review")
    op.drop_index("ix_inspection_review_need_contact_id", "inspection")
    with op.batch_alter_table("inspection") as batch:
        batch.drop_column("review_need")
