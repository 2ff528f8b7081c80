"""A permit may say why it has its status: absent from a full export of its register."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("permits", sa.Column("status_reason", sa.String(40)))
