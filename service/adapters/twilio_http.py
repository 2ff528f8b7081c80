"""The Twilio SDK's requests over one aiohttp session that we tame ourselves.

The SDK's own async client has no timeout, POSTs again on a server error and can hand
one message another's answer; this one has timeouts and a proxy, and repeats nothing.
"""

import logging
from typing import Any

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

_CONNECT_SHARE = 0.5


class TwilioHttp(AsyncHttpClient):  # type: ignore[misc] # the SDK is untyped
    """One request, one answer: no retry, no redirect, no state between requests.

    `timeout` is in seconds for the whole request, half of it for connecting.
    """

    def __init__(
        self, session: aiohttp.ClientSession, timeout: float, proxy: str | None
    ) -> None:
        super().__init__(logging.getLogger(__name__), is_async=True, timeout=timeout)
        self._session = session
        self._proxy = proxy
        self._timeout = aiohttp.ClientTimeout(
            total=timeout, connect=timeout * _CONNECT_SHARE
        )

    async def request(  # noqa: D102, PLR0917 - the SDK's own contract
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
        sent = dict(headers or {})
        if auth:
            sent["Authorization"] = aiohttp.encode_basic_auth(*auth)
        async with self._session.request(
            method,
            url,
            params=params,
            data=data,
            headers=sent,
            allow_redirects=False,
            proxy=self._proxy,
            timeout=self._timeout,
        ) as answer:
            return Response(answer.status, await answer.text(), dict(answer.headers))
