"""A permit has a district, and each of its phones may have a role."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("permits", sa.Column("district", sa.String(6)))
    op.add_column("permit_recipients", sa.Column("role", sa.String(14)))
