"""Held reminders are found by an index of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    held = sa.text("state IN ('due', 'retrying') AND hold_reason IS NOT NULL")
    op.create_index(
        "ix_reminders_held",
        "reminders",
        ["permit_id", "expires_on", "step"],
        sqlite_where=held,
        postgresql_where=held,
    )
