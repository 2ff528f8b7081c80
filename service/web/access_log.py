"""The log of requests: which route, never which permit."""

from time import perf_counter

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

_log = structlog.get_logger("service.web")


@web.middleware
async def log_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write one line a request, with the route's pattern: paths contain numbers."""
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
    """The pattern of the route, as "/v1/permits/{rule}/{number}"; None without one."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else None
