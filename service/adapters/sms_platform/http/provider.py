"""Sends messages one by one, each posted to the platform once."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

import aiohttp
import orjson

from service.adapters.http.answers import (
    LONGEST_ANSWER,
    client_timeout,
    read_body,
    retry_after,
)
from service.adapters.http.late_body import FORM_MEDIA_TYPE, DeadlineBody
from service.adapters.sms_platform.files.provider import TOO_LATE
from service.adapters.sms_platform.format.model import HttpFormat
from service.adapters.sms_platform.http.answers import (
    outcome_of_answer,
    outcome_of_error,
)
from service.adapters.sms_platform.json_paths import nest_fields
from service.adapters.sms_platform.message_fields import (
    PlatformMessage,
    UnfitMessageError,
    render_fields,
    to_platform_message,
)
from service.adapters.sms_platform.results.receipt import PROVIDER_NAME
from service.adapters.sms_platform.results.webhook import ResultsWebhook
from service.domain.delivery.outcome import (
    Inbound,
    NotPosted,
    Outcome,
    Receipt,
    Refused,
)
from service.domain.delivery.retry import UNPOSTABLE_WAIT
from service.flow.ports import Clock
from service.flow.sending.provider import (
    AccountListing,
    Listing,
    OpenMessage,
    Outgoing,
)

MEDIA_TYPES = {"json": "application/json", "form": FORM_MEDIA_TYPE}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class HttpProvider:
    """A `Provider` for a platform that takes messages and cannot be queried.

    An unknown outcome stays unknown until a result arrives or an operator decides.
    `timeout` is in seconds for a whole POST.
    """

    http_format: HttpFormat
    session: aiohttp.ClientSession
    proxy: str | None = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)
    clock: Clock
    timeout: float
    webhook: ResultsWebhook
    name: str = PROVIDER_NAME
    finds_by_our_id: bool = True
    has_exclusive_senders: bool = False

    async def send(self, message: Outgoing) -> Outcome:
        """POST a message once; `NotPosted` if too little time is left."""
        if message.valid_for <= self.timeout:
            return NotPosted(TOO_LATE, UNPOSTABLE_WAIT)
        try:
            platform_message = to_platform_message(message, self.clock.now())
            body, headers = build_request(
                self.http_format, platform_message, self.secrets
            )
        except UnfitMessageError as error:
            return Refused(error.kind, error.code, error.reason)
        try:
            async with self.session.post(
                self.http_format.url,
                data=DeadlineBody(
                    body, MEDIA_TYPES[self.http_format.body_kind], message.post_until
                ),
                headers=headers | {"Accept-Encoding": "identity"},
                allow_redirects=False,
                proxy=self.proxy,
                timeout=client_timeout(self.timeout),
            ) as answer:
                text = await read_body(answer, LONGEST_ANSWER)
                retry_after_seconds = retry_after(answer)
        except Exception as error:  # noqa: BLE001 - the POST may have begun
            return outcome_of_error(error)
        return outcome_of_answer(
            self.http_format, answer.status, text, retry_after_seconds, message.id
        )

    async def is_answering(self) -> bool:
        """Return True: the platform cannot be asked, so a POST has to try it."""
        return True

    async def flush(self) -> None:
        """Do nothing: `send` has posted every message."""

    async def find(
        self,
        message: OpenMessage,  # noqa: ARG002 - nothing can be asked
        phone: str,  # noqa: ARG002
    ) -> Listing | None:
        """Return None: the platform cannot be queried."""
        return None

    async def list_since(self, since: datetime) -> AccountListing | None:  # noqa: ARG002 - likewise
        """Return None: the platform cannot be queried."""
        return None

    async def fetch_receipt(self, provider_id: str) -> Receipt | None:  # noqa: ARG002 - likewise
        """Return None: the platform cannot be queried."""
        return None

    async def fetch_receipts(
        self,
        provider_ids: Collection[str],  # noqa: ARG002 - likewise
        since: datetime,  # noqa: ARG002
    ) -> Sequence[Receipt] | None:
        """Return None: the platform cannot be queried."""
        return None

    def parse(
        self, headers: Mapping[str, str], body: bytes, path: str
    ) -> Receipt | Inbound:
        """Return the receipt of a posted result after checking its secret."""
        return self.webhook.parse(headers, body, path)


def build_request(
    http_format: HttpFormat, message: PlatformMessage, secrets: Mapping[str, str]
) -> tuple[bytes, dict[str, str]]:
    """Return the body and headers of a POST; raises `UnfitMessageError`."""
    fields = render_fields(http_format.fields, message, http_format.style, secrets)
    headers = render_fields(http_format.headers, message, http_format.style, secrets)
    headers["Content-Type"] = MEDIA_TYPES[http_format.body_kind]
    if http_format.body_kind == "json":
        return orjson.dumps(nest_fields(fields)), headers
    return urlencode(fields).encode(), headers
