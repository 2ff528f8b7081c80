"""Webhooks: receipts of the provider, and texts that recipients send.

The provider checks the signature of the raw body, so a webhook needs no API key. Twilio
waits some seconds and repeats a webhook that was not accepted, so each is answered when
its transaction is committed, which receipts that come at once share:
twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
"""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from service.domain.delivery.outcome import Inbound, Receipt
from service.domain.errors import InvalidError, Mistake, UnknownError
from service.domain.untrusted.text import safe_label
from service.flow.sending.outcomes.receive import receive_inbound
from service.flow.sending.provider import Provider
from service.web.request_body import read_body
from service.web.service_key import SERVICES
from service.web.services import Services

PATH = "/webhooks/{provider}/{kind}"

PROVIDER: Final = web.AppKey("PROVIDER", Provider)
"""The provider whose webhooks this process takes."""

NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""TwiML without a reply."""


async def handle_webhook(request: web.Request) -> web.Response:
    """Process a webhook of the configured provider; 403 if its signature is wrong."""
    services, provider = request.app[SERVICES], request.app[PROVIDER]
    name, kind = request.match_info["provider"], request.match_info["kind"]
    if name != provider.name:
        raise UnknownError("provider", safe_label(name), [provider.name])
    process = TAKE_BY_KIND.get(kind)
    if process is None:
        raise UnknownError("webhook", safe_label(kind), list(TAKE_BY_KIND))
    body = await read_body(request)
    parsed = provider.parse(request.headers, body, request.path_qs)
    return await process(services, parsed)


async def _process_status(
    services: Services, parsed: Receipt | Inbound
) -> web.Response:
    if not isinstance(parsed, Receipt):
        raise _misdirected("a text to us", "a status")
    await services.receipt_batches.receive(parsed)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _process_inbound(
    services: Services, parsed: Receipt | Inbound
) -> web.Response:
    if not isinstance(parsed, Inbound):
        raise _misdirected("a status", "a text to us")
    phones = services.register_deps.phone_reader
    await receive_inbound(
        parsed, services.receive_store, phones, services.vault, services.clock
    )
    return web.Response(text=NO_REPLY, content_type="text/xml")


def _misdirected(found: str, expected: str) -> InvalidError:
    return InvalidError("webhook", [Mistake("body", found, expected)])


TAKE_BY_KIND: Final = {"status": _process_status, "inbound": _process_inbound}
"""The handler of each `kind` in the path."""
