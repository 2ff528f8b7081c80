"""Each import of a register has a record: how far it is, and what it came to."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import FreeText, Id, Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", Id(), nullable=False),
        sa.Column("register", sa.String(80), nullable=False),
        sa.Column("file", FreeText(255), nullable=False),
        sa.Column("content", sa.LargeBinary(32), nullable=False),
        sa.Column("mapping", sa.LargeBinary(32), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("exported_at", Instant(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("committed", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant()),
        sa.Column("by", FreeText(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    op.create_index("ix_imports_register_id", "imports", ["register", "id"])
