"""An import may have only what had changed in a view."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("imports") as table:
        table.add_column(
            sa.Column(
                "is_part", sa.Boolean(), nullable=False, server_default=sa.false()
            )
        )
    with op.batch_alter_table("imports") as table:
        table.alter_column("is_part", server_default=None)
