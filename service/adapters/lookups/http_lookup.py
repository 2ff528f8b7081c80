"""Look-ups over HTTP: one GET, answered by a JSON object or by 404."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import aiohttp
import orjson
from yarl import URL

from service.adapters.http.answers import BoundsError, read_body
from service.adapters.http.proxy import proxy_for
from service.adapters.lookups.rows import (
    LONGEST_ANSWER,
    NoUsableAnswerError,
    Row,
    only_row,
)
from service.domain.permits.lookup import Lookup

_NOT_THERE: Final = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}

_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}
"""An answer that is compressed may unpack to any length, so none is wanted."""


@asynccontextmanager
async def open_url(
    lookup: Lookup, environ: Mapping[str, str]
) -> AsyncIterator[Callable[[str], Awaitable[Row | None]]]:
    """Open a session; the function asks about a number, and returns its row.

    None: the register has no such permit. Raises `NoUsableAnswerError`, as does the
    function. Redirects are not followed: they lead to where the office did not say.
    """
    url = lookup.url or ""
    proxy = proxy_for(url, None)
    session = aiohttp.ClientSession(
        headers={**_HEADERS, **_authorization(lookup, environ)},
        timeout=aiohttp.ClientTimeout(total=lookup.timeout),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )

    async def ask(number: str) -> Row | None:
        address = URL(url.replace("{number}", quote(number, safe="")), encoded=True)
        try:
            async with session.get(
                address, allow_redirects=False, proxy=proxy
            ) as answer:
                return await _read(answer)
        except TimeoutError:
            cause = f"no answer within {lookup.timeout:g} seconds"
            raise NoUsableAnswerError(cause, is_outage=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Its words have the address, and so the number.
            raise NoUsableAnswerError(type(error).__name__, is_outage=True) from None

    async with session:
        yield ask


def _authorization(lookup: Lookup, environ: Mapping[str, str]) -> dict[str, str]:
    name = lookup.token_env
    if name is None:
        return {}
    token = environ.get(name, "")
    if not token or not token.isascii() or not token.isprintable():
        cause = f"{name}: set it to the token of the register, in ASCII"
        raise NoUsableAnswerError(cause, is_outage=True)
    return {"Authorization": f"Bearer {token}"}


async def _read(answer: aiohttp.ClientResponse) -> Row | None:
    if answer.status in _NOT_THERE:
        return None
    if answer.status != HTTPStatus.OK:
        raise NoUsableAnswerError(f"status {answer.status}", is_outage=True)
    try:
        found = orjson.loads(await read_body(answer, LONGEST_ANSWER))
    except BoundsError as error:
        raise NoUsableAnswerError(str(error)) from None
    except orjson.JSONDecodeError:
        raise NoUsableAnswerError("an answer that is no JSON") from None
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) for row in rows):
        raise NoUsableAnswerError("an answer that is no JSON object")
    return only_row(rows)
