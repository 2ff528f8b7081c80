"""A claim is not a POST: messages know whether it was begun; circuits of providers."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import Id, Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("begun", sa.Boolean()))
    op.add_column("message_reminders", sa.Column("told_on", sa.Date()))
    op.add_column("message_reminders", sa.Column("version_id", sa.String(120)))
    op.create_table(
        "circuits",
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("wait_seconds", sa.Float(), nullable=False),
        sa.Column("probe_at", Instant()),
        sa.Column("probe_owner", Id()),
        sa.Column("probe_until", Instant()),
        sa.PrimaryKeyConstraint("provider", name="pk_circuits"),
    )
