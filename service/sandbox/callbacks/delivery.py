"""Delivery of webhooks: signed, retried as the URL's fragment asks, and logged.

The fragment is an instruction to Twilio (twilio.com/docs/usage/webhooks/webhooks-
connection-overrides): `rc` is the number of retries (0 to 5, default 1), `rp` the
results to retry: `ct` no connection (the default), `rt` no answer, `4xx`, `5xx`, `all`.
"""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

import aiohttp
import orjson
from yarl import URL

from service.sandbox.callbacks.signature import sign, with_body_digest
from service.sandbox.callbacks.webhook import OutgoingWebhook
from service.sandbox.messages.messages import MessageLog

_TRY_TIMEOUT: Final = 5.0
_TOTAL_TIMEOUT: Final = 15.0
_CONCURRENT_WEBHOOKS: Final = 32
_RETRIES: Final = frozenset("012345")
_SHARED_KEY: Final = "webhooks_sharedkey_sandbox"
_MEDIA_TYPES: Final = {
    "form": "application/x-www-form-urlencoded; charset=utf-8",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True)
class _SignedWebhook:
    """A webhook with its encoded body and its signature."""

    url: str
    body: bytes
    headers: Mapping[str, str]


class WebhookSender:
    """Delivers webhooks over one session, at most 32 at a time.

    As with Twilio, the webhooks of one message may arrive in any order.
    """

    def __init__(
        self, session: aiohttp.ClientSession, auth_token: str, messages: MessageLog
    ) -> None:
        self._session = session
        self._auth_token = auth_token
        self._messages = messages
        self._slots = asyncio.Semaphore(_CONCURRENT_WEBHOOKS)

    async def deliver(self, webhook: OutgoingWebhook) -> str:
        """POST a webhook, with retries; returns the last result.

        A result is an HTTP status, `ct` or `rt`. One try takes at most 5 s, all tries
        together 15 s, and a retry follows at once.
        """
        url, _, fragment = webhook.url.partition("#")
        retries, retried_results = _retry_settings(fragment)
        signed_webhook = self._sign(webhook, url)
        async with self._slots:
            deadline = asyncio.get_running_loop().time() + _TOTAL_TIMEOUT
            attempt = 1
            while True:
                result = await self._post(signed_webhook, deadline)
                self._messages.record(
                    "callback",
                    sid=webhook.sid,
                    status=webhook.status,
                    url=url,
                    attempt=attempt,
                    result=result,
                )
                if attempt > retries or not _retries_after(result, retried_results):
                    return result
                attempt += 1

    def _sign(self, post: OutgoingWebhook, url: str) -> _SignedWebhook:
        """Encode and sign a webhook; each retry posts the same bytes."""
        headers = {
            "Content-Type": _MEDIA_TYPES[post.content],
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            "User-Agent": "TwilioProxy/1.1",
        }
        if post.algorithm != "sha1":
            name = f"HMAC_{post.algorithm.upper()}"
            headers["X-Twilio-Webhooks-Signature-Settings"] = (
                f"key={_SHARED_KEY},algorithm={name}"
            )
        body, signed = urlencode(post.fields).encode(), post.fields
        if post.content == "json":
            body, signed = orjson.dumps(post.fields), {}
            url = with_body_digest(url, body)
        headers["X-Twilio-Signature"] = sign(
            self._auth_token, url, signed, post.algorithm
        )
        return _SignedWebhook(url, body, headers)

    async def _post(self, signed_webhook: _SignedWebhook, deadline: float) -> str:
        left = deadline - asyncio.get_running_loop().time()
        try:
            async with self._session.post(
                URL(signed_webhook.url, encoded=True),
                data=signed_webhook.body,
                headers=signed_webhook.headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=max(0.001, min(_TRY_TIMEOUT, left))
                ),
            ) as answer:
                return str(answer.status)
        except aiohttp.ClientConnectorError:
            return "ct"
        except (aiohttp.ClientError, TimeoutError):
            return "rt"


def _retry_settings(fragment: str) -> tuple[int, frozenset[str]]:
    given = dict(parse_qsl(fragment))
    retries, retried_results = given.get("rc", ""), given.get("rp", "ct")
    return int(retries) if retries in _RETRIES else 1, frozenset(
        retried_results.split(",")
    )


def _retries_after(result: str, retried_results: frozenset[str]) -> bool:
    if result.startswith("2"):
        return False
    kind = f"{result[0]}xx" if result.isdigit() else result
    return "all" in retried_results or kind in retried_results
