"""Webhooks: the provider's later word on a message, and what recipients text back.

The body is read as bytes and the provider checks its signature, so nothing here needs
a key. Twilio waits some seconds and repeats what was not taken, so the work is one
transaction: twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
"""

import asyncio
from http import HTTPStatus
from typing import Final

from aiohttp import web

from service.domain.delivery.outcome import Inbound, Receipt
from service.domain.errors import InvalidError, Mistake, UnknownError
from service.domain.untrusted.text import safe_label
from service.flow.sending.receive import receive, receive_inbound
from service.web.services import SERVICES, Services

PATH = "/webhooks/{provider}/{kind}"

BODY_TIMEOUT = 10.0
"""Seconds in which a body must have come: Twilio itself waits no longer than 15."""

NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""TwiML that says nothing back."""


async def handle_webhook(request: web.Request) -> web.Response:
    """Take a webhook of the running provider; 403 where it did not sign it."""
    services = request.app[SERVICES]
    provider, kind = request.match_info["provider"], request.match_info["kind"]
    if provider != services.provider.name:
        raise UnknownError("provider", safe_label(provider), [services.provider.name])
    take = TAKE_BY_KIND.get(kind)
    if take is None:
        raise UnknownError("webhook", safe_label(kind), list(TAKE_BY_KIND))
    body = await read_body(request)
    said = services.provider.parse(request.headers, body, request.path_qs)
    return await take(services, said)


async def read_body(request: web.Request) -> bytes:
    """All of it, or a 4xx: anybody may call, and stop in the middle."""
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (web.RequestPayloadError, ConnectionError):
        raise web.HTTPBadRequest(text="a body that breaks off") from None


async def _take_status(services: Services, parsed: Receipt | Inbound) -> web.Response:
    if not isinstance(parsed, Receipt):
        raise _misdirected("a text to us", "a status")
    await receive([parsed], services.receive_store, services.clock)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _take_inbound(services: Services, parsed: Receipt | Inbound) -> web.Response:
    if not isinstance(parsed, Inbound):
        raise _misdirected("a status", "a text to us")
    phones = services.register_deps.phone_parser
    await receive_inbound(
        parsed, services.receive_store, phones, services.vault, services.clock
    )
    return web.Response(text=NO_REPLY, content_type="text/xml")


def _misdirected(found: str, expected: str) -> InvalidError:
    return InvalidError("webhook", [Mistake("body", found, expected)])


TAKE_BY_KIND: Final = {"status": _take_status, "inbound": _take_inbound}
"""The handler of each `kind` in the path."""
