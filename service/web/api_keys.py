"""Who may call: every route needs a key, but those that others must reach without."""

import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from service.web.access_log import pattern_of
from service.web.problems import problem
from service.web.services import DESK

CALLER: Final = web.RequestKey("CALLER", str)
"""Whose key a request came with."""

DETAIL = (
    "no API key, or none that is live: send `Authorization: Bearer pr_…`; "
    "`permit-reminders keys create NAME` makes one"
)

_BEARER = re.compile(r"bearer +(pr_[a-z0-9_-]{1,100})", re.ASCII | re.IGNORECASE)


def needing_keys(free: Collection[str]) -> Middleware:
    """Refuse a request without a live key before anything else is said.

    `free` are the patterns that need none: probes carry no key, webhooks carry a
    signature.
    """

    @web.middleware
    async def keys(request: web.Request, handler: Handler) -> web.StreamResponse:
        if pattern_of(request) in free:
            return await handler(request)
        if holder := await _holder(request):
            request[CALLER] = holder
            return await handler(request)
        challenge = {hdrs.WWW_AUTHENTICATE: "Bearer"}
        return problem(HTTPStatus.UNAUTHORIZED, DETAIL, headers=challenge)

    return keys


async def _holder(request: web.Request) -> str | None:
    found = _BEARER.fullmatch(request.headers.get(hdrs.AUTHORIZATION, ""))
    return await request.app[DESK].keys.holder_of(found[1]) if found else None
