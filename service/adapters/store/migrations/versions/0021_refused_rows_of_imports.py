"""Why rows of an import were refused, until it is done."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import Id

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_refusals",
        sa.Column("import_id", Id(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("mistakes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["imports.id"],
            name=op.f("fk_import_refusals_import_id_imports"),
        ),
        sa.PrimaryKeyConstraint(
            "import_id", "position", name=op.f("pk_import_refusals")
        ),
    )
