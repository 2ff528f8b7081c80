"""The weekly report as JSON, CSV or text."""

from aiohttp import web

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

    A message counts on the day on which it was sent. Once the week is over, its report
    no longer changes: what becomes known later is in the next one, as `restated`.
    """
    _, office = await requested_authority(services, query.authority)
    period = parse_iso_week(path.week, office.zone)
    report = await make_report(
        period,
        office,
        services.law_store,
        services.count_store,
        services.clock,
        as_of=query.as_of,
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
