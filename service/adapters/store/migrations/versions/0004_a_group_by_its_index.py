"""Whose permits belong to a group is read from its index alone."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_GROUP = ["series", "authority", "expires_on", "status", "replaced"]


def upgrade() -> None:
    op.drop_index(f"ix_permits_{'_'.join(_GROUP)}", "permits")
    named = [*_GROUP, "id"]
    op.create_index(f"ix_permits_{'_'.join(named)}", "permits", named, unique=False)
