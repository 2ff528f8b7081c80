"""Tables of messages: what was sent, receipts, texts received, sender limits."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from service.adapters.store.db.schema.metadata import id_column, metadata, partial_index
from service.adapters.store.db.types import FreeText, Id, Instant

OPEN_MESSAGE = "state IN ('sending', 'uncertain')"
"""Being sent, or outcome unknown. The words of a partial index: queries repeat them."""

UNCONFIRMED_MESSAGE = "state IN ('accepted', 'sent')"
"""Accepted, no final receipt yet. The words of a partial index, too."""

messages = Table(
    "messages",
    metadata,
    id_column(),
    Column("authority", String(40), nullable=False),
    Column("office", String(40), nullable=False),
    Column("rule", String(80), nullable=False),
    Column("recipient_id", ForeignKey("recipients.id"), nullable=False),
    Column("template", String(40), nullable=False),
    Column("template_version", Integer, nullable=False),
    Column("language", String(2), nullable=False),
    Column("body", Text, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("seal", String(64), nullable=False),
    Column("provider", String(16), nullable=False),
    Column("provider_id", String(64)),
    Column("state", String(12), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("reason", FreeText),
    Column("code", String(16)),
    Column("kind", String(12)),
    Column("claimed_at", Instant, nullable=False),
    Column("owner", Id(), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("posted_after", Instant, nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("begun", Boolean),
    Column("asked_for", Integer),
    Column("absent_at", Instant),
    Column("accepted_at", Instant),
    Column("posted_at", Instant),
    Column("ask_at", Instant),
    Column("final_at", Instant),
    UniqueConstraint("provider", "provider_id"),
    partial_index(
        "ix_messages_open",
        "lease_until",
        where=OPEN_MESSAGE,
    ),
    partial_index(
        "ix_messages_unheard",
        "provider",
        "accepted_at",
        where=UNCONFIRMED_MESSAGE,
    ),
    Index(None, "accepted_at"),
    partial_index("ix_messages_posted_at", "posted_at", where="posted_at IS NOT NULL"),
    Index(None, "recipient_id"),
    Index(None, "office", "claimed_at"),
    comment="office: the authority that sends. kind: why the provider refused it or "
    "did not deliver it. posted_after and lease_until are on the database's clock. "
    "begun: whether its POST may have begun; null: claimed by a release that did not "
    "say. asked_for: the server in `servers` since when it may have been forgotten; it "
    "was stored to ask about, not to POST. accepted_at: when the acceptance was "
    "recorded. posted_at: when the accepted message was POSTed, by the provider's "
    "date. ask_at: when the provider is next asked for a receipt.",
)

message_reminders = Table(
    "message_reminders",
    metadata,
    Column("message_id", ForeignKey("messages.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("permit_id", Id(), nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("step", String(40), nullable=False),
    Column("told_on", Date),
    Column("version_id", String(120)),
    ForeignKeyConstraint(
        ["permit_id", "expires_on", "step"],
        ["reminders.permit_id", "reminders.expires_on", "reminders.step"],
        name="fk_message_reminders_reminder",
    ),
    Index(None, "permit_id", "expires_on", "step"),
    comment="told_on: the closing day that the text names; version_id: the version "
    "that words it. Null: linked by a release that did not store it.",
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("provider", String(16), nullable=False),
    Column("provider_id", String(64), nullable=False),
    Column("message_id", Id(), index=True),
    Column("state", String(12)),
    Column("code", String(16)),
    Column("raw", JSON, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("moved", Boolean, nullable=False),
    comment="Every receipt of a provider, as received; moved: it changed its message.",
)

inbounds = Table(
    "inbounds",
    metadata,
    Column("provider", String(16), primary_key=True),
    Column("provider_id", String(64), primary_key=True),
    Column("recipient_id", ForeignKey("recipients.id")),
    Column("intent", String(5)),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", Instant, nullable=False),
    comment="intent: stop or start; other: a person has handled it; null: it waits in "
    "the inbox.",
)

rates = Table(
    "rates",
    metadata,
    Column("sender", String(64), primary_key=True),
    Column("free_at", Instant, nullable=False),
    comment="When a sender may send its next text, on the database's clock.",
)

turns = Table(
    "turns",
    metadata,
    Column("office", String(40), primary_key=True),
    Column("served", Integer, nullable=False),
    comment="Offices in the order in which claims go round: the lowest number is next. "
    "A claim locks the rows of the offices that it serves.",
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("owner", Id(), nullable=False),
    Column("lease_until", Instant, nullable=False),
    comment="What one worker does alone, until an instant on the database's clock: "
    "'rounds', the work of once a tick; 'line' with a sender, its exclusive line.",
)

circuits = Table(
    "circuits",
    metadata,
    Column("provider", String(16), primary_key=True),
    Column("state", String(9), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("reason", FreeText),
    Column("changed_at", Instant, nullable=False),
    Column("wait_seconds", Float, nullable=False),
    Column("probe_at", Instant),
    Column("probe_owner", Id()),
    Column("probe_until", Instant),
    comment="The circuit breaker of each provider. failures: in a row. wait_seconds: "
    "from one probe to the next. Instants are on the database's clock.",
)
