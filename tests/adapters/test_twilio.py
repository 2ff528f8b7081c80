import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from twilio.request_validator import RequestValidator

from service.adapters.twilio import Sender, Twilio, twilio
from service.domain.errors import ForgedError, InvalidError
from service.domain.outcome import (
    Accepted,
    Inbound,
    Outcome,
    Receipt,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.status import MessageState
from service.flow.rows import OpenMessage, Outgoing
from service.sandbox.account import Account
from service.sandbox.application import Options, make_app
from service.sandbox.journal import Journal

SID, TOKEN = "AC" + "1" * 32, "2" * 32
PHONE, SENT_FROM = "+12125550101", "+15005550006"
PUBLIC = "https://permits.example.org"
STATUS = "/webhooks/fake/status?ref=0190aaaa"
K, M = RefusalKind, MessageState

Open = Callable[..., Awaitable[Twilio]]


def sender_to(url: str, **changed: Any) -> Sender:  # noqa: ANN401 - fields
    known = Sender(
        name="fake",
        account_sid=SID,
        auth_token=TOKEN,
        user=SID,
        secret=TOKEN,
        messaging_service_sid=None,
        from_=SENT_FROM,
        api_url=url,
        public_url=None,
        timeout=5.0,
    )
    return replace(known, **changed)


def outgoing(phone: str = PHONE, body: str = "Renew by 18 November.") -> Outgoing:
    return Outgoing("0190aaaa", 1, b"", body, "renewal-prepare", "en", phone)


def open_message(body: str = "Renew by 18 November.") -> OpenMessage:
    now = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    return OpenMessage("0190aaaa", "fake", "r", b"", body, now, now, None, now)


@pytest.fixture
async def rooms() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def sandbox(tmp_path: Path, rooms: AsyncExitStack) -> str:
    """The address of a sandbox in this process."""
    journal = Journal(tmp_path / "messages.jsonl")
    rooms.callback(journal.close)
    app = make_app(Options(directory=tmp_path, pace=0), Account(SID, TOKEN), journal)
    server = await rooms.enter_async_context(TestServer(app))
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture
def opened(rooms: AsyncExitStack) -> Open:
    """Opens our adapter on an address."""

    async def open_one(url: str, **changed: Any) -> Twilio:  # noqa: ANN401 - fields
        return await rooms.enter_async_context(twilio(sender_to(url, **changed)))

    return open_one


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
def stub(rooms: AsyncExitStack) -> Callable[[Answer], Awaitable[tuple[str, list[str]]]]:
    """A server that answers as told; its address, and the requests it got."""

    async def serve(answer: Answer) -> tuple[str, list[str]]:
        requests: list[str] = []

        async def take(request: web.Request) -> web.StreamResponse:
            requests.append(request.method)
            return await answer(request)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", take)
        server = await rooms.enter_async_context(TestServer(app))
        return f"http://127.0.0.1:{server.port}", requests

    return serve


async def test_what_was_sent_is_found_and_fetched(sandbox: str, opened: Open) -> None:
    provider = await opened(sandbox)
    sent = await provider.send(outgoing())
    assert isinstance(sent, Accepted)
    assert sent.state is M.ACCEPTED
    found = await provider.find(open_message(), PHONE)
    assert found is not None
    assert [one.provider_id for one in found] == [sent.provider_id]
    assert found[0].created_at.tzinfo is not None
    told = await provider.fetch(sent.provider_id)
    assert told is not None
    assert (told.provider, told.provider_id) == ("fake", sent.provider_id)


async def test_a_message_is_fetched_as_delivered_in_the_end(
    sandbox: str, opened: Open
) -> None:
    provider = await opened(sandbox)
    sent = await provider.send(outgoing())
    assert isinstance(sent, Accepted)
    async with asyncio.timeout(20):
        told = await provider.fetch(sent.provider_id)
        while told is None or told.state is not M.DELIVERED:
            told = await provider.fetch(sent.provider_id)
    assert told.code is None


async def test_another_text_is_told_apart_and_another_phone_is_not_found(
    sandbox: str, opened: Open
) -> None:
    provider = await opened(sandbox)
    await provider.send(outgoing())
    found = await provider.find(open_message("Another text."), PHONE)
    assert [one.same_text for one in found or ()] == [False]
    assert await provider.find(open_message(), "+12125550102") == []


async def test_what_was_made_before_the_claim_is_not_found(
    sandbox: str, opened: Open
) -> None:
    provider = await opened(sandbox)
    await provider.send(outgoing())
    later = replace(open_message(), posted_after=datetime.max.replace(tzinfo=UTC))
    assert await provider.find(later, PHONE) == []


async def test_two_alike_are_both_found(sandbox: str, opened: Open) -> None:
    provider = await opened(sandbox)
    for _ in range(2):
        await provider.send(outgoing())
    found = await provider.find(open_message(), PHONE)
    assert found is not None
    assert len({one.provider_id for one in found}) == 2


@pytest.mark.parametrize(
    ("phone", "kind", "code"),
    [
        ("+15005550001", K.BAD_NUMBER, "21211"),
        ("+15005550002", K.ROUTE, "21612"),
        ("+15005550003", K.ROUTE, "21408"),
        ("+15005550004", K.OPTED_OUT, "21610"),
        ("+15005550009", K.BAD_NUMBER, "21614"),
    ],
)
async def test_a_magic_number_is_refused_for_its_kind(
    sandbox: str, opened: Open, phone: str, kind: RefusalKind, code: str
) -> None:
    provider = await opened(sandbox)
    assert await provider.send(outgoing(phone)) == Refused(kind, code, "HTTP 400")


@pytest.mark.parametrize(
    ("from_", "kind"),
    [
        ("+15005550001", K.ACCOUNT),
        ("+15005550007", K.ACCOUNT),
        ("+15005550008", K.RETRY_SAFE),
    ],
)
async def test_a_sender_that_may_not_or_cannot_send_is_no_fault_of_the_message(
    sandbox: str, opened: Open, from_: str, kind: RefusalKind
) -> None:
    provider = await opened(sandbox, from_=from_)
    refused = await provider.send(outgoing())
    assert isinstance(refused, Refused)
    assert refused.kind is kind


async def test_a_text_too_long_is_the_text_s_fault(sandbox: str, opened: Open) -> None:
    provider = await opened(sandbox)
    refused = await provider.send(outgoing(body="a" * 1601))
    assert isinstance(refused, Refused)
    assert (refused.kind, refused.code) == (K.BAD_CONTENT, "21617")


async def test_a_wrong_token_is_about_the_account(sandbox: str, opened: Open) -> None:
    provider = await opened(sandbox, secret="3" * 32)
    refused = await provider.send(outgoing())
    assert refused == Refused(K.ACCOUNT, "20003", "HTTP 401")
    assert await provider.find(open_message(), PHONE) is None, "it was not asked"
    assert await provider.fetch("SM1") is None


async def test_nobody_listening_is_provably_not_taken(opened: Open) -> None:
    provider = await opened(f"http://127.0.0.1:{unused_port()}")
    refused = await provider.send(outgoing())
    assert isinstance(refused, Refused)
    assert (refused.kind, refused.code) == (K.RETRY_SAFE, "connect")
    assert await provider.find(open_message(), PHONE) is None
    assert await provider.fetch("SM1") is None


async def test_an_answer_that_never_comes_is_unknown_within_the_timeout(
    stub: Callable[[Answer], Awaitable[tuple[str, list[str]]]], opened: Open
) -> None:
    over = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await over.wait()
        return web.Response()

    url, requests = await stub(hang)
    provider = await opened(url, timeout=0.2)
    async with asyncio.timeout(10):
        assert isinstance(await provider.send(outgoing()), Unknown)
        assert await provider.find(open_message(), PHONE) is None
    assert requests.count("POST") == 1
    over.set()


def answers(status: int, body: str, kind: str = "application/json") -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, content_type=kind)

    return answer


