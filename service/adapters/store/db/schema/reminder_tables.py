"""Tables of reminders: slots, reminders, and the changes of their states."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
)

from service.adapters.store.db.schema.metadata import metadata, partial_index
from service.adapters.store.db.types import FreeText, Id, Instant

WAITING_REMINDER = "state IN ('due', 'retrying')"
"""Due, or due again. The words of a partial index: queries repeat them."""

slots = Table(
    "slots",
    metadata,
    Column("series", String(110), primary_key=True),
    Column("authority", ForeignKey("authorities.code"), primary_key=True),
    Column("expires_on", Date, primary_key=True),
    Column("step", String(40), primary_key=True),
    Column("rule", ForeignKey("rules.code"), nullable=False),
    Column("version_id", ForeignKey("versions.id"), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("closes_at", Instant, nullable=False),
    Column("template", String(40), nullable=False),
    Column("replaces", String(200)),
    Column("redated_at", Instant),
    Column("reminded", Boolean, nullable=False, default=False),
    Column("expanded_at", Instant),
    partial_index(
        "ix_slots_due",
        "due_at",
        where="expanded_at IS NULL",
    ),
    comment="version_id: the revision that dated the slot. redated_at: when a change "
    "of the law last moved it. reminded: whether any of its permits had a reminder "
    "before that. expanded_at: when its reminders were created; null: not yet.",
)

reminders = Table(
    "reminders",
    metadata,
    Column("permit_id", ForeignKey("permits.id"), primary_key=True),
    Column("expires_on", Date, primary_key=True),
    Column("step", String(40), primary_key=True),
    Column("rule", String(80), nullable=False),
    Column("authority", String(40), nullable=False),
    Column("version_id", String(120), nullable=False),
    Column("template", String(40), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("closes_at", Instant, nullable=False),
    Column("born_at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", FreeText),
    Column("state_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("hold_reason", FreeText),
    Column("retry_at", Instant),
    Column("returned", Integer, nullable=False, default=0),
    Column("retries", Integer, nullable=False, default=0),
    Column("message_id", Id()),
    Column("sent_at", Instant),
    Column("posted_at", Instant),
    Column("told_on", Date),
    Column("redated_at", Instant),
    partial_index(
        "ix_reminders_due",
        "authority",
        "closes_at",
        "permit_id",
        "next_at",
        where="state = 'due'",
    ),
    partial_index(
        "ix_reminders_retrying",
        "authority",
        "closes_at",
        "permit_id",
        "next_at",
        where="state = 'retrying'",
    ),
    partial_index("ix_reminders_sent_at", "sent_at", where="sent_at IS NOT NULL"),
    partial_index("ix_reminders_posted_at", "posted_at", where="posted_at IS NOT NULL"),
    partial_index("ix_reminders_state_at", "state_at", where="reason IS NOT NULL"),
    partial_index(
        "ix_reminders_message_id", "message_id", where="message_id IS NOT NULL"
    ),
    partial_index(
        "ix_reminders_held",
        "permit_id",
        "expires_on",
        "step",
        where=f"{WAITING_REMINDER} AND hold_reason IS NOT NULL",
    ),
    comment="sent_at: when the acceptance of its first message was recorded; "
    "posted_at: when that was POSTed. told_on: the closing day that its text names, if "
    "any. returned: how often the provider had no trace of its message; retries: how "
    "often it was sent again.",
)

reminder_events = Table(
    "reminder_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("permit_id", Id(), nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("step", String(40), nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", FreeText),
    Column("message_id", Id()),
    ForeignKeyConstraint(
        ["permit_id", "expires_on", "step"],
        ["reminders.permit_id", "reminders.expires_on", "reminders.step"],
        name="fk_reminder_events_reminder",
    ),
    Index(None, "permit_id", "expires_on", "step"),
    comment="Every change of a reminder's state after it was created.",
)
