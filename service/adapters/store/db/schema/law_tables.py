"""Tables of the law: rules, their versions, authorities, calendars."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table

from service.adapters.store.db.schema.metadata import metadata
from service.adapters.store.db.types import FreeText, Instant

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
    comment="A permit type without its versions; former: as it was before the last "
    "change, and the batch of that change.",
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
    Column("applied_by", FreeText(80), nullable=False),
    Column("batch", Integer, nullable=False),
    comment="A document never changes. batch: versions applied together. state: "
    "active, shadow or retired; the highest active revision of a series dates permits.",
)

calendar_years = Table(
    "calendar_years",
    metadata,
    Column("calendar", String(40), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("document", JSON, nullable=False),
    comment="The office's own holidays and working days, laid over the published ones.",
)
