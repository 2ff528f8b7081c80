"""Revisions of the law: permits fall under a series, slots can be dated anew."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERIES = "substr({0}, 1, length({0}) - 2)"
"""Of a version before this migration: none had a revision of two digits."""


def upgrade() -> None:
    _law()
    _permits()
    _slots()
    _reminders()
    _going_live()


def _law() -> None:
    op.create_table(
        "calendar_years",
        sa.Column("calendar", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("calendar", "year", name=op.f("pk_calendar_years")),
        comment="The office's own days over the published ones.",
    )
    op.add_column("rules", sa.Column("former", sa.JSON(), nullable=True))
    with op.batch_alter_table("versions") as table:
        table.add_column(sa.Column("series", sa.String(length=110)))
        table.add_column(sa.Column("state", sa.String(length=8)))
        table.add_column(sa.Column("applied_by", sa.String(length=80)))
        table.add_column(sa.Column("batch", sa.Integer()))
    op.execute(
        f"UPDATE versions SET series = {SERIES.format('id')}, state = 'active', "
        "applied_by = 'db upgrade', batch = 1"
    )
    with op.batch_alter_table("versions") as table:
        for name in ("series", "state", "applied_by", "batch"):
            table.alter_column(name, nullable=False)


def _permits() -> None:
    with op.batch_alter_table("permits") as table:
        table.add_column(sa.Column("series", sa.String(length=110)))
    op.execute(f"UPDATE permits SET series = {SERIES.format('version_id')}")
    with op.batch_alter_table("permits") as table:
        table.drop_index("ix_permits_version_id_authority_expires_on")
        table.drop_constraint("fk_permits_version_id", type_="foreignkey")
        table.drop_column("version_id")
        table.alter_column("series", nullable=False)
        table.create_index(
            "ix_permits_series_authority_expires_on_status_replaced",
            ["series", "authority", "expires_on", "status", "replaced"],
        )


def _slots() -> None:
    op.execute("CREATE TABLE former_slots AS SELECT * FROM slots")
    op.drop_table("slots")
    op.create_table(
        "slots",
        sa.Column("series", sa.String(length=110), nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("version_id", sa.String(length=120), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("until_at", Instant(), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("replaces", sa.String(length=200), nullable=True),
        sa.Column("redated_at", Instant(), nullable=True),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("expanded_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["authority"], ["authorities.code"], name=op.f("fk_slots_authority")
        ),
        sa.ForeignKeyConstraint(["rule"], ["rules.code"], name=op.f("fk_slots_rule")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name=op.f("fk_slots_version_id")
        ),
        sa.PrimaryKeyConstraint(
            "series", "authority", "expires_on", "step", name=op.f("pk_slots")
        ),
        comment="version_id: the revision that dated it. redated_at: when a change of "
        "the law moved it last; reminded: of its permits some had a reminder before "
        "that.",
    )
    op.execute(
        "INSERT INTO slots (series, authority, expires_on, step, rule, version_id, "
        "due_at, until_at, template, reminded, expanded_at) SELECT "
        f"{SERIES.format('version_id')}, authority, expires_on, step, rule, "
        "version_id, due_at, until_at, template, false, expanded_at FROM former_slots"
    )
    op.drop_table("former_slots")
    op.create_index(
        "ix_slots_due",
        "slots",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("expanded_at IS NULL"),
        postgresql_where=sa.text("expanded_at IS NULL"),
    )


def _reminders() -> None:
    op.add_column("reminders", sa.Column("told_on", sa.Date(), nullable=True))
    op.add_column("reminders", sa.Column("redated_at", Instant(), nullable=True))


def _going_live() -> None:
    op.add_column("golives", sa.Column("catch_up_days", sa.Integer()))
    op.execute("UPDATE golives SET catch_up_days = 0")
    with op.batch_alter_table("golives") as table:
        table.alter_column("catch_up_days", nullable=False)
    op.create_table(
        "staff",
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("recipient_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority"], ["authorities.code"], name=op.f("fk_staff_authority")
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name=op.f("fk_staff_recipient_id")
        ),
        sa.PrimaryKeyConstraint("authority", "recipient_id", name=op.f("pk_staff")),
        comment="Whose phones a trial may text.",
    )
