"""Tables of permits: registers, their imports, permits, recipients."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from service.adapters.store.db.schema.metadata import id_column, metadata, partial_index
from service.adapters.store.db.types import FreeText, Instant

registers = Table(
    "registers",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("max_age_days", Integer),
    Column("loaded_at", Instant, nullable=False),
)

imports = Table(
    "imports",
    metadata,
    id_column(),
    Column("register", String(80), nullable=False),
    Column("file", FreeText(255), nullable=False),
    Column("content", LargeBinary(32), nullable=False),
    Column("mapping", LargeBinary(32), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("exported_at", Instant, nullable=False),
    Column("state", String(12), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("committed", Integer, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("by", FreeText(80), nullable=False),
    Column("mark", String(80)),
    Column("is_rejects", Boolean, nullable=False, default=False),
    Column("is_trial", Boolean, nullable=False, default=False),
    Column("report", JSON),
    Column("alive_at", Instant),
    Column("is_part", Boolean, nullable=False, server_default=false()),
    Index(None, "register", "id"),
    comment="content and mapping: SHA-256, so that only the same file is resumed. "
    "committed: rows whose outcome is stored, with the counts of them all. seconds: "
    "worked on it, by the monotonic clock. is_rejects: the file has the rejected rows "
    "of another. is_part: it has what had changed in a view. report: what the command "
    "prints, by lines. alive_at: when its process last wrote, by the database's clock; "
    "a killed import stays running here. mark: of a view, the newest change that was "
    "read.",
)

import_changes = Table(
    "import_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("import_id", ForeignKey("imports.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", FreeText(80), nullable=False),
    Column("changes", JSON, nullable=False),
    Index(None, "import_id", "id"),
    comment="changes: a list of [permit id, what, fields], all of one transaction: a "
    "row for each permit would slow imports down. fields: by name [from, to], or null "
    "where that is personal; none of a registered permit. Phones are recipients' ids.",
)

import_refusals = Table(
    "import_refusals",
    metadata,
    Column("import_id", ForeignKey("imports.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("mistakes", JSON, nullable=False),
    comment="position: of the row in its file, from 0 on. mistakes: a list of [field, "
    "found, expected].",
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
    Column("status_reason", String(40)),
    Column("filing", String(9)),
    Column("filing_on", Date),
    Column("filing_expires_on", Date),
    Column("district", String(6)),
    Column("also_in", String(80)),
    UniqueConstraint("authority", "rule", "number_key"),
    Index(None, "series", "authority", "expires_on", "status", "replaced", "id"),
    Index(None, "number_key"),
    partial_index(
        "ix_permits_district", "district", "id", where="district IS NOT NULL"
    ),
    partial_index("ix_permits_replaces", "replaces", where="replaces IS NOT NULL"),
    comment="A personal number is encrypted, and its number_key a digest. dated_at: "
    "since when the permit has had its expiry date and series. Without an expiry date "
    "it belongs to no slot, and nothing reminds of it. status_reason: why it is "
    "withdrawn, where the register did not say so. filing: the state of the last "
    "filed renewal, filed on filing_on to put off the expiry date filing_expires_on. "
    "renewal_filed_on is what follows from that and from the permit's own row. "
    "district: a code of GB/T 2260. also_in: the register in which it stood before, "
    "as long as that may still list it.",
)

renewals = Table(
    "renewals",
    metadata,
    Column("permit_id", ForeignKey("permits.id"), primary_key=True),
    Column("expires_on", Date, primary_key=True),
    Column("filed_on", Date),
    Column("renewed_on", Date),
    Column("renewed_until", Date),
    Column("renewed_by", ForeignKey("permits.id")),
    Column("step", String(40)),
    Column("posted_at", Instant),
    Column("days", Integer),
    Column("recorded_at", Instant, nullable=False),
    comment="expires_on: the end of the term that is renewed. renewed_on: null while "
    "it is only filed; renewed_until: null too where the new term has no end. "
    "renewed_by: the permit with the new number. step, posted_at: the last reminder "
    "sent before it was filed, or else renewed, days later in local days; null: none.",
)

permit_recipients = Table(
    "permit_recipients",
    metadata,
    Column("permit_id", ForeignKey("permits.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("recipient_id", ForeignKey("recipients.id"), nullable=False, index=True),
    Column("role", String(14)),
    comment="role: representative, manager or agent; null: the register does not say.",
)
