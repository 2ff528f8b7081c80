"""The servers that the ledger was on, and messages stored to ask about."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import Id, Instant

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "servers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(40), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("asked_since", Instant()),
        sa.Column("reader", Id()),
        sa.Column("reader_until", Instant()),
        sa.Column("are_texts_read", sa.Boolean(), nullable=False),
        sa.Column("is_trusted", sa.Boolean(), nullable=False),
        sa.Column("is_released", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_servers"),
    )
    op.add_column("messages", sa.Column("asked_for", sa.Integer()))
