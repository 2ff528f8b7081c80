"""What the providers that are POSTed to share: an answer read within bounds.

A provider may say anything and for as long as it likes, so no more is read than is
agreed, and waits are believed only so far.
"""

import re
from email.utils import parsedate_to_datetime

import aiohttp

from service.adapters.http.late_body import LateError
from service.domain.delivery.outcome import NotPosted, RefusalKind, Refused

LONGEST_ANSWER = 64 * 1024
"""Bytes; a message of 1600 characters, each escaped, takes some ten thousand."""

LONGEST_RETRY_AFTER = 3600.0
"""Seconds that a Retry-After is believed, at most."""

SUCCESS_STATUSES = range(200, 300)

_NOT_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)
"""No connection, or a proxy that made none: nobody has seen the request."""

_CONNECT_SHARE = 0.5
_CHUNK = 64 * 1024
_DIGITS = re.compile(r"[0-9]{1,9}")


class BoundsError(Exception):
    """A request or an answer that leaves what is agreed: its host, its length."""


def outcome_if_not_posted(error: Exception) -> NotPosted | Refused | None:
    """What a POST that raised came to, if nothing was sent; None: it may have been."""
    if isinstance(error.__cause__, LateError):
        return NotPosted()
    if isinstance(error, _NOT_CONNECTED):
        return Refused(RefusalKind.RETRY_SAFE, "connect", type(error).__name__)
    return None


def client_timeout(total: float) -> aiohttp.ClientTimeout:
    """So many seconds for the whole request, half of them for connecting."""
    return aiohttp.ClientTimeout(total=total, connect=total * _CONNECT_SHARE)


async def read_body(answer: aiohttp.ClientResponse, longest: int) -> str:
    """The body as UTF-8, `�` for what is none: a gateway's page may be anything.

    Raises `BoundsError` where it is longer, in bytes.
    """
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > longest:
            raise BoundsError(f"an answer of more than {longest} bytes")
    return body.decode(errors="replace")


def retry_after(answer: aiohttp.ClientResponse) -> float | None:
    """Seconds, given as such or as a date: the answer tells its own time too."""
    asked = answer.headers.get("Retry-After", "")
    if _DIGITS.fullmatch(asked):
        return min(float(asked), LONGEST_RETRY_AFTER)
    try:
        until, at = map(parsedate_to_datetime, (asked, answer.headers.get("Date", "")))
        return min(max((until - at).total_seconds(), 0.0), LONGEST_RETRY_AFTER)
    except (ValueError, TypeError, OverflowError):
        return None
