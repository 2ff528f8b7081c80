"""API keys: every route needs one, except the public routes."""

import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from service.web.access_log import route_pattern
from service.web.problems import problem_response
from service.web.service_key import SERVICES

CALLER: Final = web.RequestKey("CALLER", str)
"""The name of the API key that a request was sent with."""

NO_KEY_DETAIL = (
    "no API key, or none that is live: send `Authorization: Bearer pr_…`; "
    "`permit-reminders keys create NAME` makes one"
)

_BEARER = re.compile(r"bearer +(pr_[a-z0-9_-]{1,100})", re.ASCII | re.IGNORECASE)


def require_api_key(public_paths: Collection[str]) -> Middleware:
    """Middleware that refuses a request without a live key, whatever its route.

    The path patterns in `public_paths` need none: probes have no key, and webhooks have
    a signature.
    """

    @web.middleware
    async def check_key(request: web.Request, handler: Handler) -> web.StreamResponse:
        if route_pattern(request) in public_paths:
            return await handler(request)
        if holder := await _key_holder(request):
            request[CALLER] = holder
            return await handler(request)
        challenge = {hdrs.WWW_AUTHENTICATE: "Bearer"}
        return problem_response(
            HTTPStatus.UNAUTHORIZED, NO_KEY_DETAIL, headers=challenge
        )

    return check_key


async def _key_holder(request: web.Request) -> str | None:
    """The name of the key; None without a live one."""
    match = _BEARER.fullmatch(request.headers.get(hdrs.AUTHORIZATION, ""))
    if match is None:
        return None
    return await request.app[SERVICES].api_key_store.caller_of(match[1])
