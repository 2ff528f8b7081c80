"""The permits of a district, found without reading all."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    has_one = sa.text("district IS NOT NULL")
    op.create_index(
        "ix_permits_district",
        "permits",
        ["district", "id"],
        sqlite_where=has_one,
        postgresql_where=has_one,
    )
