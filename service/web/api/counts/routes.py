"""Counts of what was sent."""

from aiohttp import web

from service.domain.reports.period import period_between
from service.flow.reports.weekly import columns_of, list_counts
from service.web.api.authority_scope import requested_authority
from service.web.api.counts.models import Counts, CountsQuery
from service.web.api.endpoint import endpoint
from service.web.services import Services


@endpoint(
    "GET", "/v1/counts", {200: Counts}, error_statuses=(404,), media_types=("text/csv",)
)
async def counts(services: Services, query: CountsQuery) -> Counts | web.Response:
    """Count what was sent on some local days by rule, authority, day or week.

    Rows add up: every reminder and every message is in one of them. A reminder (件) is
    one permit in one step, counted on the day its first message was sent; a message
    (条) is an SMS that the provider accepted, counted on the day it was sent. At most
    1000 days or weeks.
    """
    law, office = await requested_authority(services, query.authority)
    days = period_between(query.from_, query.to, office.zone)
    now = await services.count_store.known_until(services.clock.now())
    rows = await list_counts(
        days, query.by, now, law.subtree(office.code), services.count_store
    )
    fields = [row.public_fields() for row in rows]
    if query.format == "csv":
        return web.Response(
            text=services.report_formatter.rows_as_csv(fields, columns_of(rows)),
            content_type="text/csv",
        )
    return Counts.model_validate(
        {
            "authority": office.code,
            "from": days.first_on,
            "to": days.last_on,
            "as_of": now,
            "by": query.by,
            "rows": fields,
        }
    )
