import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from service.adapters.store.db.schema import receipts
from service.adapters.twilio.provider import TwilioProvider
from service.app import Installation, open_installation
from service.domain.delivery.outcome import Receipt
from service.flow.sending.outcomes.receive import RECEIPTS_PER_TRANSACTION
from service.flow.sending.provider import Outgoing

Ask = Callable[..., Awaitable[tuple[int, Any]]]
Http = TestClient[web.Request, web.Application]
PassAt = Callable[[datetime], Awaitable[None]]

PERMIT = "/v1/permits/cn-food-production-license/SC10199000000142"
STATUS, INBOUND = "/webhooks/sandbox/status", "/webhooks/sandbox/inbound"
FORM = "application/x-www-form-urlencoded"
DELIVERED = {
    "MessageSid": f"SM{1:032}",
    "MessageStatus": "delivered",
    "AccountSid": "AC" + "1" * 32,
    "To": "+12125550142",
}
STOP = {
    "MessageSid": "SM" + "9" * 32,
    "AccountSid": "AC" + "1" * 32,
    "From": "+12125550142",
    "Body": "STOP",
}


def signature(path: str, fields: Mapping[str, str]) -> str:
    signer = RequestValidator("2" * 32)
    made: str = signer.compute_signature(f"https://reminders.example{path}", fields)
    return made


async def post(
    http: Http, path: str, fields: Mapping[str, str], signed: str | None = None
) -> tuple[int, str, str]:
    """POST a form, signed as Twilio does; the status, media type and text."""
    headers = {
        "Content-Type": FORM,
        "X-Twilio-Signature": signature(path, fields) if signed is None else signed,
    }
    async with http.post(path, data=urlencode(fields), headers=headers) as answer:
        return answer.status, answer.content_type, await answer.text()


@pytest.fixture
async def ref(
    ask: Ask, fields: dict[str, Any], pass_at: PassAt, sent: list[Outgoing]
) -> str:
    """The id of a message that the provider accepted."""
    await ask("PUT", PERMIT, fields)
    await pass_at(datetime(2024, 9, 19, 1, 30, tzinfo=UTC))
    (message,) = sent
    return message.id


async def state(ask: Ask) -> str:
    """The state of the only reminder of the permit."""
    _, shown = await ask("GET", PERMIT)
    (reminder,) = shown["reminders"]
    return str(reminder["state"])


async def test_a_signed_receipt_moves_its_message(
    stranger: Http, ask: Ask, ref: str
) -> None:
    assert await state(ask) == "sent"
    status, _, text = await post(stranger, f"{STATUS}?ref={ref}", DELIVERED)
    assert (status, text) == (204, "")
    assert await state(ask) == "delivered"


async def test_a_late_or_repeated_receipt_is_accepted_and_moves_nothing(
    stranger: Http, ask: Ask, ref: str
) -> None:
    for word in ("delivered", "delivered", "sent", "a-new-word"):
        fields = DELIVERED | {"MessageStatus": word}
        assert (await post(stranger, f"{STATUS}?ref={ref}", fields))[0] == 204
    assert await state(ask) == "delivered"


async def test_callbacks_that_come_at_once_are_answered_each_for_itself(
    stranger: Http, ask: Ask, ref: str
) -> None:
    path, forged = f"{STATUS}?ref={ref}", "bm9uc2Vuc2U="
    words = ("sent", "delivered", "delivered", "a-new-word")
    fields = [DELIVERED | {"MessageStatus": word} for word in words]
    answers = await asyncio.gather(
        *(post(stranger, path, one) for one in fields),
        *(post(stranger, path, one, forged) for one in fields),
    )
    assert [status for status, _, _ in answers] == [204] * 4 + [403] * 4
    assert await state(ask) == "delivered"
    _, shown = await ask("GET", f"/v1/messages/{ref}")
    assert len(shown["receipts"]) == len(words)


