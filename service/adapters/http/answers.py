"""HTTP answers of providers: limits on their length and on Retry-After.

A faulty provider may answer anything of any length, so both are limited.
"""

import re
from email.utils import parsedate_to_datetime

import aiohttp

from service.adapters.http.late_body import LateError
from service.domain.delivery.outcome import NotPosted, RefusalKind, Refused

LONGEST_ANSWER = 64 * 1024
"""Bytes; an answer with 1600 characters, each escaped, takes about 10,000."""

LONGEST_RETRY_AFTER = 600.0
"""Seconds; a longer Retry-After is cut to this."""

SUCCESS_STATUSES = range(200, 300)

_NOT_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)
"""Errors that prove that the provider has not seen the request."""

_CONNECT_SHARE = 0.5
_CHUNK = 64 * 1024
_DIGITS = re.compile(r"[0-9]{1,9}")


class BoundsError(Exception):
    """A request to another host, or an answer that is too long."""


def outcome_if_not_posted(error: Exception) -> NotPosted | Refused | None:
    """Return the outcome of a POST that raised; None if it may have been sent."""
    if isinstance(error.__cause__, LateError):
        return NotPosted()
    if isinstance(error, _NOT_CONNECTED):
        why = type(error).__name__
        return Refused(RefusalKind.RETRY_SAFE, "connect", why, is_outage=True)
    return None


def client_timeout(total: float) -> aiohttp.ClientTimeout:
    """Return a timeout of `total` seconds, half of them for connecting."""
    return aiohttp.ClientTimeout(total=total, connect=total * _CONNECT_SHARE)


async def read_body(answer: aiohttp.ClientResponse, longest: int) -> str:
    """Return the body as UTF-8 text, with `�` for invalid bytes.

    Raises `BoundsError` if it is longer than `longest` bytes.
    """
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > longest:
            raise BoundsError(f"an answer of more than {longest} bytes")
    return body.decode(errors="replace")


def retry_after(answer: aiohttp.ClientResponse) -> float | None:
    """Return the seconds of Retry-After; a date is compared with the answer's Date."""
    value = answer.headers.get("Retry-After", "")
    if _DIGITS.fullmatch(value):
        return min(float(value), LONGEST_RETRY_AFTER)
    try:
        until, at = map(parsedate_to_datetime, (value, answer.headers.get("Date", "")))
        return min(max((until - at).total_seconds(), 0.0), LONGEST_RETRY_AFTER)
    except (ValueError, TypeError, OverflowError):
        return None
