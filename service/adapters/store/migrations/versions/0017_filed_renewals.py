"""A permit has its last filed renewal, as a list of such says it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("permits", sa.Column("filing", sa.String(9)))
    op.add_column("permits", sa.Column("filing_on", sa.Date()))
    op.add_column("permits", sa.Column("filing_expires_on", sa.Date()))
