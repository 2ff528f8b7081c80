import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from aiohttp import encode_basic_auth

from service.adapters.twilio.codes import STATES
from service.domain.delivery.outcome import (
    Accepted,
    ListedMessage,
    NotPosted,
    Receipt,
    RefusalKind,
    Refused,
)
from service.domain.delivery.status import MessageState
from service.flow.sending.provider import Listing
from tests.adapters.twilio.fake_server import (
    BODY,
    DATED_AT,
    OTHER_PHONE,
    PHONE,
    PUBLIC,
    SENT_FROM,
    SM1,
    SM2,
    TOKEN,
    Open,
    Serve,
    message,
    open_message,
    outgoing,
    page,
    raw,
    says,
)

K, M = RefusalKind, MessageState

ACCEPTED = Accepted(SM1, dated_at=DATED_AT)


def taken(**changed: object) -> bytes:
    return raw(201, json.dumps(message(**changed)))


def form(request: bytes) -> dict[str, str]:
    fields = parse_qs(request.partition(b"\r\n\r\n")[2].decode(), strict_parsing=True)
    return {name: "".join(values) for name, values in fields.items()}


def candidates(found: Listing | None) -> list[ListedMessage]:
    return [*found.candidates] if found else []


async def test_a_sent_message_is_found_and_fetched(sandbox: str, opened: Open) -> None:
    provider = await opened(sandbox)
    sent = await provider.send(outgoing())
    assert isinstance(sent, Accepted)
    assert sent.state is M.ACCEPTED
    found = await provider.find(open_message(), PHONE)
    assert found is not None
    assert [one.provider_id for one in found.candidates] == [sent.provider_id]
    assert found.candidates[0].created_at.tzinfo is not None
    told = await provider.fetch_receipt(sent.provider_id)
    assert isinstance(told, Receipt)
    assert (told.provider, told.provider_id) == ("fake", sent.provider_id)


async def test_a_message_is_finally_fetched_as_delivered(
    sandbox: str, opened: Open
) -> None:
    provider = await opened(sandbox)
    sent = await provider.send(outgoing())
    assert isinstance(sent, Accepted)
    async with asyncio.timeout(20):
        told = await provider.fetch_receipt(sent.provider_id)
        while not isinstance(told, Receipt) or told.state is not M.DELIVERED:
            told = await provider.fetch_receipt(sent.provider_id)
    assert told.code is None


async def test_another_text_is_found_as_different_and_another_phone_is_not_found(
    sandbox: str, opened: Open
) -> None:
    provider = await opened(sandbox)
    await provider.send(outgoing())
    found = await provider.find(open_message("Another text."), PHONE)
    assert [one.same_text for one in candidates(found)] == [False]
    assert await provider.find(open_message(), OTHER_PHONE) == Listing([], frozenset())


async def test_a_message_created_before_the_claim_is_not_found(
    sandbox: str, opened: Open
) -> None:
    provider = await opened(sandbox)
    await provider.send(outgoing())
    later = replace(open_message(), posted_after=datetime.max.replace(tzinfo=UTC))
    found = await provider.find(later, PHONE)
    assert found is not None
    assert found.candidates == []
    assert len(found.provider_ids) == 1, "it vouches for the list"


async def test_two_identical_messages_are_both_found(
    sandbox: str, opened: Open
) -> None:
    provider = await opened(sandbox)
    for _ in range(2):
        await provider.send(outgoing())
    found = await provider.find(open_message(), PHONE)
    assert found is not None
    assert len({one.provider_id for one in found.candidates}) == 2


async def test_a_message_listed_below_an_older_one_is_found(
    serve: Serve, opened: Open
) -> None:
    older = message(sid=SM2, date_created="Sun, 28 Jan 2024 02:00:00 +0000")
    url, _ = await serve(says(raw(200, page(older, message()))))
    provider = await opened(url)
    since = datetime(2024, 1, 29, 1, tzinfo=UTC)
    found = await provider.find(replace(open_message(), posted_after=since), PHONE)
    assert [one.provider_id for one in candidates(found)] == [SM1]


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


async def test_a_text_too_long_is_bad_content(sandbox: str, opened: Open) -> None:
    provider = await opened(sandbox)
    refused = await provider.send(outgoing(body="a" * 1601))
    assert isinstance(refused, Refused)
    assert (refused.kind, refused.code) == (K.BAD_CONTENT, "21617")


async def test_a_wrong_token_is_an_account_refusal(sandbox: str, opened: Open) -> None:
    provider = await opened(sandbox, secret="3" * 32)
    refused = await provider.send(outgoing())
    assert refused == Refused(K.ACCOUNT, "20003", "HTTP 401")
    assert await provider.find(open_message(), PHONE) is None, "it was not asked"
    assert await provider.fetch_receipt(SM1) is None


