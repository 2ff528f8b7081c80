"""Messages that leave one by one, each posted to the platform once."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

import aiohttp
import orjson

from service.adapters.http.answers import LONGEST_ANSWER, retry_after, text_of, timeouts
from service.adapters.http.late_body import FORM, Timely
from service.adapters.sms_platform.files.provider import TOO_LATE
from service.adapters.sms_platform.format.model import HttpFormat
from service.adapters.sms_platform.http.answers import failed, judged
from service.adapters.sms_platform.json_paths import nested
from service.adapters.sms_platform.message_fields import (
    Slip,
    UnfitError,
    slip_of,
    written,
)
from service.adapters.sms_platform.results.receipt import NAME
from service.adapters.sms_platform.results.webhook import Webhook
from service.domain.delivery.outcome import (
    Found,
    Inbound,
    NotPosted,
    Outcome,
    Receipt,
    Refused,
)
from service.flow.ports import Clock
from service.flow.rows import OpenMessage, Outgoing

MEDIA = {"json": "application/json", "form": FORM}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Http:
    """A `Provider`: a platform that can be told, and not be asked.

    What it answered neither yes nor no to stays unknown until its result comes, or an
    operator decides. `timeout` is in seconds for a whole POST.
    """

    to: HttpFormat
    session: aiohttp.ClientSession
    proxy: str | None = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)
    clock: Clock
    timeout: float
    webhook: Webhook
    name: str = NAME
    by_our_id: bool = True

    async def send(self, message: Outgoing) -> Outcome:
        """POST one message, once, unless its time is over."""
        if message.valid_for <= self.timeout:
            return NotPosted(TOO_LATE)
        try:
            slip = slip_of(message, self.clock.now())
            body, headers = request(self.to, slip, self.secrets)
        except UnfitError as error:
            return Refused(error.kind, error.code, error.reason)
        try:
            async with self.session.post(
                self.to.url,
                data=Timely(body, MEDIA[self.to.body], message.post_until),
                headers=headers | {"Accept-Encoding": "identity"},
                allow_redirects=False,
                proxy=self.proxy,
                timeout=timeouts(self.timeout),
            ) as answer:
                text = await text_of(answer, LONGEST_ANSWER)
                wait = retry_after(answer)
        except Exception as error:  # noqa: BLE001 - the POST may have begun
            return failed(error)
        return judged(self.to, answer.status, text, wait, message.id)

    async def hand_over(self) -> None:
        """Each has left already."""

    async def find(
        self,
        message: OpenMessage,  # noqa: ARG002 - nothing can be asked
        to: str,  # noqa: ARG002
    ) -> Sequence[Found] | None:
        """None: the platform cannot be asked."""
        return None

    async def fetch(self, provider_id: str) -> Receipt | None:  # noqa: ARG002 - likewise
        """None: the platform cannot be asked."""
        return None

    async def fetch_many(
        self,
        provider_ids: Collection[str],  # noqa: ARG002 - likewise
        since: datetime,  # noqa: ARG002
    ) -> Sequence[Receipt] | None:
        """None: the platform cannot be asked."""
        return None

    def parse(
        self, headers: Mapping[str, str], body: bytes, path: str
    ) -> Receipt | Inbound:
        """A result that the platform posts, its secret checked."""
        return self.webhook.parse(headers, body, path)


def request(
    to: HttpFormat, slip: Slip, secrets: Mapping[str, str]
) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a POST; raises `UnfitError`."""
    fields = written(to.fields, slip, to.style, secrets)
    headers = written(to.headers, slip, to.style, secrets)
    headers["Content-Type"] = MEDIA[to.body]
    if to.body == "json":
        return orjson.dumps(nested(fields)), headers
    return urlencode(fields).encode(), headers
