import asyncio
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote

import pytest

from service.domain.delivery.outcome import Accepted, Receipt, RefusalKind
from service.domain.delivery.status import MessageState
from tests.adapters.twilio.fake_server import (
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

M = MessageState
SINCE = datetime(2024, 1, 29, 2, tzinfo=UTC)
NEXT = "/2010-04-01/Accounts/AC/Messages.json?Page=1&PageToken=PA1"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def test_one_list_returns_all_delivered_messages(
    sandbox: str, opened: Open
) -> None:
    provider = await opened(sandbox)
    sent = [await provider.send(outgoing(f"+1212555010{one}")) for one in range(5)]
    ids = [one.provider_id for one in sent if isinstance(one, Accepted)]
    assert len(ids) == 5
    async with asyncio.timeout(20):
        states: dict[str, MessageState | None] = {}
        while set(states.values()) != {M.DELIVERED} or len(states) < 5:
            told = await provider.fetch_receipts(ids, LONG_AGO)
            assert told is not None
            states = {one.provider_id: one.state for one in told}
    assert states.keys() == set(ids)


async def test_the_list_gives_the_same_receipt_as_a_fetch_and_no_phone(
    sandbox: str, opened: Open
) -> None:
    provider = await opened(sandbox)
    sent = await provider.send(outgoing("+12125550190"))
    assert isinstance(sent, Accepted)
    async with asyncio.timeout(20):
        told = await provider.fetch_receipt(sent.provider_id)
        while not isinstance(told, Receipt) or told.state is not M.UNDELIVERED:
            told = await provider.fetch_receipt(sent.provider_id)
    assert (told.code, told.kind) == ("30003", RefusalKind.RETRY_LATER)
    assert await provider.fetch_receipts([sent.provider_id], LONG_AGO) == [told]
    assert "5550190" not in str(told.raw)


async def test_no_ids_need_no_request(serve: Serve, opened: Open) -> None:
    url, asked = await serve(says(raw(200, page())))
    provider = await opened(url)
    assert await provider.fetch_receipts([], SINCE) == []
    assert asked == []


@pytest.mark.parametrize(
    ("since", "day"),
    [
        (SINCE, "2024-01-29"),
        (SINCE.replace(hour=0, minute=14), "2024-01-28"),
        (SINCE.astimezone(timezone(timedelta(hours=-11))), "2024-01-29"),
        (datetime.fromisoformat("2024-01-29T08:00+08:00"), "2024-01-28"),
        (datetime.fromisoformat("2024-01-29T08:16+08:00"), "2024-01-29"),
    ],
)
async def test_the_list_is_asked_for_from_a_day_in_utc_a_thousand_a_page(
    serve: Serve, opened: Open, since: datetime, day: str
) -> None:
    url, asked = await serve(says(raw(200, page())))
    provider = await opened(url)
    assert await provider.fetch_receipts([SM1], since) == []
    query = unquote(asked[0].split()[1].decode()).partition("?")[2]
    assert set(query.split("&")) == {f"DateSent>={day}T00:00:00Z", "PageSize=1000"}


async def test_only_requested_messages_are_returned_and_each_once(
    serve: Serve, opened: Open
) -> None:
    one, other = message(status="sent"), message(sid=SM2)
    url, _ = await serve(says(raw(200, page(one, other, one))))
    provider = await opened(url)
    told = await provider.fetch_receipts([SM1, "SM" + "f" * 32], SINCE)
    assert [(it.provider_id, it.state) for it in told or ()] == [(SM1, M.SENT)]


async def test_messages_on_the_next_page_are_returned_too(
    serve: Serve, opened: Open
) -> None:
    first = raw(200, page(message(), next_page_uri=NEXT))
    url, asked = await serve(says(first, raw(200, page(message(sid=SM2)))))
    provider = await opened(url)
    told = await provider.fetch_receipts([SM1, SM2], SINCE)
    assert [it.provider_id for it in told or ()] == [SM1, SM2]
    assert [one.split()[1].decode() for one in asked][1] == NEXT


async def test_no_further_page_is_read_when_all_are_found(
    serve: Serve, opened: Open
) -> None:
    url, asked = await serve(says(raw(200, page(message(), next_page_uri=NEXT))))
    provider = await opened(url)
    assert len(await provider.fetch_receipts([SM1], SINCE) or ()) == 1
    assert len(asked) == 1


async def test_no_more_requests_are_made_than_one_fetch_per_message(
    serve: Serve, opened: Open
) -> None:
    url, asked = await serve(says(raw(200, page(message(), next_page_uri=NEXT))))
    provider = await opened(url)
    ids = [f"SM{one:032}" for one in range(2, 5)]
    assert await provider.fetch_receipts(ids, SINCE) == []
    assert len(asked) == len(ids)


async def test_an_endless_list_is_abandoned(serve: Serve, opened: Open) -> None:
    url, asked = await serve(says(raw(200, page(next_page_uri=NEXT))))
    provider = await opened(url)
    ids = [f"SM{one:032}" for one in range(500)]
    async with asyncio.timeout(60):
        assert await provider.fetch_receipts(ids, SINCE) == []
    assert len(asked) == 50


async def test_receipts_read_before_a_fault_are_returned(
    serve: Serve, opened: Open
) -> None:
    first = raw(200, page(message(), next_page_uri=NEXT))
    url, _ = await serve(says(first, no(503, 20503)))
    provider = await opened(url)
    told = await provider.fetch_receipts([SM1, SM2], SINCE)
    assert [it.provider_id for it in told or ()] == [SM1]


async def test_an_unavailable_list_returns_none(serve: Serve, opened: Open) -> None:
    url, _ = await serve(says(no(503, 20503)))
    provider = await opened(url)
    assert await provider.fetch_receipts([SM1], SINCE) is None


@pytest.mark.parametrize(
    ("status", "code", "state", "kind", "wait"),
    [
        ("delivered", None, M.DELIVERED, None, None),
        ("undelivered", 30005, M.UNDELIVERED, RefusalKind.BAD_NUMBER, None),
        ("failed", 30023, M.FAILED, RefusalKind.RETRY_LATER, 86_400.0),
        ("failed", "thirty", M.FAILED, None, None),
        ("failed", [30005], M.FAILED, None, None),
        ("failed", "\ud800", M.FAILED, None, None),
        ("failed", 0, M.FAILED, None, None),
        ("vaporized", None, None, None, None),
        ({}, None, None, None, None),
        (None, None, None, None, None),
    ],
)
async def test_any_listed_message_gives_a_receipt(  # noqa: PLR0917 - a row
    serve: Serve,
    opened: Open,
    status: object,
    code: object,
    state: MessageState | None,
    kind: RefusalKind | None,
    wait: float | None,
) -> None:
    listed = message(status=status, error_code=code, to=PHONE)
    url, _ = await serve(says(raw(200, page(listed))))
    provider = await opened(url)
    (told,) = await provider.fetch_receipts([SM1], SINCE) or ()
    assert (told.state, told.kind, told.retry_after) == (state, kind, wait)
    (told.code or "").encode()  # as a database does
    assert told.raw["MessageStatus"] == str(status)
