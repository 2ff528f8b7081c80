"""Tables of look-ups: how registers are asked about a permit, what they answered."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table

from service.adapters.store.db.schema.metadata import metadata, partial_index
from service.adapters.store.db.types import Instant

lookups = Table(
    "lookups",
    metadata,
    Column("register", String(80), primary_key=True),
    Column("mapping", JSON, nullable=False),
    Column("fresh_minutes", Integer, nullable=False),
    Column("at_once", Integer, nullable=False),
    Column("on_failure", String(4), nullable=False),
    Column("found", Integer, nullable=False),
    Column("not_found", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    comment="mapping: the file that declares the look-up, by which answers are read. "
    "found, not_found, failed: questions so far, by their end.",
)

lookup_answers = Table(
    "lookup_answers",
    metadata,
    Column("permit_id", ForeignKey("permits.id"), primary_key=True),
    Column("wanted_at", Instant),
    Column("taken_until", Instant),
    Column("asked_at", Instant),
    Column("answer", String(9)),
    partial_index(
        "ix_lookup_answers_wanted_at", "wanted_at", where="wanted_at IS NOT NULL"
    ),
    comment="wanted_at: since when a claim waits for an answer. taken_until: until "
    "then one process asks, and no other, by the database's clock.",
)