@pytest.mark.parametrize(("word", "state"), STATES.items())
async def test_every_status_of_an_answer_is_a_state(
    serve: Serve, opened: Open, word: str, state: MessageState
) -> None:
    url, _ = await serve(says(taken(status=word)))
    provider = await opened(url)
    assert await provider.send(outgoing()) == Accepted(SM1, state, DATED_AT)


@pytest.mark.parametrize(
    "odd",
    [
        {"status": "vaporized"},
        {"status": ["queued"]},
        {"sid": SM2},
        {"sid": "SM" + "AbCdEf01" * 4},
        {"to": "+1212555XXXX"},
        {"to": None, "account_sid": None, "date_created": "yesterday"},
        {"error_code": "many", "messaging_service_sid": 7, "news": {"a": []}},
    ],
)
async def test_an_odd_answer_that_names_the_message_is_accepted(
    serve: Serve, opened: Open, odd: dict[str, object]
) -> None:
    url, _ = await serve(says(taken(**odd)))
    provider = await opened(url)
    dated_at = None if "date_created" in odd else DATED_AT
    assert await provider.send(outgoing()) == Accepted(
        str(odd.get("sid", SM1)), dated_at=dated_at
    )


async def test_the_form_names_the_callback_with_our_id_and_how_long_it_may_try(
    serve: Serve, opened: Open
) -> None:
    url, asked = await serve(says(taken()))
    provider = await opened(url, public_url=PUBLIC)
    assert await provider.send(outgoing()) == ACCEPTED
    callback = f"{PUBLIC}/webhooks/fake/status?ref=0190aaaa#rc=5&rp=all"
    assert [form(one) for one in asked] == [
        {
            "To": PHONE,
            "From": SENT_FROM,
            "Body": BODY,
            "StatusCallback": callback,
            "ValidityPeriod": "14400",
        }
    ]


async def test_without_a_public_address_no_callback_is_asked_for(
    serve: Serve, opened: Open
) -> None:
    url, asked = await serve(says(taken()))
    provider = await opened(url, messaging_service_sid="MG1", from_=None)
    assert await provider.send(outgoing(body="许可证将于 2 月到期")) == Accepted(
        SM1, dated_at=DATED_AT
    )
    assert form(asked[0]) == {
        "To": PHONE,
        "MessagingServiceSid": "MG1",
        "Body": "许可证将于 2 月到期",
        "ValidityPeriod": "14400",
    }


async def test_an_api_key_sends_in_the_name_of_the_account(
    serve: Serve, opened: Open
) -> None:
    url, asked = await serve(says(taken()))
    provider = await opened(url, user="SK1", secret=TOKEN)
    assert isinstance(await provider.send(outgoing()), Accepted)
    line, *headers = asked[0].decode().splitlines()
    assert line.startswith(f"POST /2010-04-01/Accounts/AC{'1' * 32}/Messages.json ")
    assert f"Authorization: {encode_basic_auth('SK1', TOKEN)}" in headers


@pytest.mark.parametrize(
    ("valid_for", "period"),
    [
        (86_400.0, "14400"),
        (14_405.0, "14400"),
        (14_404.9, "14399"),
        (600.0, "595"),
        (10.0, "5"),
    ],
)
async def test_the_validity_period_is_the_time_left_after_the_post(
    serve: Serve, opened: Open, valid_for: float, period: str
) -> None:
    url, asked = await serve(says(taken()))
    provider = await opened(url, timeout=5.0)
    assert await provider.send(outgoing(valid_for=valid_for)) == Accepted(
        SM1, dated_at=DATED_AT
    )
    assert form(asked[0])["ValidityPeriod"] == period


@pytest.mark.parametrize("valid_for", [9.9, 0.0, -3600.0])
async def test_a_message_without_time_left_is_not_posted(
    serve: Serve, opened: Open, valid_for: float
) -> None:
    url, asked = await serve(says(taken()))
    provider = await opened(url, timeout=5.0)
    assert isinstance(await provider.send(outgoing(valid_for=valid_for)), NotPosted)
    assert asked == []


async def test_a_text_that_cannot_be_written_is_refused_before_any_post(
    serve: Serve, opened: Open
) -> None:
    url, asked = await serve(says(taken()))
    provider = await opened(url)
    refused = await provider.send(outgoing(body="\ud800"))
    assert isinstance(refused, Refused)
    assert refused.kind is K.BAD_CONTENT
    assert asked == []
