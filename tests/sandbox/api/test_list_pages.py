from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest
from twilio.rest import Client

pytestmark = pytest.mark.filterwarnings("ignore:.*auth:DeprecationWarning")
Send = Callable[..., Awaitable[Mapping[str, Any]]]
Hear = Callable[[], Awaitable[Mapping[str, Any]]]


async def page(http: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    async with http.get(path) as answer:
        shape: dict[str, Any] = await answer.json()
        assert answer.status == 200, shape
        return shape


async def test_the_newest_message_comes_first(send: Send, twilio: Client) -> None:
    sent = [(await send(To=f"+120255501{n:02}"))["sid"] for n in range(3)]
    found = [message.sid for message in await twilio.messages.list_async()]
    assert found == sent[::-1]


async def test_a_stream_goes_through_all_pages_and_stops(
    send: Send, twilio: Client
) -> None:
    sent = [(await send(To="+12025550100"))["sid"] for _ in range(7)]
    stream = await twilio.messages.stream_async(page_size=3)
    assert [message.sid async for message in stream] == sent[::-1]


async def test_a_page_links_to_its_neighbours_and_keeps_the_filters(
    http: aiohttp.ClientSession, send: Send
) -> None:
    sent = [(await send(To="+12025550100"))["sid"] for _ in range(5)]
    await send(To="+12025550199")
    first = await page(http, "Messages.json?To=%2B12025550100&PageSize=2")
    second = await page(http, first["next_page_uri"])
    third = await page(http, second["next_page_uri"])
    pages = [[m["sid"] for m in one["messages"]] for one in (first, second, third)]
    assert pages == [sent[:2:-1], sent[2:0:-1], sent[:1]]
    assert [one["page"] for one in (first, second, third)] == [0, 1, 2]
    assert [(one["start"], one["end"]) for one in (first, second, third)] == [
        (0, 1),
        (2, 3),
        (4, 4),
    ]
    assert first["previous_page_uri"] is None
    assert third["next_page_uri"] is None
    assert first["page_size"] == 2
    back = await page(http, third["previous_page_uri"])
    assert back["messages"] == second["messages"]
    again = await page(http, back["first_page_uri"])
    assert again["messages"] == first["messages"]


async def test_a_page_does_not_shift_when_a_message_arrives(
    http: aiohttp.ClientSession, send: Send
) -> None:
    sent = [(await send(To="+12025550100"))["sid"] for _ in range(4)]
    first = await page(http, "Messages.json?PageSize=2")
    await send(To="+12025550100")
    second = await page(http, first["next_page_uri"])
    assert [one["sid"] for one in second["messages"]] == sent[1::-1]


async def test_an_empty_list_is_one_empty_page(http: aiohttp.ClientSession) -> None:
    only = await page(http, "Messages.json")
    assert only["messages"] == []
    assert (only["next_page_uri"], only["previous_page_uri"]) == (None, None)
    assert (only["page_size"], only["start"], only["end"]) == (50, 0, 0)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("PageSize=1001", 20007),
        ("PageSize=0", 20001),
        ("PageSize=many", 20001),
        ("Page=-1", 20001),
        ("PageToken=PASM0", 20001),
        ("DateSent=tomorrow", 20001),
        ("DateSent=9999-12-31", 20001),
    ],
)
async def test_a_page_that_cannot_be_is_refused(
    http: aiohttp.ClientSession, query: str, code: int
) -> None:
    async with http.get(f"Messages.json?{query}") as answer:
        assert answer.status == 400
        assert (await answer.json())["code"] == code


async def test_messages_are_found_by_both_ends(send: Send, twilio: Client) -> None:
    wanted = await send(To="+12025550101", From="PROV-AMR")
    await send(To="+12025550101")
    await send(To="+12025550102", From="PROV-AMR")
    found = await twilio.messages.list_async(to="+12025550101", from_="PROV-AMR")
    assert [message.sid for message in found] == [wanted["sid"]]


async def test_dates_find_what_was_sent_and_nothing_that_was_not(
    send: Send, twilio: Client, hook: str, hear: Hear
) -> None:
    sent = await send(To="+12025550195", StatusCallback=hook)
    assert (await hear())["MessageStatus"] == "sent"
    await send(To="+12025550194", StatusCallback=hook)
    assert (await hear())["MessageStatus"] == "failed"
    at = (await twilio.messages(sent["sid"]).fetch_async()).date_sent
    second, day = timedelta(seconds=1), timedelta(days=1)
    for filters, expected in [
        ({"date_sent": at.date()}, 1),
        ({"date_sent": at.date() + day}, 0),
        ({"date_sent": at}, 1),
        ({"date_sent_after": at}, 1),
        ({"date_sent_after": at + second}, 0),
        ({"date_sent_before": at}, 1),
        ({"date_sent_before": at - second}, 0),
        ({"date_sent_after": at - second, "date_sent_before": at + second}, 1),
    ]:
        found = await twilio.messages.list_async(**filters)
        assert [one.sid for one in found] == [sent["sid"]][:expected], filters
    assert len(await twilio.messages.list_async()) == 2


async def test_a_day_in_a_query_is_included_whole(
    http: aiohttp.ClientSession, send: Send, hook: str, hear: Hear
) -> None:
    sid = (await send(To="+12025550195", StatusCallback=hook))["sid"]
    await hear()
    async with http.get(f"Messages/{sid}.json") as answer:
        sent = parsedate_to_datetime((await answer.json())["date_sent"]).date()
    for filters, expected in [
        (f"DateSent={sent}", 1),
        (f"DateSent={sent + timedelta(days=1)}", 0),
        (f"DateSent%3C={sent}", 1),
        (f"DateSent<={sent - timedelta(days=1)}", 0),
        (f"DateSent%3E={sent}", 1),
        (f"DateSent>={sent + timedelta(days=1)}", 0),
    ]:
        found = (await page(http, f"Messages.json?{filters}"))["messages"]
        assert len(found) == expected, filters
