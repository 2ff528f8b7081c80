"""Claims go round the offices, and one worker does alone what needs only one."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import Id, Instant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turns",
        sa.Column("office", sa.String(40), nullable=False),
        sa.Column("served", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("office", name=op.f("pk_turns")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("owner", Id(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    for index, state in (
        ("ix_reminders_due", "due"),
        ("ix_reminders_retrying", "retrying"),
    ):
        where = sa.text(f"state = '{state}'")
        op.drop_index(index, "reminders")
        op.create_index(
            index,
            "reminders",
            ["authority", "closes_at", "permit_id", "next_at"],
            sqlite_where=where,
            postgresql_where=where,
        )