async def test_an_installation_records_what_it_has_received_before_it_closes(
    installation: Installation,
) -> None:
    count = RECEIPTS_PER_TRANSACTION + 1
    given = [Receipt("sandbox", f"SX{at}", None, {}) for at in range(count)]
    async with open_installation(installation.settings) as closing:
        waiting = [
            asyncio.create_task(closing.receipt_batches.receive(one)) for one in given
        ]
        await asyncio.sleep(0)
        for one in waiting:
            one.cancel()
    async with installation.database.read() as connection:
        stored = select(func.count()).select_from(receipts)
        assert (await connection.execute(stored)).scalar_one() == count
    await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.parametrize("signed", ["", "bm9uc2Vuc2U=", "é"])
async def test_an_unsigned_receipt_changes_nothing(
    stranger: Http, ask: Ask, ref: str, signed: str
) -> None:
    path = f"{STATUS}?ref={ref}"
    status, media, text = await post(stranger, path, DELIVERED, signed)
    assert (status, media) == (403, "application/problem+json")
    assert "nothing changed" in text
    assert await state(ask) == "sent"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (STATUS, DELIVERED | {"MessageStatus": "failed"}),
        (f"{STATUS}?ref=another", DELIVERED),
        (f"{STATUS}?bodySHA256=", DELIVERED),
        (INBOUND, DELIVERED),
    ],
)
async def test_a_signature_of_another_webhook_changes_nothing(
    stranger: Http, ask: Ask, ref: str, path: str, said: Mapping[str, str]
) -> None:
    signed = signature(f"{STATUS}?ref={ref}", DELIVERED)
    assert (await post(stranger, path, said, signed))[0] == 403
    assert await state(ask) == "sent"


async def test_a_key_is_no_signature(http: Http, ask: Ask, ref: str) -> None:
    status, _, _ = await post(http, f"{STATUS}?ref={ref}", DELIVERED, "")
    assert status == 403
    assert await state(ask) == "sent"


async def test_a_webhook_of_another_account_changes_nothing(
    stranger: Http, ask: Ask, ref: str
) -> None:
    other = DELIVERED | {"AccountSid": "AC" + "3" * 32}
    assert (await post(stranger, f"{STATUS}?ref={ref}", other))[0] == 403
    assert await state(ask) == "sent"


async def test_a_stop_opts_the_phone_out_and_gets_no_reply(
    stranger: Http, ask: Ask, fields: dict[str, Any], pass_at: PassAt
) -> None:
    await ask("PUT", PERMIT, fields)
    for _ in range(2):
        status, media, text = await post(stranger, INBOUND, STOP)
        assert (status, media) == (200, "text/xml")
        assert text.endswith("<Response/>")
    await pass_at(datetime(2024, 9, 19, 1, 30, tzinfo=UTC))
    assert await state(ask) == "suppressed"


@pytest.mark.parametrize(
    ("path", "said", "expected"),
    [
        (STATUS, STOP, "found a text to us, expected a status"),
        (INBOUND, DELIVERED, "found a status, expected a text to us"),
        (STATUS, {"AccountSid": "AC" + "1" * 32}, "MessageSid: found nothing"),
    ],
)
async def test_a_signed_webhook_at_the_wrong_address_says_so(
    stranger: Http, path: str, said: Mapping[str, str], expected: str
) -> None:
    status, _, text = await post(stranger, path, said)
    assert status == 422
    assert expected in text


@pytest.mark.parametrize(
    "path", ["/webhooks/twilio/status", "/webhooks/sandbox/receipts"]
)
async def test_only_the_running_provider_has_webhooks(
    stranger: Http, carrier: TwilioProvider, path: str
) -> None:
    assert carrier.name == "sandbox"
    assert (await post(stranger, path, DELIVERED))[0] == 404


async def test_a_webhook_of_more_than_64_kib_is_not_read(stranger: Http) -> None:
    long = DELIVERED | {"Body": "x" * 64 * 1024}
    assert (await post(stranger, STATUS, long))[0] == 413


@pytest.mark.parametrize("body", [b"", b"\xff", b"{}"])
async def test_a_body_that_is_no_form_is_refused(stranger: Http, body: bytes) -> None:
    async with stranger.post(STATUS, data=body) as answer:
        assert answer.status == 403
