"""When a one-time password was made, so that it has an end. Those that were made before count from this upgrade on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_account", sa.Column("one_time_made_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE user_account SET one_time_made_at = CURRENT_TIMESTAMP "
        "WHERE must_change_password AND password_hash IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_column("user_account", "one_time_made_at")
