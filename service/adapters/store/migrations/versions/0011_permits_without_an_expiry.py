"""A permit may have no expiry date: it is registered, and nothing reminds of it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("permits") as table:
        table.alter_column("expires_on", existing_type=sa.Date(), nullable=True)
