"""An import says whether it was a trial, of rejected rows, and still alive."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import Instant

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_FLAGS = ("is_rejects", "is_trial")


def upgrade() -> None:
    with op.batch_alter_table("imports") as table:
        for name in _FLAGS:
            kind = sa.Boolean()
            table.add_column(
                sa.Column(name, kind, nullable=False, server_default=sa.false())
            )
        table.add_column(sa.Column("report", sa.JSON()))
        table.add_column(sa.Column("alive_at", Instant()))
    op.execute("UPDATE imports SET is_rejects = true WHERE file LIKE '%.rejects.%'")
    with op.batch_alter_table("imports") as table:
        for name in _FLAGS:
            table.alter_column(name, server_default=None)
