"""Twilio's list of messages, read page by page up to a limit.

Twilio sorts the list by the day sent, and an unsent message has none
(twilio.com/docs/messaging/api/message-resource, read multiple resources). So no page
proves that a missing message is not on a later one.
"""

from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from service.adapters.twilio.answers import account_message, inbound_from_message
from service.domain.delivery.outcome import AccountMessage, Inbound
from service.flow.sending.provider import AccountListing

PAGE_SIZE = 1000
"""Messages a page: the most that Twilio allows."""

EVIDENCE_PAGES, ACCOUNT_PAGES, POLLED_PAGES = 5, 50, 50
"""Most pages read of the messages to one phone, of the whole account, and to poll."""


_INBOUND = "inbound"


class ListTooLongError(Exception):
    """A list has more pages, or a page more messages, than may be read."""


async def list_messages_to(
    messages: Any,  # noqa: ANN401 - the SDK is untyped
    phone: str,
) -> list[Any]:
    """Return all messages to a phone; raises `ListTooLongError` if too many."""
    listing = _pages(messages, EVIDENCE_PAGES, to=phone)
    return [one async for page in listing for one in page]


async def list_account(
    messages: Any,  # noqa: ANN401 - the SDK is untyped
    account: str,
    since: datetime,
    provider: str,
) -> AccountListing:
    """Return all messages created since an instant, but for those not sent yet.

    Texts to us come apart, as of this `provider`. Incomplete beyond `ACCOUNT_PAGES`.
    Raises `ValueError` for an invalid message.
    """
    found, is_complete = list[AccountMessage](), True
    received = list[tuple[datetime, Inbound]]()
    listing = _pages(messages, ACCOUNT_PAGES, date_sent_after=_start_of_utc_day(since))
    try:
        async with aclosing(listing):
            async for page in listing:
                listed = [account_message(one, account) for one in page]
                found += [
                    one
                    for one, raw in zip(listed, page, strict=True)
                    if one.created_at >= since and raw.direction != _INBOUND
                ]
                received += [
                    (one.created_at, inbound_from_message(provider, raw))
                    for one, raw in zip(listed, page, strict=True)
                    if one.created_at >= since and raw.direction == _INBOUND
                ]
    except ListTooLongError:
        is_complete = False
    received.sort(key=lambda one: one[0])
    return AccountListing(found, is_complete, tuple(text for _, text in received))


async def list_messages_by_sid(
    messages: Any,  # noqa: ANN401 - the SDK is untyped
    sids: Collection[str],
    since: datetime,
) -> AsyncGenerator[list[Any]]:
    """Yield, page by page, the messages with one of these SIDs, sent since an instant.

    Ends when all are found, or after as many pages as there are SIDs: from there on,
    fetching each message costs fewer requests.
    """
    missing = set(sids)
    if not missing:
        return
    most = min(len(missing), POLLED_PAGES)
    listing = _pages(messages, most, date_sent_after=_start_of_utc_day(since))
    with suppress(ListTooLongError):
        async with aclosing(listing):
            async for page in listing:
                wanted = {one.sid: one for one in page if one.sid in missing}
                missing -= wanted.keys()
                yield list(wanted.values())
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
    """Return the messages of a page; raises `ListTooLongError` for too many."""
    found = list(islice(page, PAGE_SIZE + 1))
    if len(found) > PAGE_SIZE:
        raise ListTooLongError
    return found


def _start_of_utc_day(at: datetime) -> datetime:
    """Return the start of the UTC day: Twilio documents the filter for days only."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
