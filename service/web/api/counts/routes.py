"""What was sent, counted."""

from datetime import date, datetime
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, Field

from service.domain.reports.period import period_between
from service.domain.untrusted.raw_fields import EXPECTED_DAY
from service.flow.reports.weekly import GroupBy, columns_of
from service.flow.reports.weekly import list_counts as count
from service.web.api.endpoint import endpoint
from service.web.api.parameter_types import Day, TextLine
from service.web.api.request_input import Parameters
from service.web.services import Services


class CountsQuery(Parameters):
    """Which days, counted by what."""

    from_: Day = Field(alias="from", description=EXPECTED_DAY, examples=["2024-01-29"])
    to: Day = Field(
        description=f"{EXPECTED_DAY}, not before from", examples=["2024-02-04"]
    )
    by: GroupBy = Field(default="rule", description="rule, authority, day or week")
    format: Literal["json", "csv"] = Field(default="json", description="json or csv")
    authority: TextLine | None = Field(
        default=None,
        description="the code of an office, counted with all below it; "
        "the settings' one by default",
    )


class CountsRow(BaseModel):
    """The counts of one rule, authority, day or week."""

    of: str = Field(
        description="the code of the rule or authority, the day, or the week"
    )
    reminders: int = Field(description="件: permits reminded of, once a step")
    messages: int = Field(description="条: SMS the provider accepted")
    delivered: int = Field(
        description="messages that arrived, as far as is known by `as_of`"
    )
    failed: int = Field(description="messages that did not arrive")
    pending: int = Field(description="messages without a final receipt yet")
    segments: int = Field(description="what the messages are billed as")
    holders: int | None = Field(
        default=None,
        description="different holders reminded; only by day and week, since by rule "
        "or authority one holder may stand in several rows",
    )


class Counts(BaseModel):
    """Counts of whole local days, both included."""

    authority: str = Field(
        description="the code of the office, counted with all below it"
    )
    from_: date = Field(alias="from", description="the first day")
    to: date = Field(description="the last day")
    as_of: datetime = Field(description="until when receipts count")
    by: GroupBy = Field(description="what the rows are")
    rows: list[CountsRow] = Field(
        description="one for each rule, authority, day or week"
    )


@endpoint(
    "GET", "/v1/counts", {200: Counts}, error_statuses=(404,), media_types=("text/csv",)
)
async def counts(services: Services, query: CountsQuery) -> Counts | web.Response:
    """Count what was sent on some local days by rule, authority, day or week.

    Rows add up: every reminder and every message is in one of them. A reminder (件) is
    one permit in one step, counted on the day its first message was accepted; a message
    (条) is an SMS that the provider accepted. At most 1000 days or weeks.
    """
    law = await services.law_store.current_law()
    office = law.default_authority(query.authority or services.default_authority)
    days = period_between(query.from_, query.to, office.zone)
    now = services.clock.now()
    rows = await count(
        days, query.by, now, law.subtree(office.code), services.count_store
    )
    told = [row.public_fields() for row in rows]
    if query.format == "csv":
        return web.Response(
            text=services.report_formatter.rows_as_csv(told, columns_of(rows)),
            content_type="text/csv",
        )
    return Counts.model_validate(
        {
            "authority": office.code,
            "from": days.first_on,
            "to": days.last_on,
            "as_of": now,
            "by": query.by,
            "rows": told,
        }
    )
