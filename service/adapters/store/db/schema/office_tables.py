"""Tables of an office: go-lives, trial staff, pauses, templates, forecasts."""

from sqlalchemy import Column, Date, ForeignKey, Integer, String, Table, Text

from service.adapters.store.db.schema.metadata import metadata
from service.adapters.store.db.types import FreeText, Instant

golives = Table(
    "golives",
    metadata,
    Column("authority", ForeignKey("authorities.code"), primary_key=True),
    Column("rule", ForeignKey("rules.code"), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("live_from", Instant, nullable=False),
    Column("approved_by", FreeText(80), nullable=False),
    Column("catch_up_days", Integer, nullable=False),
    comment="state: trial (only staff are texted) or live; no row: draft, nothing is "
    "sent. catch_up_days: sending days over which the steps current at the start were "
    "spread; 0: they were not texted.",
)

staff = Table(
    "staff",
    metadata,
    Column("authority", ForeignKey("authorities.code"), primary_key=True),
    Column("recipient_id", ForeignKey("recipients.id"), primary_key=True),
    Column("name", FreeText(80), nullable=False),
    comment="Phones that a trial may text.",
)

pauses = Table(
    "pauses",
    metadata,
    Column("scope", String(130), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("by", FreeText(80), nullable=False),
    Column("reason", FreeText, nullable=False),
)

templates = Table(
    "templates",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("language", String(2), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
    Column("saved_by", FreeText(80), nullable=False),
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
    Column("confirmed_by", FreeText(80)),
    comment="Reminders that a sending office expected for a day when the day began; "
    "confirmed_by: who allowed many more.",
)
