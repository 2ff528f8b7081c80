"""What was sent, counted."""

from datetime import date, datetime
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, Field

from service.domain.formats.raw import A_DAY
from service.domain.reports.period import between
from service.flow.reports.weekly import By, columns_of
from service.flow.reports.weekly import counts as count
from service.web.api.endpoint import endpoint
from service.web.api.parameter_types import Day, Line
from service.web.api.request_input import Parameters
from service.web.services import Desk


class CountsQuery(Parameters):
    """Which days, counted by what."""

    from_: Day = Field(alias="from", description=A_DAY, examples=["2024-01-29"])
    to: Day = Field(description=f"{A_DAY}, not before from", examples=["2024-02-04"])
    by: By = Field(default="rule", description="rule, authority, day or week")
    format: Literal["json", "csv"] = Field(default="json", description="json or csv")
    authority: Line | None = Field(
        default=None,
        description="the code of an office, counted with all below it; "
        "the settings' one by default",
    )


class CountsRow(BaseModel):
    """The counts of one rule, authority, day or week."""

    of: str
    reminders: int = Field(description="件: permits reminded of, once a step")
    messages: int = Field(description="条: SMS the provider accepted")
    delivered: int
    failed: int
    pending: int = Field(description="messages without a final receipt yet")
    segments: int = Field(description="what the messages are billed as")
    holders: int | None = Field(
        default=None,
        description="different holders reminded; only by day and week, since by rule "
        "or authority one holder may stand in several rows",
    )


class Counts(BaseModel):
    """Counts of whole local days, both included."""

    authority: str
    from_: date = Field(alias="from")
    to: date
    as_of: datetime
    by: By
    rows: list[CountsRow]


@endpoint("GET", "/v1/counts", {200: Counts}, refusals=(404,), media=("text/csv",))
async def counts(desk: Desk, query: CountsQuery) -> Counts | web.Response:
    """Count what was sent on some local days by rule, authority, day or week.

    Rows add up: every reminder and every message stands in one of them.
    """
    law = await desk.laws.law()
    office = law.default_authority(query.authority or desk.default_authority)
    days = between(query.from_, query.to, office.zone)
    now = desk.clock.now()
    rows = await count(days, query.by, now, law.below(office.code), desk.counts)
    told = [row.told() for row in rows]
    if query.format == "csv":
        return web.Response(
            text=desk.documents.rows_as_csv(told, columns_of(rows)),
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
