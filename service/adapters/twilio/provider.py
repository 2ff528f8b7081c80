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
    describe_error,
    found_from_message,
    is_not_found,
    is_sid,
    outcome_of_answer,
    outcome_of_error,
    receipt_from_message,
)
from service.adapters.twilio.form import callback_url, sender_fields
from service.adapters.twilio.http import POST_UNTIL, TwilioHttpClient
from service.adapters.twilio.listing import (
    list_account,
    list_messages_by_sid,
    list_messages_to,
)
from service.adapters.twilio.signatures import WebhookAccount
from service.adapters.twilio.webhooks import parse_webhook
from service.domain.delivery.outcome import (
    Inbound,
    NotPosted,
    Outcome,
    Receipt,
    UnknownId,
)
from service.domain.delivery.retry import UNPOSTABLE_WAIT
from service.domain.errors import ForgedError, InvalidError
from service.flow.sending.provider import (
    AccountListing,
    Listing,
    OpenMessage,
    Outgoing,
)

API_URL = "https://api.twilio.com"

LONGEST_VALIDITY = 4 * 3600
"""Longest ValidityPeriod, in seconds: how long Twilio may queue a message."""

SHORTEST_VALIDITY = 5
"""Seconds; a message with less time left would expire in Twilio's queue."""

CLOCK_SKEW = timedelta(minutes=15)
"""How far Twilio's clock may be behind the database's."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TwilioConfig:
    """The account, its credentials and the sender; `timeout` in seconds.

    `user` and `secret` are the account's own, or an API key's. `auth_token` is needed
    in both cases, since it signs webhooks, unless the account signs them with a
    shared key, `webhook_secret`.
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


class TwilioProvider:
    """A `Provider` that sends through Twilio; open it with `open_twilio`."""

    finds_by_our_id = False
    has_exclusive_senders = False

    def __init__(self, config: TwilioConfig, client: Client) -> None:
        self.name = config.name
        self.config = config
        self.client = client
        self._messages = f"/Accounts/{config.account_sid}/Messages.json"
        self._account = WebhookAccount(
            provider=config.name,
            sid=config.account_sid,
            auth_token=config.auth_token,
            webhook_secret=config.webhook_secret,
        )

    async def send(self, message: Outgoing) -> Outcome:
        """POST a message once; `NotPosted` if too little time is left."""
        validity, ours = self._validity(message), self.config
        if validity < SHORTEST_VALIDITY:
            return NotPosted("no time is left to send it in", UNPOSTABLE_WAIT)
        POST_UNTIL.set(message.post_until)
        try:
            form = {
                "To": message.phone,
                "Body": message.body,
                **sender_fields(
                    message.sent_from, ours.messaging_service_sid, ours.from_
                ),
                "StatusCallback": callback_url(ours.public_url, self.name, message.id),
                "ValidityPeriod": validity,
            }
            made = await self.client.api.v2010.create_async(
                "POST", self._messages, data=form
            )
            return outcome_of_answer(made, message.phone, self.config.account_sid)
        except Exception as error:  # noqa: BLE001 - the POST may have begun
            return outcome_of_error(error)

    async def is_answering(self) -> bool:
        """List one message: whether Twilio answers."""
        try:
            await self.client.messages.page_async(page_size=1)
        except Exception as error:  # noqa: BLE001 - any fault: no answer
            self._log_unavailable(error)
            return False
        return True

    async def find(self, message: OpenMessage, phone: str) -> Listing | None:
        """Return the messages to this phone; candidates are those since the claim.

        None if Twilio could not be asked, or if its list is not credible or has more
        than `EVIDENCE_PAGES`: such a list does not prove that the message is absent.
        """
        since = message.posted_after - CLOCK_SKEW
        try:
            listed = await list_messages_to(self.client.messages, phone)
            found = [
                found_from_message(one, message.body, phone, self.config.account_sid)
                for one in listed
            ]
        except Exception as error:  # noqa: BLE001 - any fault: it could not be asked
            self._log_unavailable(error)
            return None
        candidates = [one for one in found if one.created_at >= since]
        return Listing(candidates, frozenset(one.provider_id for one in found))

    async def list_since(self, since: datetime) -> AccountListing | None:
        """Return the account's messages and texts to us, but for unsent ones.

        Twilio filters by day, so all pages of that day in UTC are read; the list is not
        complete if there are more than `ACCOUNT_PAGES`.
        """
        messages, account = self.client.messages, self.config.account_sid
        try:
            return await list_account(messages, account, since - CLOCK_SKEW, self.name)
        except Exception as error:  # noqa: BLE001 - any fault: it could not be asked
            self._log_unavailable(error)
            return None

    async def fetch_receipt(self, provider_id: str) -> Receipt | UnknownId | None:
        """Return the present status of a message as a receipt; None if unavailable."""
        if not is_sid(provider_id):
            return None
        try:
            one = await self.client.messages(provider_id).fetch_async()
            return (
                receipt_from_message(self.name, one) if one.sid == provider_id else None
            )
        except Exception as error:  # noqa: BLE001 - any fault: it could not be asked
            self._log_unavailable(error)
            return UnknownId() if is_not_found(error) else None

    async def fetch_receipts(
        self, provider_ids: Collection[str], since: datetime
    ) -> Sequence[Receipt] | None:
        """Return receipts of messages accepted since an instant, from Twilio's list.

        Makes at most as many requests as there are ids. Messages that the list lacks
        are left out: Twilio does not list unsent ones by day, so use `fetch_receipt`.
        None if Twilio could not be asked.
        """
        receipts: list[Receipt] | None = None if provider_ids else []
        listing = list_messages_by_sid(
            self.client.messages, provider_ids, since - CLOCK_SKEW
        )
        try:
            async for some in listing:
                receipts = (receipts or []) + [
                    receipt_from_message(self.name, one) for one in some
                ]
        except Exception as error:  # noqa: BLE001 - any fault: no more could be asked
            self._log_unavailable(error)
        return receipts

    async def flush(self) -> None:
        """Do nothing: `send` has posted every message."""

    def parse(
        self, headers: Mapping[str, str], body: bytes, path: str
    ) -> Receipt | Inbound:
        """Return a webhook of Twilio's after checking its signature and account.

        The signed URL is `public_url` and the path, whatever host the request names.
        """
        url = f"{self.config.public_url or ''}{path}"
        try:
            return parse_webhook(self._account, headers, body, url)
        except (ForgedError, InvalidError) as error:
            log.warning("%s: %s", self.name, error)
            raise

    def _validity(self, message: Outgoing) -> int:
        """Return the ValidityPeriod in seconds: what the POST's timeout leaves."""
        left = math.floor(message.valid_for - self.config.timeout)
        return min(LONGEST_VALIDITY, left)

    def _log_unavailable(self, error: Exception) -> None:
        log.warning("%s: cannot be asked: %s", self.name, describe_error(error))


@asynccontextmanager
async def open_twilio(config: TwilioConfig) -> AsyncIterator[TwilioProvider]:
    """Open a provider with its own HTTP session, closed on exit.

    Raises `SetUpError` if the environment names a proxy that cannot be used.
    """
    api_url = config.api_url or API_URL
    proxy = proxy_for(api_url, config.proxy)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        client = Client(
            config.user,
            config.secret,
            account_sid=config.account_sid,
            http_client=TwilioHttpClient(session, api_url, config.timeout, proxy),
            environment={"TWILIO_REGION": ""},
        )
        client.api.base_url = api_url
        yield TwilioProvider(config, client)
