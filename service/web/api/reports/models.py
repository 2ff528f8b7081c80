"""The weekly report as JSON: the shape of what `Documents.as_json` writes."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class Name(BaseModel):
    """A name in both languages."""

    zh: str
    en: str


class Figures(BaseModel):
    """Unprefixed the period's, `year_` since 1 January, `total_` since the start."""

    reminded: int
    messages: int
    delivered: int
    failed: int
    pending: int
    segments: int
    previous_messages: int | None = Field(description="null in a first issue")
    year_reminded: int
    year_messages: int
    total_reminded: int
    total_messages: int
    total_delivered: int
    total_failed: int
    total_pending: int
    total_segments: int
    total_delivery_rate: float | None = Field(description="per cent; null of nothing")


class TypeFigures(Figures):
    """One permit type."""

    rule: str
    name: Name


class WeeklyReport(Figures):
    """What was sent in a week, for which permit types, and what became of it."""

    period: str = Field(description="the ISO week, like 2024-W05")
    from_: date = Field(alias="from")
    to: date
    starts_at: datetime
    ends_at: datetime
    as_of: datetime = Field(description="what was delivered by then")
    authority: Name
    simulated: bool = Field(description="true where the sandbox carried messages")
    first_issue: bool
    due: int
    not_reminded: dict[str, int] = Field(description="by reason")
    waiting: int
    before_start: int
    permits_reminded: int
    filed_after_reminding: int
    next_period: str
    next_period_reminders: int | None
    types: list[TypeFigures]
