"""Sending under limits: retries, caps, forecasts, rates, templates of the office."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.dialects.former_rows import execute_on_sqlite
from service.adapters.store.db.types import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


_SENDER = """
    WITH RECURSIVE line (code, sends, parent) AS (
        SELECT code, json_extract(document, '$.sends'),
        json_extract(document, '$.parent') FROM authorities WHERE code = messages.authority
        UNION ALL
        SELECT above.code, json_extract(above.document, '$.sends'),
        json_extract(above.document, '$.parent') FROM line JOIN authorities AS above ON above.code = line.parent
        WHERE line.sends = 0
    ) SELECT code FROM line WHERE sends = 1"""
"""The office that texts for a message's authority: itself, or the nearest above."""


def upgrade() -> None:
    _recipients()
    _reminders()
    _messages()
    _new_tables()


def _recipients() -> None:
    op.add_column("recipients", sa.Column("opted_out_by", sa.String(length=8)))
    op.add_column("recipients", sa.Column("unreachable_by", sa.String(length=40)))
    op.execute(
        "UPDATE recipients SET opted_out_by = 'inbound' WHERE opted_out_at IN "
        "(SELECT received_at FROM inbounds WHERE intent = 'stop' "
        "AND recipient_id = recipients.id)"
    )


def _reminders() -> None:
    op.add_column("reminders", sa.Column("retries", sa.Integer()))
    op.execute("UPDATE reminders SET retries = 0")
    with op.batch_alter_table("reminders") as table:
        table.alter_column("retries", nullable=False)
        for name in ("due", "sent_at", "state_at", "message_id"):
            table.drop_index(f"ix_reminders_{name}")
    _index_what_is_known()
    for state in ("due", "retrying"):
        op.create_index(
            f"ix_reminders_{state}",
            "reminders",
            ["until_at", "permit_id", "next_at"],
            unique=False,
            sqlite_where=sa.text(f"state = '{state}'"),
            postgresql_where=sa.text(f"state = '{state}'"),
        )


def _index_what_is_known() -> None:
    """Most reminders are born without: an index that skips them is not written."""
    known = {"sent_at": "sent_at", "state_at": "reason", "message_id": "message_id"}
    for column, filled in known.items():
        op.create_index(
            f"ix_reminders_{column}",
            "reminders",
            [column],
            unique=False,
            sqlite_where=sa.text(f"{filled} IS NOT NULL"),
            postgresql_where=sa.text(f"{filled} IS NOT NULL"),
        )


def _messages() -> None:
    op.add_column("messages", sa.Column("office", sa.String(length=40)))
    op.add_column("messages", sa.Column("template_version", sa.Integer()))
    op.add_column("messages", sa.Column("kind", sa.String(length=12)))
    op.add_column("messages", sa.Column("mark", sa.String(length=64)))
    execute_on_sqlite(
        "UPDATE messages SET template_version = 0, mark = lower(hex(seal)), "
        f"office = coalesce(({_SENDER}), authority)"
    )
    with op.batch_alter_table("messages") as table:
        table.drop_column("seal")
        table.alter_column("mark", new_column_name="seal", nullable=False)
        table.alter_column("office", nullable=False)
        table.alter_column("template_version", nullable=False)
        table.create_index("ix_messages_office_claimed_at", ["office", "claimed_at"])


def _new_tables() -> None:
    op.create_table(
        "templates",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("saved_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("name", "language", "version", name="pk_templates"),
        comment="The office's own wordings; the highest version is used. The shipped "
        "files are version 0.",
    )
    op.create_table(
        "forecasts",
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("office", "day", name="pk_forecasts"),
        comment="How many reminders an office that sends expected for a day, as its "
        "registers stood then; whoever confirmed that there are many more.",
    )
    op.create_table(
        "rates",
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("free_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("sender", name="pk_rates"),
        comment="From when on a sender may send its next text, on the database's "
        "clock.",
    )
