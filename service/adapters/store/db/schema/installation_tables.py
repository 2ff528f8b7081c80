"""Tables of the installation: facts, API keys, the action log."""

from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, Table, Text

from service.adapters.store.db.schema.metadata import metadata
from service.adapters.store.db.types import FreeJson, FreeText, Id, Instant

facts = Table(
    "facts",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
    comment="Facts about the database as a whole, such as whether it is simulated.",
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("prefix", String(12), primary_key=True),
    Column("name", FreeText(80), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

actions = Table(
    "actions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by", FreeText(80), nullable=False),
    Column("what", String(40), nullable=False),
    Column("detail", FreeJson, nullable=False),
    comment="What people and the service's brakes did, and alarms.",
)

servers = Table(
    "servers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", String(40), nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("asked_since", Instant),
    Column("reader", Id()),
    Column("reader_until", Instant),
    Column("are_texts_read", Boolean, nullable=False),
    Column("is_trusted", Boolean, nullable=False),
    Column("is_released", Boolean, nullable=False),
    comment="Servers that the ledger was on. identity: system, timeline, database. "
    "asked_since: since when commits of the server before may be missing; null: it is "
    "the first. reader: who reads texts to us again. is_released: a person decided to "
    "send what cannot be asked about. asked_since and reader_until are on the "
    "database's clock.",
)
