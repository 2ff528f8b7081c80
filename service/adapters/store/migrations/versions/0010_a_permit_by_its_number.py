"""A permit is found by its number in every office: a renewal may come from another."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_REPLACES = "replaces IS NOT NULL"


def upgrade() -> None:
    op.drop_index("ix_permits_authority_rule_replaces", "permits")
    op.create_index("ix_permits_number_key", "permits", ["number_key"])
    op.create_index(
        "ix_permits_replaces",
        "permits",
        ["replaces"],
        sqlite_where=sa.text(_REPLACES),
        postgresql_where=sa.text(_REPLACES),
    )
