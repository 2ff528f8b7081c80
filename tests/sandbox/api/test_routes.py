from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from service.sandbox.account import Account

pytestmark = pytest.mark.filterwarnings("ignore:.*auth:DeprecationWarning")
Send = Callable[..., Awaitable[Mapping[str, Any]]]
Hear = Callable[[], Awaitable[Mapping[str, Any]]]
SERVICE = "MG" + "0" * 32
FORM = {"to": "+12025550100", "from_": "+12025550000", "body": "到期前请续期"}


def hours_ahead(hours: int) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)  # noqa: TID251 # it has a clock


async def test_a_message_from_a_number_is_shaped_as_the_vendor_shapes_it(
    send: Send, account: Account
) -> None:
    shape = dict(await send(To="+12025550100", From="+12025550000", Body="到期"))
    sid, created = shape.pop("sid"), shape.pop("date_created")
    uri = f"/2010-04-01/Accounts/{account.sid}/Messages/{sid}"
    assert sid.startswith("SM")
    assert len(sid) == 34
    assert parsedate_to_datetime(created).tzinfo is UTC
    assert shape == {
        "account_sid": account.sid,
        "api_version": "2010-04-01",
        "body": "到期",
        "date_sent": None,
        "date_updated": created,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": "+12025550000",
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "status": "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": "+12025550100",
        "uri": f"{uri}.json",
    }


async def test_a_message_of_a_service_gets_its_sender_and_segments_later(
    send: Send, hook: str, hear: Hear, twilio: Client
) -> None:
    form = {"From": "", "MessagingServiceSid": SERVICE, "StatusCallback": hook}
    shape = await send(To="+12025550100", **form)
    told = (shape["status"], shape["from"], shape["num_segments"])
    assert told == ("accepted", None, "0")
    while (await hear())["MessageStatus"] != "delivered":
        pass
    later = await twilio.messages(shape["sid"]).fetch_async()
    assert (later.status, later.from_) == ("delivered", "+15005550006")
    assert later.num_segments == "1"
    assert later.date_sent >= later.date_created


async def test_the_vendors_client_creates_and_fetches(twilio: Client) -> None:
    made = await twilio.messages.create_async(**FORM)
    found = await twilio.messages(made.sid).fetch_async()
    assert (found.sid, found.to, found.body) == (made.sid, FORM["to"], FORM["body"])
    assert found.error_code is None
    assert found.date_created.tzinfo is not None


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"to": "+15005550004"}, 400, 21610),
        ({"from_": "+15005550008"}, 400, 21611),
        ({"body": ""}, 400, 21602),
    ],
)
async def test_a_refusal_reaches_the_vendors_client_with_status_and_code(
    twilio: Client, change: dict[str, str], status: int, code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        await twilio.messages.create_async(**{**FORM, **change})
    assert (refused.value.status, refused.value.code) == (status, code)


async def test_a_refusal_is_the_vendors_json_and_logged_with_its_form(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with http.post("Messages.json", data={"Body": "a", "Odd": "1"}) as answer:
        assert answer.status == 400
        assert await answer.json() == {
            "code": 21604,
            "message": "A 'To' phone number is required",
            "more_info": "https://www.twilio.com/docs/errors/21604",
            "status": 400,
        }
    line = orjson.loads((tmp_path / "messages.jsonl").read_bytes())
    assert (line["event"], line["code"]) == ("refused", 21604)
    assert line["form"] == [["Body", "a"], ["Odd", "1"]]


async def test_a_field_the_vendor_does_not_know_is_ignored_and_logged_raw(
    send: Send, tmp_path: Path
) -> None:
    shape = await send(To="+12025550100", Unheard="of")
    assert "Unheard" not in shape
    line = orjson.loads((tmp_path / "messages.jsonl").read_bytes().splitlines()[0])
    assert ["Unheard", "of"] in line["form"]


@pytest.mark.parametrize("key", [None, "Basic bm9ib2R5Om5vdGhpbmc=", "Bearer x"])
async def test_a_request_with_wrong_credentials_is_refused(
    http: aiohttp.ClientSession, key: str | None
) -> None:
    headers = {"Authorization": key} if key else {}
    messages = http._build_url("Messages.json")  # noqa: SLF001 # no public name
    async with (
        aiohttp.ClientSession() as stranger,
        stranger.get(messages, headers=headers) as answer,
    ):
        assert answer.status == 401
        assert (await answer.json())["code"] == 20003


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "Messages/SM" + "0" * 32 + ".json", 404, 20404),
        ("GET", "Calls.json", 404, 20404),
        ("GET", "/2010-04-01/Accounts/AC" + "9" * 32 + "/Messages.json", 404, 20404),
        ("PUT", "Messages.json", 405, 20004),
    ],
)
async def test_what_is_not_there_is_refused_in_json_too(
    http: aiohttp.ClientSession, method: str, path: str, status: int, code: int
) -> None:
    async with http.request(method, path) as answer:
        assert answer.status == status
        assert (await answer.json())["code"] == code


async def test_a_scheduled_message_waits_and_can_be_canceled_once(
    twilio: Client, hook: str, hear: Hear
) -> None:
    made = await twilio.messages.create_async(
        to="+12025550100",
        messaging_service_sid=SERVICE,
        body="later",
        schedule_type="fixed",
        send_at=hours_ahead(1),
        status_callback=hook,
    )
    assert made.status == "scheduled"
    canceled = await twilio.messages(made.sid).update_async(status="canceled")
    assert canceled.status == "canceled"
    assert (await hear())["MessageStatus"] == "canceled"
    with pytest.raises(TwilioRestException) as refused:
        await twilio.messages(made.sid).update_async(status="canceled")
    assert refused.value.code == 30409


async def test_another_status_than_canceled_cannot_be_set(
    http: aiohttp.ClientSession, send: Send
) -> None:
    sid = (await send(To="+12025550100"))["sid"]
    form = {"Status": "delivered"}
    async with http.post(f"Messages/{sid}.json", data=form) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 20001)


async def test_an_empty_body_redacts_and_another_body_is_refused(
    twilio: Client, send: Send
) -> None:
    sid = (await send(To="+12025550100", Body="secret"))["sid"]
    assert (await twilio.messages(sid).update_async(body="")).body == ""
    assert (await twilio.messages(sid).fetch_async()).body == ""
    with pytest.raises(TwilioRestException) as refused:
        await twilio.messages(sid).update_async(body="other")
    assert refused.value.code == 20001


async def test_a_deleted_message_is_gone_from_the_api_but_not_from_the_control_api(
    twilio: Client, http: aiohttp.ClientSession, send: Send, hook: str, hear: Hear
) -> None:
    sid = (await send(To="+12025550194", StatusCallback=hook))["sid"]
    assert (await hear())["MessageStatus"] == "failed"
    assert await twilio.messages(sid).delete_async()
    with pytest.raises(TwilioRestException) as refused:
        await twilio.messages(sid).fetch_async()
    assert refused.value.status == 404
    assert await twilio.messages.list_async() == []
    async with http.get("/_sandbox/messages") as answer:
        told = await answer.json()
    assert [(one["sid"], one["deleted"]) for one in told] == [(sid, True)]


async def test_a_message_on_its_way_cannot_be_deleted(twilio: Client) -> None:
    made = await twilio.messages.create_async(
        to="+12025550100",
        messaging_service_sid=SERVICE,
        body="later",
        schedule_type="fixed",
        send_at=hours_ahead(1),
    )
    with pytest.raises(TwilioRestException) as refused:
        await twilio.messages(made.sid).delete_async()
    assert (refused.value.status, refused.value.code) == (409, 20009)
