"""The log of requests, with the pattern of the route instead of its path."""

from time import perf_counter

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

_log = structlog.get_logger("service.web")


@web.middleware
async def log_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log one line per request; paths contain permit numbers and are not logged."""
    started = perf_counter()
    response = await handler(request)
    _log.info(
        "request",
        method=request.method,
        route=route_pattern(request) or "(none)",
        status=response.status,
        ms=round((perf_counter() - started) * 1000, 1),
    )
    return response


def route_pattern(request: web.Request) -> str | None:
    """The route's pattern, such as "/v1/permits/{rule}/{number}"; None if unknown."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else None
