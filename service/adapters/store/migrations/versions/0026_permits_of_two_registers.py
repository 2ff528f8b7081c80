"""A permit may stand in two registers."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("permits", sa.Column("also_in", sa.String(80)))
