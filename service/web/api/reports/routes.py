"""The weekly report as JSON, CSV or text."""

from datetime import datetime

from aiohttp import web

from service.domain.errors import InvalidError, Mistake
from service.domain.reports.period import parse_iso_week
from service.flow.reports.weekly import make_report
from service.web.api.authority_scope import requested_authority
from service.web.api.endpoint import endpoint
from service.web.api.reports.models import ReportQuery, WeeklyReport, WeekPath
from service.web.services import Services


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
    _, office = await requested_authority(services, query.authority)
    as_of = _not_future(query.as_of, services.clock.now())
    period = parse_iso_week(path.week, office.zone)
    report = await make_report(
        period, office, as_of, services.law_store, services.count_store
    )
    formatter = services.report_formatter
    match query.format:
        case "json":
            body = formatter.as_json(report)
            return web.Response(body=body, content_type="application/json")
        case "csv":
            return web.Response(text=formatter.as_csv(report), content_type="text/csv")
        case "text":
            return web.Response(text=formatter.as_text(report))


def _not_future(as_of: datetime | None, now: datetime) -> datetime:
    if as_of is not None and as_of > now:
        expected = f"an instant not after {now.isoformat(timespec='seconds')}"
        mistake = Mistake("as_of", as_of.isoformat(), expected)
        raise InvalidError("request", [mistake])
    return as_of or now
