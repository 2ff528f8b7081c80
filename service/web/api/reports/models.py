"""The weekly report as JSON: the shape of what `Documents.as_json` writes."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class Name(BaseModel):
    """A name in both languages."""

    zh: str = Field(description="Chinese")
    en: str = Field(description="English")


class Figures(BaseModel):
    """Unprefixed the period's, `year_` since 1 January, `total_` since the start."""

    reminded: int = Field(description="件: reminders sent")
    messages: int = Field(description="条: SMS the provider accepted")
    delivered: int = Field(description="messages that arrived by `as_of`")
    failed: int = Field(description="messages that did not arrive")
    pending: int = Field(description="messages without a final receipt by `as_of`")
    segments: int = Field(description="what the messages are billed as")
    previous_messages: int | None = Field(description="null in a first issue")
    year_reminded: int = Field(description="reminders sent since 1 January")
    year_messages: int = Field(description="messages since 1 January")
    total_reminded: int = Field(description="reminders sent since the start")
    total_messages: int = Field(description="messages since the start")
    total_delivered: int = Field(description="messages since the start that arrived")
    total_failed: int = Field(
        description="messages since the start that did not arrive"
    )
    total_pending: int = Field(
        description="messages since the start without a final receipt"
    )
    total_segments: int = Field(
        description="what all messages since the start are billed as"
    )
    total_delivery_rate: float | None = Field(description="per cent; null of nothing")


class TypeFigures(Figures):
    """One permit type."""

    rule: str = Field(description="the code of the permit type")
    name: Name = Field(description="its name")


class WeeklyReport(Figures):
    """What was sent in a week, for which permit types, and what became of it."""

    period: str = Field(description="the ISO week, like 2024-W05")
    from_: date = Field(alias="from", description="the first day")
    to: date = Field(description="the last day")
    starts_at: datetime = Field(description="the first instant of the period")
    ends_at: datetime = Field(description="the end of the period, not included")
    as_of: datetime = Field(description="what was delivered by then")
    authority: Name = Field(description="the name of the office")
    simulated: bool = Field(description="true where the sandbox carried messages")
    first_issue: bool = Field(description="whether nothing was sent before the period")
    due: int = Field(
        description="reminders of the period that were sent or ended with a reason"
    )
    not_reminded: dict[str, int] = Field(description="by reason")
    waiting: int = Field(
        description="due reminders still open, which a later report counts"
    )
    before_start: int = Field(
        description="reminders whose step was over when the type went live"
    )
    permits_reminded: int = Field(description="permits with at least one reminder sent")
    filed_after_reminding: int = Field(
        description="of them, those whose holder has filed for renewal since"
    )
    next_period: str = Field(description="the ISO week that follows")
    next_period_reminders: int | None = Field(description="reminders expected in it")
    types: list[TypeFigures] = Field(description="one for each permit type")
