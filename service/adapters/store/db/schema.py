"""The tables. Migrations build them; a test proves that both agree."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from service.adapters.store.db.types import Id, Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[str]:
    return Column("id", Id(), primary_key=True)


facts = Table(
    "facts",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
    comment="What is true of this database as a whole: simulated, its clock.",
)

authorities = Table(
    "authorities",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("document", JSON, nullable=False),
)

rules = Table(
    "rules",
    metadata,
    Column("code", String(80), primary_key=True),
    Column("document", JSON, nullable=False),
    Column("former", JSON),
    comment="The words of a permit type; former: before the last change applied.",
)

versions = Table(
    "versions",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("rule", ForeignKey("rules.code"), nullable=False, index=True),
    Column("series", String(110), nullable=False),
    Column("state", String(8), nullable=False),
    Column("document", JSON, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("applied_at", Instant, nullable=False),
    Column("applied_by", String(80), nullable=False),
    Column("batch", Integer, nullable=False),
    comment="Texts never change. batch: what was applied at once. state: active, "
    "shadow or retired; of a series the highest active revision dates its permits.",
)

calendar_years = Table(
    "calendar_years",
    metadata,
    Column("calendar", String(40), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("document", JSON, nullable=False),
    comment="The office's own days over the published ones.",
)

golives = Table(
    "golives",
    metadata,
    Column("authority", ForeignKey("authorities.code"), primary_key=True),
    Column("rule", ForeignKey("rules.code"), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("live_from", Instant, nullable=False),
    Column("approved_by", String(80), nullable=False),
    Column("catch_up_days", Integer, nullable=False),
    comment="No row is draft: nothing is sent. In trial only staff is texted. "
    "catch_up_days: over how many sending days the steps current at the start were "
    "spread; 0: they were not texted.",
)

staff = Table(
    "staff",
    metadata,
    Column("authority", ForeignKey("authorities.code"), primary_key=True),
    Column("recipient_id", ForeignKey("recipients.id"), primary_key=True),
    Column("name", String(80), nullable=False),
    comment="Whose phones a trial may text.",
)

pauses = Table(
    "pauses",
    metadata,
    Column("scope", String(130), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    Column("reason", Text, nullable=False),
)

registers = Table(
    "registers",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("max_age_days", Integer),
    Column("loaded_at", Instant, nullable=False),
)

recipients = Table(
    "recipients",
    metadata,
    _id(),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("phone", LargeBinary, nullable=False),
    Column("masked", String(24), nullable=False),
    Column("line", String(8), nullable=False),
    Column("language", String(2)),
    Column("opted_out_at", Instant),
    Column("opted_out_by", String(8)),
    Column("unreachable_at", Instant),
    Column("unreachable_by", String(40)),
    comment="opted_out_by: inbound, api or command; null: the provider refused a text "
    "for it. unreachable_by: the provider's code.",
)

permits = Table(
    "permits",
    metadata,
    _id(),
    Column("authority", ForeignKey("authorities.code"), nullable=False),
    Column("rule", ForeignKey("rules.code"), nullable=False),
    Column("number_key", String(64), nullable=False),
    Column("number", LargeBinary),
    Column("shown_number", String(64), nullable=False),
    Column("tail", String(32), nullable=False),
    Column("holder", Text, nullable=False),
    Column("holder_code", String(64)),
    Column("language", String(2)),
    Column("issued_on", Date),
    Column("expires_on", Date, nullable=False),
    Column("status", String(10), nullable=False),
    Column("renewal_filed_on", Date),
    Column("replaces", String(64)),
    Column("replaced", Boolean, nullable=False, default=False),
    Column("series", String(110), nullable=False),
    Column("register", ForeignKey("registers.name"), nullable=False),
    Column("registered_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("dated_at", Instant, nullable=False),
    UniqueConstraint("authority", "rule", "number_key"),
    Index(None, "series", "authority", "expires_on", "status", "replaced", "id"),
    Index(None, "authority", "rule", "replaces"),
    comment="A personal number is encrypted, its key a digest. dated_at: since when "
    "the permit has had this expiry date and series of versions.",
)

permit_recipients = Table(
    "permit_recipients",
    metadata,
    Column("permit_id", ForeignKey("permits.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("recipient_id", ForeignKey("recipients.id"), nullable=False, index=True),
)

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
    Index(
        "ix_slots_due",
        "due_at",
        sqlite_where=text("expanded_at IS NULL"),
        postgresql_where=text("expanded_at IS NULL"),
    ),
    comment="version_id: the revision that dated it. redated_at: when a change of the "
    "law moved it last; reminded: of its permits some had a reminder before that.",
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
    Column("reason", Text),
    Column("state_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("hold_reason", Text),
    Column("retry_at", Instant),
    Column("returned", Integer, nullable=False, default=0),
    Column("retries", Integer, nullable=False, default=0),
    Column("message_id", Id()),
    Column("sent_at", Instant),
    Column("told_on", Date),
    Column("redated_at", Instant),
    Index(
        "ix_reminders_due",
        "closes_at",
        "permit_id",
        "next_at",
        sqlite_where=text("state = 'due'"),
        postgresql_where=text("state = 'due'"),
    ),
    Index(
        "ix_reminders_retrying",
        "closes_at",
        "permit_id",
        "next_at",
        sqlite_where=text("state = 'retrying'"),
        postgresql_where=text("state = 'retrying'"),
    ),
    *[
        Index(
            f"ix_reminders_{column}",
            column,
            sqlite_where=text(f"{known} IS NOT NULL"),
            postgresql_where=text(f"{known} IS NOT NULL"),
        )
        for column, known in (
            ("sent_at", "sent_at"),
            ("state_at", "reason"),
            ("message_id", "message_id"),
        )
    ],
    comment="told_on: the closing day its text names, if it names one. returned: how "
    "often a message of it was found absent; retries: how often it was sent again.",
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
    Column("reason", Text),
    Column("message_id", Id()),
    ForeignKeyConstraint(
        ["permit_id", "expires_on", "step"],
        ["reminders.permit_id", "reminders.expires_on", "reminders.step"],
        name="fk_reminder_events_reminder",
    ),
    Index(None, "permit_id", "expires_on", "step"),
    comment="Every move of a reminder after its birth.",
)

OPEN_MESSAGE = "state IN ('sending', 'uncertain')"
"""Under way or unknown, word by word as in the partial index: so it is used."""

UNCONFIRMED_MESSAGE = "state IN ('accepted', 'sent')"
"""Taken, and its last word not heard; likewise."""

messages = Table(
    "messages",
    metadata,
    _id(),
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
    Column("reason", Text),
    Column("code", String(16)),
    Column("kind", String(12)),
    Column("claimed_at", Instant, nullable=False),
    Column("owner", Id(), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("posted_after", Instant, nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("absent_at", Instant),
    Column("accepted_at", Instant),
    Column("ask_at", Instant),
    Column("final_at", Instant),
    UniqueConstraint("provider", "provider_id"),
    Index(
        "ix_messages_open",
        "lease_until",
        sqlite_where=text(OPEN_MESSAGE),
        postgresql_where=text(OPEN_MESSAGE),
    ),
    Index(
        "ix_messages_unheard",
        "provider",
        "accepted_at",
        sqlite_where=text(UNCONFIRMED_MESSAGE),
        postgresql_where=text(UNCONFIRMED_MESSAGE),
    ),
    Index(None, "accepted_at"),
    Index(None, "recipient_id"),
    Index(None, "office", "claimed_at"),
    comment="office: the authority that sends. kind: why it was not taken or not "
    "carried. posted_after and lease_until are on the database's clock. ask_at: when "
    "the provider is asked next what became of it.",
)

message_reminders = Table(
    "message_reminders",
    metadata,
    Column("message_id", ForeignKey("messages.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("permit_id", Id(), nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("step", String(40), nullable=False),
    ForeignKeyConstraint(
        ["permit_id", "expires_on", "step"],
        ["reminders.permit_id", "reminders.expires_on", "reminders.step"],
        name="fk_message_reminders_reminder",
    ),
    Index(None, "permit_id", "expires_on", "step"),
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
    comment="Every word of a provider after its answer, as it came.",
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
)

templates = Table(
    "templates",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("language", String(2), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
    Column("saved_by", String(80), nullable=False),
    comment="The office's own wordings; the highest version is used. The shipped "
    "files are version 0.",
)

forecasts = Table(
    "forecasts",
    metadata,
    Column("office", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("reminders", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("confirmed_by", String(80)),
    comment="How many reminders an office that sends expected for a day, as its "
    "registers stood then; whoever confirmed that there are many more.",
)

rates = Table(
    "rates",
    metadata,
    Column("sender", String(64), primary_key=True),
    Column("free_at", Instant, nullable=False),
    comment="From when on a sender may send its next text, on the database's clock.",
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("prefix", String(12), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

actions = Table(
    "actions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    Column("what", String(40), nullable=False),
    Column("detail", JSON, nullable=False),
    comment="What people and brakes did, and what must alarm somebody.",
)
