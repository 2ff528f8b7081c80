"""An import of a view may have a high-water mark: the newest change that it read."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("imports", sa.Column("mark", sa.String(80)))
