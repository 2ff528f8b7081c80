"""Messages and reminders count on the day of the POST, not of its acceptance.

What is stored already counts as it did: its reports have been issued.
"""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_POSTED = "posted_at IS NOT NULL"


def upgrade() -> None:
    for table, known in (("messages", "accepted_at"), ("reminders", "sent_at")):
        op.add_column(table, sa.Column("posted_at", Instant()))
        op.execute(f"UPDATE {table} SET posted_at = {known} WHERE {known} IS NOT NULL")  # noqa: S608 - names only
        op.create_index(
            f"ix_{table}_posted_at",
            table,
            ["posted_at"],
            unique=False,
            sqlite_where=sa.text(_POSTED),
            postgresql_where=sa.text(_POSTED),
        )
