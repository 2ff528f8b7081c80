"""Twilio's Programmable Messaging as a provider, through its SDK.

POST Messages has no idempotency key (twilio.com/docs/api/errors/20500), so every
answer that is not a clear yes or no is `Unknown`, and nothing is repeated here.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from service.adapters.twilio_codes import STATES, TOO_MANY, kind_of
from service.adapters.twilio_http import TwilioHttp
from service.adapters.twilio_webhooks import Account, parse
from service.domain.outcome import (
    Accepted,
    Found,
    Inbound,
    Outcome,
    Receipt,
    RefusalKind,
    Refused,
    Unknown,
)
from service.flow.rows import OpenMessage, Outgoing

VALIDITY = 4 * 3600
"""Seconds Twilio may try: a stuck queue must not fire at night (ValidityPeriod)."""

SKEW = timedelta(minutes=15)
"""How far Twilio's clock, told in whole seconds, may be behind our database's."""

_NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_CLIENT_ERRORS = range(400, 500)


@dataclass(frozen=True, slots=True)
class Sender:
    """How to reach Twilio and in whose name; times in seconds.

    `user` and `secret` are the account's own, or an API key's; the account's auth
    token is needed besides, as it signs webhooks.
    """

    name: str
    account_sid: str
    auth_token: str = field(repr=False)
    user: str
    secret: str = field(repr=False)
    messaging_service_sid: str | None
    from_: str | None
    api_url: str | None
    public_url: str | None
    timeout: float
    proxy: str | None = None


class Twilio:
    """A `Provider`; open it with `twilio(sender)`."""

    def __init__(self, sender: Sender, client: Client) -> None:
        self.name = sender.name
        self._sender = sender
        self._client = client

    async def send(self, message: Outgoing) -> Outcome:
        """POST one message, once."""
        try:
            made = await self._client.messages.create_async(
                to=message.phone,
                body=message.body,
                messaging_service_sid=self._sender.messaging_service_sid,
                from_=self._sender.from_,
                status_callback=self._callback(message.id),
                validity_period=VALIDITY,
            )
        except _NOT_CONNECTED as error:
            return Refused(RefusalKind.RETRY_SAFE, "connect", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the POST had begun
            return _judged(error)
        if not made.sid:
            return Unknown("the answer names no message")
        return Accepted(made.sid, STATES.get(made.status, STATES["accepted"]))

    async def find(self, message: OpenMessage, to: str) -> Sequence[Found] | None:
        """Messages to the same phone, made since it was claimed."""
        since = message.posted_after - SKEW
        found = []
        try:
            async for one in await self._client.messages.stream_async(to=to):
                if one.date_created < since:  # Twilio lists the newest first
                    break
                state = STATES.get(one.status, STATES["accepted"])
                same = one.body == message.body
                found.append(Found(one.sid, state, one.date_created, same))
        except Exception:  # noqa: BLE001 - any fault: it could not be asked
            return None
        return found

    async def fetch(self, provider_id: str) -> Receipt | None:
        """Twilio's present word on a message."""
        try:
            one = await self._client.messages(provider_id).fetch_async()
        except Exception:  # noqa: BLE001 - any fault: it could not be asked
            return None
        code = None if one.error_code is None else str(one.error_code)
        return Receipt(
            provider=self.name,
            provider_id=provider_id,
            state=STATES.get(one.status),
            raw={"MessageStatus": str(one.status), "ErrorCode": code or ""},
            code=code,
            kind=kind_of(int(code), 200) if code else None,
        )

    def parse(
        self, headers: Mapping[str, str], body: bytes, path: str
    ) -> Receipt | Inbound:
        """A webhook of Twilio's, its signature and account checked."""
        account = Account(self.name, self._sender.account_sid, self._sender.auth_token)
        return parse(account, headers, body, f"{self._sender.public_url or ''}{path}")

    def _callback(self, message_id: str) -> str | None:
        """Where receipts go, with our own id: it binds even an answer never read.

        The fragment asks Twilio to repeat a callback that we did not take.
        """
        if self._sender.public_url is None:
            return None
        path = f"/webhooks/{self.name}/status?ref={message_id}"
        return f"{self._sender.public_url}{path}#rc=5&rp=all"


@asynccontextmanager
async def twilio(sender: Sender) -> AsyncIterator[Twilio]:
    """A provider with a session of its own, closed on leaving."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        client = Client(
            sender.user,
            sender.secret,
            account_sid=sender.account_sid,
            http_client=TwilioHttp(session, sender.timeout, sender.proxy),
            environment={"TWILIO_REGION": ""},
        )
        if sender.api_url:
            client.api.base_url = sender.api_url
        yield Twilio(sender, client)


def _judged(error: Exception) -> Outcome:
    """Only Twilio's own clear no is one; garbage may hide an accepted message.

    Where an answer has no code of Twilio's, the SDK says the HTTP status again.
    """
    status, code = getattr(error, "status", 0), getattr(error, "code", None)
    clear = code != status or status == TOO_MANY
    if not (isinstance(error, TwilioException) and status in _CLIENT_ERRORS and clear):
        return Unknown(f"{type(error).__name__} {status or ''}".strip())
    return Refused(kind_of(code, status), str(code), f"HTTP {status}")
