"""Twilio's list of messages, page by page, and no further than we mean to go.

Twilio sorts it by the day sent, and a message not sent yet has none
(twilio.com/docs/messaging/api/message-resource, read multiple resources): nothing in
it says that what is sought cannot come after.
"""

from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any

PAGE_SIZE = 1000
"""The most that Twilio allows."""

EVIDENCE_PAGES, POLLED_PAGES = 5, 50


class ListTooLongError(Exception):
    """A list goes on after as many pages, or messages of one, as were to be read."""


async def list_messages_to(
    messages: Any,  # noqa: ANN401 - the SDK is untyped
    phone: str,
) -> list[Any]:
    """All messages to a phone; raises `EndlessError` where they are too many."""
    listing = _pages(messages, EVIDENCE_PAGES, to=phone)
    return [one async for page in listing for one in page]


async def list_messages_by_sid(
    messages: Any,  # noqa: ANN401 - the SDK is untyped
    sids: Collection[str],
    since: datetime,
) -> AsyncGenerator[list[Any]]:
    """Those with one of these ids, sent since an instant, page by page.

    Ends when all are found, or as many pages were read as there are ids: from there
    on it costs less to fetch them.
    """
    missing = set(sids)
    if not missing:
        return
    most = min(len(missing), POLLED_PAGES)
    listing = _pages(messages, most, date_sent_after=_start_of_utc_day(since))
    with suppress(ListTooLongError):
        async with aclosing(listing):
            async for page in listing:
                mine = {one.sid: one for one in page if one.sid in missing}
                missing -= mine.keys()
                yield list(mine.values())
                if not missing:
                    return


async def _pages(
    messages: Any,  # noqa: ANN401 - the SDK is untyped
    most: int,
    **query: object,
) -> AsyncGenerator[list[Any]]:
    page = await messages.page_async(page_size=PAGE_SIZE, **query)
    for _ in range(most - 1):
        yield _messages_on(page)
        if not page.next_page_url:
            return
        page = await page.next_page_async()
    yield _messages_on(page)
    if page.next_page_url:
        raise ListTooLongError


def _messages_on(page: Iterable[Any]) -> list[Any]:
    """What a page holds; raises `EndlessError` for more than were asked for."""
    found = list(islice(page, PAGE_SIZE + 1))
    if len(found) > PAGE_SIZE:
        raise ListTooLongError
    return found


def _start_of_utc_day(at: datetime) -> datetime:
    """The start of its day in UTC: Twilio's page on the list speaks of days only."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