async def cut_short(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(status=201, headers={"Content-Length": "999"})
    await response.prepare(request)
    await response.write(b'{"sid": "SM1", "status": "que')
    assert request.transport is not None
    request.transport.close()
    return response


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


PAGE = "<html><body>502 Bad Gateway</body></html>"
NO = '{"code": %s, "message": "no", "status": %s}'
NEVER_SURE: list[tuple[str, Answer]] = [
    ("empty", answers(201, "")),
    ("half a JSON", answers(201, '{"sid": "SM1", "stat')),
    ("cut short", cut_short),
    ("hung up", hang_up),
    ("a page", answers(201, PAGE, "text/html")),
    ("a page of a proxy", answers(502, PAGE, "text/html")),
    ("a forbidding page of a proxy", answers(403, PAGE, "text/html")),
    ("an overload", answers(503, NO % (20503, 503))),
    ("a fault", answers(500, NO % (20500, 500))),
    ("a list", answers(201, "[]")),
    ("null", answers(201, "null")),
    ("no id", answers(201, "{}")),
    ("an id of nothing", answers(201, '{"sid": null, "status": "queued"}')),
    ("a wrong no", answers(400, '"no"')),
    ("an empty no", answers(400, "")),
    ("elsewhere", answers(307, "")),
    ("late", answers(408, PAGE, "text/html")),
]


@pytest.mark.parametrize(
    "answer", [one for _, one in NEVER_SURE], ids=[name for name, _ in NEVER_SURE]
)
async def test_an_answer_that_is_no_clear_yes_or_no_is_unknown_and_not_repeated(
    stub: Callable[[Answer], Awaitable[tuple[str, list[str]]]],
    opened: Open,
    answer: Answer,
) -> None:
    url, requests = await stub(answer)
    provider = await opened(url)
    outcome: Outcome = await provider.send(outgoing())
    assert isinstance(outcome, Unknown), outcome
    assert requests == ["POST"]


@pytest.mark.parametrize(
    "answer", [one for _, one in NEVER_SURE], ids=[name for name, _ in NEVER_SURE]
)
async def test_a_list_that_is_no_list_proves_no_absence(
    stub: Callable[[Answer], Awaitable[tuple[str, list[str]]]],
    opened: Open,
    answer: Answer,
) -> None:
    url, _ = await stub(answer)
    provider = await opened(url)
    assert await provider.find(open_message(), PHONE) is None


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (429, 20429, K.RETRY_SAFE),
        (429, 14107, K.RETRY_SAFE),
        (429, 99999, K.RETRY_SAFE),
        (401, 20003, K.ACCOUNT),
        (403, 99999, K.ACCOUNT),
        (404, 20404, K.ACCOUNT),
        (400, 21610, K.OPTED_OUT),
        (400, 30001, K.RETRY_LATER),
        (400, 99999, K.BAD_CONTENT),
    ],
)
async def test_a_clear_no_has_the_kind_of_its_code_or_class(
    stub: Callable[[Answer], Awaitable[tuple[str, list[str]]]],
    opened: Open,
    status: int,
    code: int,
    kind: RefusalKind,
) -> None:
    url, requests = await stub(answers(status, NO % (code, status)))
    provider = await opened(url)
    assert await provider.send(outgoing()) == Refused(kind, str(code), f"HTTP {status}")
    assert requests == ["POST"]


