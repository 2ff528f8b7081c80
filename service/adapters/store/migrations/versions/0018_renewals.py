"""The renewal of a term, and the reminder that came last before it."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import Id, Instant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "renewals",
        sa.Column("permit_id", Id(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("filed_on", sa.Date()),
        sa.Column("renewed_on", sa.Date()),
        sa.Column("renewed_until", sa.Date()),
        sa.Column("renewed_by", Id()),
        sa.Column("step", sa.String(40)),
        sa.Column("posted_at", Instant()),
        sa.Column("days", sa.Integer()),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["permit_id"], ["permits.id"], name=op.f("fk_renewals_permit_id_permits")
        ),
        sa.ForeignKeyConstraint(
            ["renewed_by"], ["permits.id"], name=op.f("fk_renewals_renewed_by_permits")
        ),
        sa.PrimaryKeyConstraint(
            "permit_id", "expires_on", name=op.f("pk_renewals")
        ),
    )
