"""Tables of permits: registers, permits, recipients."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from service.adapters.store.db.schema.metadata import id_column, metadata, partial_index
from service.adapters.store.db.types import Instant

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
    id_column(),
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
    "because of an opt-out. unreachable_by: the provider's code.",
)

permits = Table(
    "permits",
    metadata,
    id_column(),
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
    Column("expires_on", Date),
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
    Index(None, "number_key"),
    partial_index("ix_permits_replaces", "replaces", where="replaces IS NOT NULL"),
    comment="A personal number is encrypted, and its number_key a digest. dated_at: "
    "since when the permit has had its expiry date and series. Without an expiry date "
    "it belongs to no slot, and nothing reminds of it.",
)

permit_recipients = Table(
    "permit_recipients",
    metadata,
    Column("permit_id", ForeignKey("permits.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("recipient_id", ForeignKey("recipients.id"), nullable=False, index=True),
)
