"""Messages without a last word are asked after again, later each time."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UNHEARD = "state IN ('accepted', 'sent')"


def upgrade() -> None:
    op.add_column("messages", sa.Column("ask_at", Instant()))
    op.create_index(
        "ix_messages_unheard",
        "messages",
        ["provider", "accepted_at"],
        unique=False,
        sqlite_where=sa.text(_UNHEARD),
        postgresql_where=sa.text(_UNHEARD),
    )
