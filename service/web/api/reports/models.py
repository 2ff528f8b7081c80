"""Models of the weekly report: parameters, and the JSON of `ReportFormatter`."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from service.formats.field_types import Bilingual
from service.web.api.parameter_types import Instant, IsoWeek, TextLine
from service.web.api.request_input import Parameters


class WeekPath(Parameters):
    """Which week."""

    week: IsoWeek = Field(
        description="an ISO week such as 2024-W05", examples=["2024-W05"]
    )


class ReportQuery(Parameters):
    """As of when, for which authority, in which form."""

    as_of: Instant | None = Field(
        default=None,
        description="an instant like 2024-02-05T01:00:00Z, not in the future; what "
        "was known then is counted; by default the end of the week, or now before that",
    )
    authority: TextLine | None = Field(
        default=None,
        description="the code of an authority, all below it included; "
        "the one in the settings by default",
    )
    format: Literal["json", "csv", "text"] = Field(
        default="json", description="json, csv or text"
    )


class Figures(BaseModel):
    """Counts of the period; with `year_` since 1 January, with `total_` of all time.

    With `restated_` what became known of earlier periods after their reports; the
    totals include it.
    """

    reminded: int = Field(description="件: reminders sent")
    messages: int = Field(description="条: SMS that the provider accepted")
    delivered: int = Field(description="messages delivered by `as_of`")
    failed: int = Field(description="messages that failed by `as_of`")
    pending: int = Field(description="messages without a final receipt by `as_of`")
    segments: int = Field(description="billed segments of the messages")
    previous_messages: int | None = Field(
        description="messages of the period before; null in a first issue"
    )
    year_reminded: int = Field(description="reminders sent since 1 January")
    year_messages: int = Field(description="messages since 1 January")
    total_reminded: int = Field(description="reminders sent since the start")
    total_messages: int = Field(description="messages since the start")
    total_delivered: int = Field(description="messages delivered since the start")
    total_failed: int = Field(description="messages that failed since the start")
    total_pending: int = Field(
        description="messages since the start without a final receipt"
    )
    total_segments: int = Field(
        description="billed segments of all messages since the start"
    )
    total_delivery_rate: float | None = Field(
        description="delivered per cent of all messages; null if there are none"
    )
    restated_reminded: int = Field(
        description="reminders sent before the period that became known since its start"
    )
    restated_messages: int = Field(
        description="messages sent before the period that became known since its start"
    )
    restated_delivered: int = Field(
        description="earlier messages reported as delivered since the period's start"
    )
    restated_failed: int = Field(
        description="earlier messages reported as failed since the period's start; "
        "negative where they were delivered after all"
    )
    restated_pending: int = Field(
        description="change of earlier messages without a final receipt"
    )
    restated_segments: int = Field(description="billed segments of `restated_messages`")


class TypeFigures(Figures):
    """The counts of one permit type."""

    rule: str = Field(description="the code of the permit type")
    name: Bilingual = Field(description="the name of the permit type")


class WeeklyReport(Figures):
    """The counts of a week, in all and by permit type."""

    period: str = Field(description="the ISO week, such as 2024-W05")
    from_: date = Field(alias="from", description="the first day")
    to: date = Field(description="the last day")
    starts_at: datetime = Field(description="the first instant of the period")
    ends_at: datetime = Field(description="the end of the period, not included")
    as_of: datetime = Field(description="what was known at this instant is counted")
    authority: Bilingual = Field(description="the name of the office")
    simulated: bool = Field(description="true if the sandbox carried messages")
    first_issue: bool = Field(description="true if nothing was sent before the period")
    due: int = Field(
        description="reminders of the period that were sent or ended with a reason"
    )
    not_reminded: dict[str, int] = Field(description="reminders not sent, by reason")
    waiting: int = Field(
        description="due reminders that were open as of `as_of`; a later report counts "
        "them"
    )
    before_start: int = Field(
        description="reminders whose step was over when the type went live"
    )
    permits_reminded: int = Field(description="permits with at least one reminder sent")
    filed_after_reminding: int = Field(
        description="of these permits, those whose holder has applied for renewal since"
    )
    next_period: str = Field(description="the ISO week that follows")
    next_period_reminders: int | None = Field(description="reminders expected in it")
    types: list[TypeFigures] = Field(description="one for each permit type")
