"""Webhooks to the other side: signed, tried again as its URL asks, and logged.

The fragment of the URL is for Twilio alone (twilio.com/docs/usage/webhooks/webhooks-
connection-overrides): `rc` is how often to try again (0 to 5, default 1), `rp` after
what: `ct` no connection (the default), `rt` no answer, `4xx`, `5xx` or `all`.
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

from service.sandbox.callbacks.signature import sign, with_body
from service.sandbox.callbacks.webhook import Post
from service.sandbox.messages.messages import Messages

_ONE_TRY: Final = 5.0
_ALL_TRIES: Final = 15.0
_AT_ONCE: Final = 32
_RETRIES: Final = frozenset("012345")
_KEY: Final = "webhooks_sharedkey_sandbox"
_TYPES: Final = {
    "form": "application/x-www-form-urlencoded; charset=utf-8",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True)
class _Letter:
    """A webhook written and signed."""

    url: str
    body: bytes
    headers: Mapping[str, str]


class Callbacks:
    """Delivers webhooks over one session, 32 at most at a time.

    As with Twilio, nothing orders the webhooks of one message.
    """

    def __init__(
        self, session: aiohttp.ClientSession, auth_token: str, messages: Messages
    ) -> None:
        self._session = session
        self._auth_token = auth_token
        self._messages = messages
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def deliver(self, post: Post) -> str:
        """POST it until it is taken or given up; returns the last result.

        A result is an HTTP status, `ct` or `rt`. One try takes 5 s at most, all
        together 15 s, and a retry follows at once.
        """
        plain, _, fragment = post.url.partition("#")
        retries, after = _overrides(fragment)
        letter = self._sealed(post, plain)
        async with self._slots:
            give_up = asyncio.get_running_loop().time() + _ALL_TRIES
            attempt = 1
            while True:
                result = await self._post(letter, give_up)
                self._messages.record(
                    "callback",
                    sid=post.sid,
                    status=post.status,
                    url=plain,
                    attempt=attempt,
                    result=result,
                )
                if attempt > retries or not _again(result, after):
                    return result
                attempt += 1

    def _sealed(self, post: Post, url: str) -> _Letter:
        """Write and sign it; a retry is the same letter again."""
        headers = {
            "Content-Type": _TYPES[post.content],
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            "User-Agent": "TwilioProxy/1.1",
        }
        if post.algorithm != "sha1":
            name = f"HMAC_{post.algorithm.upper()}"
            headers["X-Twilio-Webhooks-Signature-Settings"] = (
                f"key={_KEY},algorithm={name}"
            )
        body, signed = urlencode(post.fields).encode(), post.fields
        if post.content == "json":
            body, signed = orjson.dumps(post.fields), {}
            url = with_body(url, body)
        headers["X-Twilio-Signature"] = sign(
            self._auth_token, url, signed, post.algorithm
        )
        return _Letter(url, body, headers)

    async def _post(self, letter: _Letter, give_up: float) -> str:
        left = give_up - asyncio.get_running_loop().time()
        try:
            async with self._session.post(
                URL(letter.url, encoded=True),
                data=letter.body,
                headers=letter.headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=max(0.001, min(_ONE_TRY, left))),
            ) as answer:
                return str(answer.status)
        except aiohttp.ClientConnectorError:
            return "ct"
        except (aiohttp.ClientError, TimeoutError):
            return "rt"


def _overrides(fragment: str) -> tuple[int, frozenset[str]]:
    given = dict(parse_qsl(fragment))
    retries, after = given.get("rc", ""), given.get("rp", "ct")
    return int(retries) if retries in _RETRIES else 1, frozenset(after.split(","))


def _again(result: str, after: frozenset[str]) -> bool:
    if result.startswith("2"):
        return False
    kind = f"{result[0]}xx" if result.isdigit() else result
    return "all" in after or kind in after
