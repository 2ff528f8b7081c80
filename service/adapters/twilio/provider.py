"""Twilio's Programmable Messaging as a provider, through its SDK.

POST Messages has no idempotency key (twilio.com/docs/api/errors/20500), so every
answer that is not a clear yes or no is `Unknown`, and nothing is repeated here.
"""

import logging
import math
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiohttp
from twilio.rest import Client

from service.adapters.http.proxy import proxy_for
from service.adapters.twilio.answers import (
    accepted,
    evidence,
    is_sid,
    judged,
    reason_of,
    told,
)
from service.adapters.twilio.http import UNTIL, TwilioHttp
from service.adapters.twilio.listing import messages_of, messages_to
from service.adapters.twilio.signatures import Account
from service.adapters.twilio.webhooks import parse
from service.domain.delivery.outcome import Found, Inbound, NotPosted, Outcome, Receipt
from service.domain.errors import ForgedError, InvalidError
from service.flow.rows import OpenMessage, Outgoing

API = "https://api.twilio.com"

LONGEST_VALIDITY = 4 * 3600
"""Seconds Twilio may try where nothing nearer ends it (ValidityPeriod)."""

SHORTEST_VALIDITY = 5
"""Seconds; what has less than that left could not get out of Twilio's queue."""

SKEW = timedelta(minutes=15)
"""How far Twilio's clock, told in whole seconds, may be behind our database's."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sender:
    """How to reach Twilio and in whose name; times in seconds.

    `user` and `secret` are the account's own, or an API key's; the account's auth
    token is needed besides, as it signs webhooks. `webhook_secret` is a shared key's,
    where the account signs with one instead.
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
    proxy: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)


class Twilio:
    """A `Provider`; open it with `twilio(sender)`."""

    by_our_id = False

    def __init__(self, sender: Sender, client: Client) -> None:
        self.name = sender.name
        self.sender = sender
        self._client = client
        self._messages = f"/Accounts/{sender.account_sid}/Messages.json"
        self._account = Account(
            provider=sender.name,
            sid=sender.account_sid,
            auth_token=sender.auth_token,
            webhook_secret=sender.webhook_secret,
        )

    async def send(self, message: Outgoing) -> Outcome:
        """POST one message, once, unless its time is over."""
        validity = self._validity(message)
        if validity < SHORTEST_VALIDITY:
            return NotPosted("no time is left to send it in")
        UNTIL.set(message.post_until)
        try:
            form = {
                "To": message.phone,
                "Body": message.body,
                **self._from(message),
                "StatusCallback": self._callback(message.id),
                "ValidityPeriod": validity,
            }
            made = await self._client.api.v2010.create_async(
                "POST", self._messages, data=form
            )
            return accepted(made, message.phone, self.sender.account_sid)
        except Exception as error:  # noqa: BLE001 - the POST may have begun
            return judged(error)

    async def find(self, message: OpenMessage, to: str) -> Sequence[Found] | None:
        """Messages to the same phone, made since it was claimed.

        None also where the list cannot be what was asked for: it proves no absence.
        """
        since, account = message.posted_after - SKEW, self.sender.account_sid
        try:
            listed = await messages_to(self._client.messages, to)
            found = [evidence(one, message.body, to, account) for one in listed]
        except Exception as error:  # noqa: BLE001 - any fault: it could not be asked
            self._unheard(error)
            return None
        return [one for one in found if one.created_at >= since]

    async def fetch(self, provider_id: str) -> Receipt | None:
        """Twilio's present word on a message."""
        if not is_sid(provider_id):
            return None
        try:
            one = await self._client.messages(provider_id).fetch_async()
            return told(self.name, one) if one.sid == provider_id else None
        except Exception as error:  # noqa: BLE001 - any fault: it could not be asked
            self._unheard(error)
            return None

    async def fetch_many(
        self, provider_ids: Collection[str], since: datetime
    ) -> Sequence[Receipt] | None:
        """Twilio's present word on messages accepted since an instant, by its list.

        No more requests than there are ids. Those it does not list are missing: what
        is not sent yet has no day to be listed by, so `fetch` it. None where nothing
        could be asked.
        """
        heard: list[Receipt] | None = None if provider_ids else []
        listing = messages_of(self._client.messages, provider_ids, since - SKEW)
        try:
            async for some in listing:
                heard = (heard or []) + [told(self.name, one) for one in some]
        except Exception as error:  # noqa: BLE001 - any fault: no more could be asked
            self._unheard(error)
        return heard

    async def hand_over(self) -> None:
        """Each has left already."""

    def parse(
        self, headers: Mapping[str, str], body: bytes, path: str
    ) -> Receipt | Inbound:
        """A webhook of Twilio's, its signature and account checked.

        Its address is `public_url` and the path, whatever host the request names.
        """
        url = f"{self.sender.public_url or ''}{path}"
        try:
            return parse(self._account, headers, body, url)
        except (ForgedError, InvalidError) as error:
            log.warning("%s: %s", self.name, error)
            raise

    def _validity(self, message: Outgoing) -> int:
        """Seconds Twilio may keep it; the POST itself may take some of those left."""
        left = math.floor(message.valid_for - self.sender.timeout)
        return min(LONGEST_VALIDITY, left)

    def _from(self, message: Outgoing) -> dict[str, str | None]:
        """The office's own sender, or that of the settings."""
        own = message.sent_from
        if own is None:
            service, number = self.sender.messaging_service_sid, self.sender.from_
        else:
            service, number = (own, None) if own.startswith("MG") else (None, own)
        return {"MessagingServiceSid": service, "From": number}

    def _callback(self, message_id: str) -> str | None:
        """Where receipts go, with our own id: it binds even an answer never read.

        The fragment asks Twilio to repeat a callback that we did not take.
        """
        if self.sender.public_url is None:
            return None
        path = f"/webhooks/{self.name}/status?ref={message_id}"
        return f"{self.sender.public_url}{path}#rc=5&rp=all"

    def _unheard(self, error: Exception) -> None:
        log.warning("%s: cannot be asked: %s", self.name, reason_of(error))


@asynccontextmanager
async def twilio(sender: Sender) -> AsyncIterator[Twilio]:
    """A provider with a session of its own, closed on leaving.

    Raises `SetUpError` for a proxy of the environment that cannot be used.
    """
    home = sender.api_url or API
    proxy = proxy_for(home, sender.proxy)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        client = Client(
            sender.user,
            sender.secret,
            account_sid=sender.account_sid,
            http_client=TwilioHttp(session, home, sender.timeout, proxy),
            environment={"TWILIO_REGION": ""},
        )
        client.api.base_url = home
        yield Twilio(sender, client)
