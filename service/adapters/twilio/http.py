"""The Twilio SDK's requests over one aiohttp session that we tame ourselves.

The SDK's own async client has no timeout, POSTs again on a server error and can hand
one message another's answer; this one has timeouts and a proxy, reads no more than
an answer of Twilio's can be long, and repeats nothing.
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
"""The instant of `elapsed` after which a POST of this task may not begin any more."""

LONGEST_PAGE = 8 * 1024 * 1024
"""Bytes; a thousand messages of one or two segments take one or two million."""


class AnswerError(Exception):
    """An answer other than 2xx; `code` is Twilio's, `retry_after` in seconds."""

    def __init__(
        self, status: int, code: int | None, retry_after: float | None
    ) -> None:
        self.status, self.code, self.retry_after = status, code, retry_after
        named = f" {code}" if code else " without a code of Twilio's"
        super().__init__(f"HTTP {status}{named}")


class TwilioHttpClient(AsyncHttpClient):  # type: ignore[misc] # the SDK is untyped
    """One request, one answer: no retry, no redirect, no state between requests.

    `home` is the only address that gets our credentials, whatever links a page has.
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
        self._home = f"{base_url.rstrip('/')}/"
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
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - ours holds
        allow_redirects: bool = False,  # noqa: ARG002, FBT001, FBT002 - never
    ) -> Response:
        """Ask once; raises `AnswerError`, `BoundsError`, or what aiohttp does."""
        if not url.startswith(self._home):
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
    """Twilio's code in the JSON of a refusal; a gateway's page has none."""
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return parse_code(told.get("code")) if isinstance(told, dict) else None
