"""What each transaction of an import changed."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import FreeText, Id, Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", Id(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", FreeText(80), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_import_changes"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name="fk_import_changes_import_id"
        ),
    )
    op.create_index("ix_import_changes_import_id_id", "import_changes", ["import_id", "id"])
