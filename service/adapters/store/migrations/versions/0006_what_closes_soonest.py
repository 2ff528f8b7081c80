"""What closes soonest goes first: slots and reminders know when they close."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.dialects.former_rows import execute_on_sqlite
from service.adapters.store.db.types import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_LATE = """EXISTS (
    SELECT 1 FROM versions v, json_each(v.document, '$.steps') step
    WHERE v.id = {0}.version_id AND json_extract(step.value, '$.name') = {0}.step
    AND json_extract(step.value, '$.after_closing'))"""
"""Whether a slot's step comes after the closing."""

_SLOTS = f"""
    UPDATE slots SET closes_at = (
    SELECT max(same.until_at) FROM slots same
    WHERE same.series = slots.series AND same.authority = slots.authority
    AND same.expires_on = slots.expires_on
    AND {_LATE.format("same")} = {_LATE.format("slots")})"""
"""The last end among the steps of a place that lie on one side of its closing."""

_REMINDERS = """
    UPDATE reminders SET closes_at = coalesce((
    SELECT s.closes_at FROM slots s JOIN permits p
    ON s.series = p.series AND s.authority = p.authority
    WHERE p.id = reminders.permit_id AND s.expires_on = reminders.expires_on
    AND s.step = reminders.step), until_at)"""
"""As their slots do; what has none closes when its step ends."""


def upgrade() -> None:
    states = ("due", "retrying")
    for state in states:
        op.drop_index(f"ix_reminders_{state}", "reminders")
    for table, filled in (("slots", _SLOTS), ("reminders", _REMINDERS)):
        op.add_column(table, sa.Column("closes_at", Instant()))
        execute_on_sqlite(filled)
        with op.batch_alter_table(table) as altered:
            altered.alter_column("closes_at", nullable=False)
    for state in states:
        op.create_index(
            f"ix_reminders_{state}",
            "reminders",
            ["closes_at", "permit_id", "next_at"],
            unique=False,
            sqlite_where=sa.text(f"state = '{state}'"),
            postgresql_where=sa.text(f"state = '{state}'"),
        )
