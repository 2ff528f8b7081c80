"""The weekly report: as figures, as a table, as text."""

from datetime import datetime
from typing import Literal

from aiohttp import web
from pydantic import Field

from service.domain.errors import InvalidError, Mistake
from service.domain.reports.period import parse_iso_week
from service.flow.reports.weekly import make_report
from service.web.api.endpoint import endpoint
from service.web.api.parameter_types import Instant, TextLine
from service.web.api.reports.models import WeeklyReport
from service.web.api.request_input import Parameters
from service.web.services import Services


class WeekPath(Parameters):
    """Which week."""

    week: TextLine = Field(
        description="an ISO week such as 2024-W05", examples=["2024-W05"]
    )


class ReportQuery(Parameters):
    """Whose report, from when, in which form."""

    as_of: Instant | None = Field(
        default=None,
        description="an instant like 2024-02-05T01:00:00Z, not in the future; "
        "now by default",
    )
    authority: TextLine | None = Field(
        default=None,
        description="the code of an office, told with all below it; "
        "the settings' one by default",
    )
    format: Literal["json", "csv", "text"] = Field(
        default="json", description="json, csv or text"
    )


@endpoint(
    "GET",
    "/v1/reports/{week}",
    {200: WeeklyReport},
    error_statuses=(404,),
    media_types=("text/csv", "text/plain"),
)
async def weekly_report(
    services: Services, path: WeekPath, query: ReportQuery
) -> web.Response:
    """Report on a week: how many were sent, for which types, and what became of them.

    The counts of what was sent no longer change once the week is over; deliveries are
    counted as of an instant.
    """
    law = await services.law_store.current_law()
    office = law.default_authority(query.authority or services.default_authority)
    as_of = _not_future(query.as_of, services.clock.now())
    period = parse_iso_week(path.week, office.zone)
    made = await make_report(
        period, office, as_of, services.law_store, services.count_store
    )
    documents = services.report_formatter
    match query.format:
        case "json":
            body = documents.as_json(made)
            return web.Response(body=body, content_type="application/json")
        case "csv":
            return web.Response(text=documents.as_csv(made), content_type="text/csv")
        case "text":
            return web.Response(text=documents.as_text(made))


def _not_future(as_of: datetime | None, now: datetime) -> datetime:
    if as_of is not None and as_of > now:
        expected = f"an instant not after {now.isoformat(timespec='seconds')}"
        mistake = Mistake("as_of", as_of.isoformat(), expected)
        raise InvalidError("request", [mistake])
    return as_of or now