async def test_the_form_names_the_callback_with_our_id_and_how_long_it_may_try(
    stub: Callable[[Answer], Awaitable[tuple[str, list[str]]]], opened: Open
) -> None:
    forms = []

    async def answer(request: web.Request) -> web.StreamResponse:
        forms.append(dict(await request.post()))
        return web.json_response({"sid": "SM1", "status": "queued"}, status=201)

    url, _ = await stub(answer)
    provider = await opened(url, public_url=PUBLIC)
    assert await provider.send(outgoing()) == Accepted("SM1")
    assert forms == [
        {
            "To": PHONE,
            "From": SENT_FROM,
            "Body": "Renew by 18 November.",
            "StatusCallback": f"{PUBLIC}{STATUS}#rc=5&rp=all",
            "ValidityPeriod": "14400",
        }
    ]


async def test_without_a_public_address_no_callback_is_asked_for(
    stub: Callable[[Answer], Awaitable[tuple[str, list[str]]]], opened: Open
) -> None:
    forms = []

    async def answer(request: web.Request) -> web.StreamResponse:
        forms.append(dict(await request.post()))
        return web.json_response({"sid": "SM1", "status": "new-word"}, status=201)

    url, _ = await stub(answer)
    provider = await opened(url, messaging_service_sid="MG1", from_=None)
    assert await provider.send(outgoing()) == Accepted("SM1")
    assert "StatusCallback" not in forms[0]
    assert "From" not in forms[0]
    assert forms[0]["MessagingServiceSid"] == "MG1"


def signed(
    path: str = STATUS, token: str = TOKEN, **form: str
) -> tuple[dict[str, str], bytes, str]:
    signature = RequestValidator(token).compute_signature(f"{PUBLIC}{path}", form)
    return {"X-Twilio-Signature": signature}, urlencode(form).encode(), path


def fields(**changed: str) -> dict[str, str]:
    known = {"AccountSid": SID, "MessageSid": "SM1", "MessageStatus": "delivered"}
    return known | {"To": PHONE, "From": SENT_FROM} | changed


@pytest.fixture
async def hearing(opened: Open) -> Twilio:
    return await opened("http://127.0.0.1:9", public_url=PUBLIC)


