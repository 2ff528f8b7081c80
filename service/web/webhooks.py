"""Webhooks: the provider's later word on a message, and what recipients text back.

The body is read as bytes and the provider checks its signature, so nothing here needs
a key. Twilio waits some seconds and repeats what was not taken, so the work is one
transaction: twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
"""

import asyncio
from http import HTTPStatus

from aiohttp import web

from service.domain.delivery.outcome import Inbound, Receipt
from service.domain.errors import InvalidError, Mistake, UnknownError
from service.domain.formats.raw import label
from service.flow.sending.receive import hear, receive
from service.web.services import DESK, Desk

PATH = "/webhooks/{provider}/{kind}"

PATIENCE = 10.0
"""Seconds in which a body must have come: Twilio itself waits no longer than 15."""

NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""TwiML that says nothing back."""


async def webhook(request: web.Request) -> web.Response:
    """Take a webhook of the running provider; 403 where it did not sign it."""
    desk = request.app[DESK]
    provider, kind = request.match_info["provider"], request.match_info["kind"]
    if provider != desk.provider.name:
        raise UnknownError("provider", label(provider), [desk.provider.name])
    take = _TAKES.get(kind)
    if take is None:
        raise UnknownError("webhook", label(kind), list(_TAKES))
    body = await body_of(request)
    said = desk.provider.parse(request.headers, body, request.path_qs)
    return await take(desk, said)


async def body_of(request: web.Request) -> bytes:
    """All of it, or a 4xx: anybody may call, and stop in the middle."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (web.RequestPayloadError, ConnectionError):
        raise web.HTTPBadRequest(text="a body that breaks off") from None


async def _status(desk: Desk, said: Receipt | Inbound) -> web.Response:
    if not isinstance(said, Receipt):
        raise _misdirected("a text to us", "a status")
    await receive([said], desk.receiving, desk.clock)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _inbound(desk: Desk, said: Receipt | Inbound) -> web.Response:
    if not isinstance(said, Inbound):
        raise _misdirected("a status", "a text to us")
    phones = desk.registration.phones
    await hear(said, desk.receiving, phones, desk.vault, desk.clock)
    return web.Response(text=NO_REPLY, content_type="text/xml")


def _misdirected(found: str, expected: str) -> InvalidError:
    return InvalidError("webhook", [Mistake("body", found, expected)])


_TAKES = {"status": _status, "inbound": _inbound}
