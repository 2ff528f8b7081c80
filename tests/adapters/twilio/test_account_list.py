"""The list of the whole account, which shows whether the provider's lists are whole."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from service.domain.delivery.outcome import Accepted, AccountMessage
from service.flow.sending.provider import AccountListing
from tests.adapters.twilio.fake_server import (
    BODY,
    PHONE,
    SM1,
    SM2,
    Open,
    Serve,
    message,
    no,
    outgoing,
    page,
    raw,
    says,
)

SINCE = datetime(2024, 1, 29, 2, tzinfo=UTC)
NEXT = "/2010-04-01/Accounts/AC/Messages.json?Page=1&PageToken=PA1"
LISTED = AccountMessage(SM1, PHONE, BODY, SINCE)


async def test_the_account_lists_messages_to_all_phones(
    sandbox: str, opened: Open
) -> None:
    provider = await opened(sandbox)
    phones = ["+12125550101", "+12125550102", "+8613800138000"]
    sent = [await provider.send(outgoing(phone)) for phone in phones]
    ids = [one.provider_id for one in sent if isinstance(one, Accepted)]
    now = datetime.now(UTC)  # noqa: TID251 - the sandbox has a clock of its own
    found: Sequence[AccountMessage] = ()
    async with asyncio.timeout(20):
        while len(found) < len(phones):
            listing = await provider.list_since(now - timedelta(minutes=1))
            assert listing is not None
            assert listing.is_complete
            found = listing.messages
    assert {(one.provider_id, one.to) for one in found} == {
        *zip(ids, phones, strict=True)
    }


async def test_the_account_is_listed_from_a_day_in_utc_a_thousand_a_page(
    serve: Serve, opened: Open
) -> None:
    url, asked = await serve(says(raw(200, page(message()))))
    provider = await opened(url)
    assert await provider.list_since(SINCE) == AccountListing([LISTED])
    query = unquote(asked[0].split()[1].decode()).partition("?")[2]
    assert {*query.split("&")} == {"DateSent>=2024-01-29T00:00:00Z", "PageSize=1000"}


async def test_messages_on_every_page_are_listed_but_for_older_ones(
    serve: Serve, opened: Open
) -> None:
    older = message(sid=SM2, date_created="Mon, 29 Jan 2024 01:44:59 +0000")
    first = raw(200, page(older, next_page_uri=NEXT))
    url, _ = await serve(says(first, raw(200, page(message()))))
    provider = await opened(url)
    assert await provider.list_since(SINCE) == AccountListing([LISTED])


async def test_an_account_with_too_many_pages_is_not_listed_completely(
    serve: Serve, opened: Open
) -> None:
    url, asked = await serve(says(raw(200, page(message(), next_page_uri=NEXT))))
    provider = await opened(url)
    async with asyncio.timeout(60):
        listing = await provider.list_since(SINCE)
    assert listing is not None
    assert not listing.is_complete
    assert len(asked) == 50


@pytest.mark.parametrize(
    "answer",
    [
        no(503, 20503),
        raw(200, page(message(account_sid="AC" + "9" * 32))),
        raw(200, page(message(sid="MG" + "9" * 32))),
        raw(200, page(message(date_created=None))),
        raw(200, b"[]"),
    ],
    ids=["unavailable", "another account", "no SID", "no date", "no list"],
)
async def test_an_account_that_cannot_be_listed_returns_none(
    serve: Serve, opened: Open, answer: bytes
) -> None:
    url, _ = await serve(says(answer))
    provider = await opened(url)
    assert await provider.list_since(SINCE) is None


async def test_a_message_without_a_phone_or_a_text_is_listed_as_it_is_shown(
    serve: Serve, opened: Open
) -> None:
    url, _ = await serve(says(raw(200, page(message(to=None, body=None)))))
    provider = await opened(url)
    shown = AccountMessage(SM1, "", "", SINCE)
    assert await provider.list_since(SINCE) == AccountListing([shown])


async def test_texts_to_us_are_listed_apart_and_oldest_first(
    serve: Serve, opened: Open
) -> None:
    first, later = "Mon, 29 Jan 2024 02:00:00 +0000", "Mon, 29 Jan 2024 03:00:00 +0000"
    stop = {"direction": "inbound", "from": PHONE, "to": "+15005550006"}
    texts = [
        message() | stop | {"sid": SM2, "body": "STOP", "date_created": later},
        message() | stop | {"body": "who?", "date_created": first},
    ]
    url, _ = await serve(says(raw(200, page(*texts))))
    provider = await opened(url)
    listing = await provider.list_since(SINCE)
    assert listing is not None
    assert listing.messages == []
    assert [(one.sender, one.body) for one in listing.inbounds] == [
        (PHONE, "who?"),
        (PHONE, "STOP"),
    ]
