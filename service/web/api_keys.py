"""Who may call: every route needs a key, but those that others must reach without."""

import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from service.web.access_log import route_pattern
from service.web.problems import problem_response
from service.web.services import SERVICES

CALLER: Final = web.RequestKey("CALLER", str)
"""Whose key a request came with."""

NO_KEY_DETAIL = (
    "no API key, or none that is live: send `Authorization: Bearer pr_…`; "
    "`permit-reminders keys create NAME` makes one"
)

_BEARER = re.compile(r"bearer +(pr_[a-z0-9_-]{1,100})", re.ASCII | re.IGNORECASE)


def require_api_key(public_paths: Collection[str]) -> Middleware:
    """Refuse a request without a live key before anything else is said.

    `free` are the patterns that need none: probes carry no key, webhooks carry a
    signature.
    """

    @web.middleware
    async def keys(request: web.Request, handler: Handler) -> web.StreamResponse:
        if route_pattern(request) in public_paths:
            return await handler(request)
        if holder := await _key_holder(request):
            request[CALLER] = holder
            return await handler(request)
        challenge = {hdrs.WWW_AUTHENTICATE: "Bearer"}
        return problem_response(
            HTTPStatus.UNAUTHORIZED, NO_KEY_DETAIL, headers=challenge
        )

    return keys


async def _key_holder(request: web.Request) -> str | None:
    found = _BEARER.fullmatch(request.headers.get(hdrs.AUTHORIZATION, ""))
    return (
        await request.app[SERVICES].api_key_store.caller_of(found[1]) if found else None
    )
