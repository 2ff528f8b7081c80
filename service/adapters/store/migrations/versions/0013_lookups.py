"""Registers that are asked about a permit before it is texted, and their answers."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import Id, Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lookups",
        sa.Column("register", sa.String(80), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("fresh_minutes", sa.Integer(), nullable=False),
        sa.Column("at_once", sa.Integer(), nullable=False),
        sa.Column("on_failure", sa.String(4), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("not_found", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("register", name="pk_lookups"),
    )
    op.create_table(
        "lookup_answers",
        sa.Column("permit_id", Id(), nullable=False),
        sa.Column("wanted_at", Instant()),
        sa.Column("taken_until", Instant()),
        sa.Column("asked_at", Instant()),
        sa.Column("answer", sa.String(9)),
        sa.PrimaryKeyConstraint("permit_id", name="pk_lookup_answers"),
        sa.ForeignKeyConstraint(
            ["permit_id"], ["permits.id"], name="fk_lookup_answers_permit_id"
        ),
    )
    op.create_index(
        "ix_lookup_answers_wanted_at",
        "lookup_answers",
        ["wanted_at"],
        sqlite_where=sa.text("wanted_at IS NOT NULL"),
        postgresql_where=sa.text("wanted_at IS NOT NULL"),
    )
