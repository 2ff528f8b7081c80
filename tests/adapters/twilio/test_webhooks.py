import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from twilio.request_validator import RequestValidator

from service.adapters.twilio.codes import STATES
from service.adapters.twilio.provider import TwilioProvider
from service.domain.delivery.outcome import Accepted, Inbound, Receipt, RefusalKind
from service.domain.delivery.status import MessageState
from tests.adapters.twilio.fake_server import (
    ACCOUNT,
    PHONE,
    PUBLIC,
    SENT_FROM,
    SM1,
    TOKEN,
    Open,
    outgoing,
)

STATUS = "/webhooks/fake/status?ref=0190aaaa"
FORM = "application/x-www-form-urlencoded"
K, M = RefusalKind, MessageState

Told = Callable[..., Receipt | Inbound]


def fields(**changed: str) -> dict[str, str]:
    known = {"AccountSid": ACCOUNT, "MessageSid": SM1, "MessageStatus": "delivered"}
    return known | {"To": PHONE, "From": SENT_FROM} | changed


@pytest.fixture
async def hearing(opened: Open) -> TwilioProvider:
    return await opened("http://127.0.0.1:9", public_url=PUBLIC)


@pytest.fixture
def told(hearing: TwilioProvider) -> Told:
    """Parse a form that Twilio signed."""

    def tell(form: dict[str, str], path: str = STATUS) -> Receipt | Inbound:
        validator = RequestValidator(TOKEN)
        signature = validator.compute_signature(f"{PUBLIC}{path}", form)
        headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
        return hearing.parse(headers, urlencode(form).encode(), path)

    return tell


def test_a_callback_is_a_receipt_with_our_own_id(told: Told) -> None:
    receipt = told(fields(ErrorCode=""))
    assert receipt == Receipt(
        provider="fake",
        provider_id=SM1,
        state=M.DELIVERED,
        raw={
            "AccountSid": ACCOUNT,
            "MessageSid": SM1,
            "MessageStatus": "delivered",
            "ErrorCode": "",
        },
        message_id="0190aaaa",
    )
    assert PHONE not in str(receipt.raw), "no phone number is kept"


@pytest.mark.parametrize(("word", "state"), STATES.items())
def test_every_status_of_a_callback_is_a_state(
    told: Told, word: str, state: MessageState
) -> None:
    receipt = told(fields(MessageStatus=word))
    assert isinstance(receipt, Receipt)
    assert receipt.state is state


def test_a_failed_delivery_says_why(told: Told) -> None:
    receipt = told(fields(MessageStatus="undelivered", ErrorCode="30005"))
    assert isinstance(receipt, Receipt)
    assert (receipt.state, receipt.code, receipt.kind) == (
        *(M.UNDELIVERED, "30005", K.BAD_NUMBER),
    )


@pytest.mark.parametrize("code", ["3000²", "３０００５", "9" * 5000, "-1", "none"])
def test_an_invalid_code_is_stored_and_has_no_meaning(told: Told, code: str) -> None:
    receipt = told(fields(MessageStatus="failed", ErrorCode=code))
    assert isinstance(receipt, Receipt)
    assert (receipt.state, receipt.code, receipt.kind) == (M.FAILED, code, None)


def test_a_callback_without_our_id_is_a_receipt_without_a_message_id(
    told: Told,
) -> None:
    receipt = told(fields(), "/webhooks/fake/status")
    assert isinstance(receipt, Receipt)
    assert receipt.message_id is None


@pytest.mark.parametrize("word", ["vaporized", "", "Delivered", "sent\n"])
def test_an_unknown_status_is_a_receipt_without_a_state(told: Told, word: str) -> None:
    receipt = told(fields(MessageStatus=word))
    assert isinstance(receipt, Receipt)
    assert receipt.state is None
    assert receipt.raw["MessageStatus"] == word


def test_an_unknown_field_is_stored_unless_it_holds_a_phone(told: Told) -> None:
    receipt = told(fields(NewField="今天", Empty="", Whose=f"sms:{PHONE};x"))
    assert isinstance(receipt, Receipt)
    assert receipt.raw["NewField"] == "今天"
    assert receipt.raw["Empty"] == ""
    assert "Whose" not in receipt.raw


def test_a_text_to_us_is_an_inbound(told: Told) -> None:
    form = {"AccountSid": ACCOUNT, "MessageSid": SM1, "From": PHONE, "Body": "STOP"}
    inbound = told(form | {"OptOutType": "STOP"}, "/webhooks/fake/inbound")
    assert isinstance(inbound, Inbound)
    assert (inbound.provider, inbound.provider_id) == ("fake", SM1)
    assert (inbound.sender, inbound.body) == (PHONE, "STOP")
    assert inbound.raw["OptOutType"] == "STOP"
    assert PHONE not in str(inbound.raw), "no phone number is kept"


def test_a_picture_without_a_text_is_an_inbound_too(told: Told) -> None:
    form = {"AccountSid": ACCOUNT, "MessageSid": SM1, "From": PHONE, "NumMedia": "1"}
    inbound = told(form, "/webhooks/fake/inbound")
    assert isinstance(inbound, Inbound)
    assert inbound.body == ""


async def test_the_sandbox_s_own_callbacks_are_understood(
    sandbox: str, opened: Open, rooms: AsyncExitStack
) -> None:
    heard: list[Receipt] = []
    public: list[str] = []
    final = asyncio.Event()

    async def take(request: web.Request) -> web.StreamResponse:
        ours = await opened(sandbox, public_url=public[0])
        receipt = ours.parse(request.headers, await request.read(), request.path_qs)
        assert isinstance(receipt, Receipt)
        heard.append(receipt)
        if receipt.state is M.DELIVERED:
            final.set()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    server = await rooms.enter_async_context(TestServer(app))
    public.append(f"http://127.0.0.1:{server.port}")
    provider = await opened(sandbox, public_url=public[0])
    sent = await provider.send(outgoing())
    async with asyncio.timeout(20):
        await final.wait()
    assert isinstance(sent, Accepted)
    assert {(one.provider_id, one.message_id) for one in heard} == {
        (sent.provider_id, "0190aaaa")
    }
