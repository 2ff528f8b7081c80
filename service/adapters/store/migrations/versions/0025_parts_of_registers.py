"""An import may have only what had changed in a view."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default stays: a process of the release before does not give the column.
    is_part: sa.Column[bool] = sa.Column(
        "is_part", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("imports", is_part)