async def test_a_signed_callback_is_a_receipt_with_our_own_id(hearing: Twilio) -> None:
    told = hearing.parse(*signed(**fields(ErrorCode="")))
    assert told == Receipt(
        provider="fake",
        provider_id="SM1",
        state=M.DELIVERED,
        raw={
            "AccountSid": SID,
            "MessageSid": "SM1",
            "MessageStatus": "delivered",
            "ErrorCode": "",
        },
        ref="0190aaaa",
    )
    assert PHONE not in str(told.raw), "no phone number is kept"


async def test_a_failed_delivery_says_why(hearing: Twilio) -> None:
    form = fields(MessageStatus="undelivered", ErrorCode="30005")
    told = hearing.parse(*signed(**form))
    assert isinstance(told, Receipt)
    assert (told.state, told.code, told.kind) == (
        *(M.UNDELIVERED, "30005", K.BAD_NUMBER),
    )


async def test_a_callback_without_our_id_is_a_receipt_without_it(
    hearing: Twilio,
) -> None:
    told = hearing.parse(*signed("/webhooks/fake/status", **fields()))
    assert isinstance(told, Receipt)
    assert told.ref is None


async def test_a_status_nobody_knows_is_a_receipt_of_no_state(hearing: Twilio) -> None:
    told = hearing.parse(*signed(**fields(MessageStatus="vaporized")))
    assert isinstance(told, Receipt)
    assert told.state is None
    assert told.raw["MessageStatus"] == "vaporized"


async def test_a_field_nobody_knows_is_covered_by_the_signature(
    hearing: Twilio,
) -> None:
    told = hearing.parse(*signed(**fields(NewField="今天", Empty="")))
    assert isinstance(told, Receipt)
    assert told.raw["NewField"] == "今天"


async def test_a_text_to_us_is_an_inbound(hearing: Twilio) -> None:
    form = {"AccountSid": SID, "MessageSid": "IN1", "From": PHONE, "Body": "STOP"}
    told = hearing.parse(*signed("/webhooks/fake/inbound", **form))
    assert isinstance(told, Inbound)
    assert (told.provider, told.provider_id) == ("fake", "IN1")
    assert (told.sender, told.body) == (PHONE, "STOP")


async def test_a_webhook_without_a_signature_is_forged(hearing: Twilio) -> None:
    _, body, path = signed(**fields())
    with pytest.raises(ForgedError, match="no valid signature"):
        hearing.parse({}, body, path)


async def test_a_signature_by_another_token_is_forged(hearing: Twilio) -> None:
    with pytest.raises(ForgedError, match="no valid signature"):
        hearing.parse(*signed(token="3" * 32, **fields()))


async def test_a_changed_body_or_path_is_forged(hearing: Twilio) -> None:
    headers, body, path = signed(**fields())
    for forged in (
        (headers, body.replace(b"delivered", b"failed"), path),
        (headers, body + b"&Extra=1", path),
        (headers, body, path.replace("0190aaaa", "0190bbbb")),
        (headers, b"\xff\xfe", path),
    ):
        with pytest.raises(ForgedError):
            hearing.parse(*forged)


async def test_a_webhook_of_another_account_is_forged(hearing: Twilio) -> None:
    with pytest.raises(ForgedError, match="another account"):
        hearing.parse(*signed(**fields(AccountSid="AC" + "9" * 32)))


async def test_a_signed_webhook_that_names_no_message_says_what_is_missing(
    hearing: Twilio,
) -> None:
    with pytest.raises(InvalidError, match="MessageSid"):
        hearing.parse(*signed(**fields(MessageSid="")))


async def test_the_sandbox_s_own_callbacks_are_understood(
    sandbox: str,
    opened: Open,
    stub: Callable[[Answer], Awaitable[tuple[str, list[str]]]],
) -> None:
    heard: list[Receipt] = []
    public: list[str] = []
    final = asyncio.Event()

    async def take(request: web.Request) -> web.StreamResponse:
        ours = await opened(sandbox, public_url=public[0])
        told = ours.parse(request.headers, await request.read(), request.path_qs)
        assert isinstance(told, Receipt)
        heard.append(told)
        if told.state is M.DELIVERED:
            final.set()
        return web.Response(status=204)

    url, _ = await stub(take)
    public.append(url)
    provider = await opened(sandbox, public_url=url)
    sent = await provider.send(outgoing())
    async with asyncio.timeout(20):
        await final.wait()
    assert isinstance(sent, Accepted)
    assert {(one.provider_id, one.ref) for one in heard} == {
        (sent.provider_id, "0190aaaa")
    }
