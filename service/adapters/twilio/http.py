"""An HTTP client for the Twilio SDK, over one aiohttp session.

The SDK's own async client has no timeout, repeats a POST after a server error, and can
return one message's answer for another. This client has timeouts and a proxy, limits
the length of an answer, and repeats nothing.
"""

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from service.adapters.http.answers import (
    LONGEST_ANSWER,
    SUCCESS_STATUSES,
    BoundsError,
    client_timeout,
    read_body,
    retry_after,
)
from service.adapters.http.late_body import FORM_MEDIA_TYPE, DeadlineBody
from service.adapters.twilio.codes import parse_code

POST_UNTIL: ContextVar[float | None] = ContextVar("until", default=None)
"""The instant of `monotonic_now` after which a POST of this task may not begin."""

LONGEST_PAGE = 8 * 1024 * 1024
"""Longest page of a list, in bytes; 1000 messages take one or two million."""


class AnswerError(Exception):
    """An answer other than 2xx, with Twilio's code if any; `retry_after` in seconds."""

    def __init__(
        self, status: int, code: int | None, retry_after: float | None
    ) -> None:
        self.status, self.code, self.retry_after = status, code, retry_after
        named = f" {code}" if code else " without a code of Twilio's"
        super().__init__(f"HTTP {status}{named}")


class TwilioHttpClient(AsyncHttpClient):  # type: ignore[misc] # the SDK is untyped
    """Sends each request once: no retry, no redirect, no state between requests.

    Only URLs under `base_url` get our credentials, whatever links a page has.
    `timeout` is in seconds for the whole request, half of it for connecting.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        timeout: float,
        proxy: str | None,
    ) -> None:
        super().__init__(logging.getLogger(__name__), is_async=True, timeout=timeout)
        self._session = session
        self._api_root = f"{base_url.rstrip('/')}/"
        self._proxy = proxy
        self._timeout = client_timeout(timeout)

    async def request(  # noqa: PLR0917 - the SDK's own contract
        self,
        method: str,
        url: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the client's own applies
        allow_redirects: bool = False,  # noqa: ARG002, FBT001, FBT002 - never
    ) -> Response:
        """Send one request; raises `AnswerError`, `BoundsError` or aiohttp's errors."""
        if not url.startswith(self._api_root):
            raise BoundsError("a link to another host")
        sent = dict(headers or {}) | {"Accept-Encoding": "identity"}
        if auth:
            sent["Authorization"] = aiohttp.encode_basic_auth(*auth)
        async with self._session.request(
            method,
            url,
            params=params,
            data=None if data is None else _form_body(data),
            headers=sent,
            allow_redirects=False,
            proxy=self._proxy,
            timeout=self._timeout,
        ) as answer:
            listing = method == "GET" and answer.status == HTTPStatus.OK
            text = await read_body(answer, LONGEST_PAGE if listing else LONGEST_ANSWER)
            if answer.status not in SUCCESS_STATUSES:
                raise AnswerError(
                    answer.status, _twilio_code(text), retry_after(answer)
                )
            return Response(answer.status, text, dict(answer.headers))


def _form_body(fields: Mapping[str, object]) -> DeadlineBody:
    return DeadlineBody(
        urlencode(fields, doseq=True).encode(), FORM_MEDIA_TYPE, POST_UNTIL.get()
    )


def _twilio_code(text: str) -> int | None:
    """Return Twilio's code in the JSON of a refusal; None for a gateway's page."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return parse_code(document.get("code")) if isinstance(document, dict) else None
