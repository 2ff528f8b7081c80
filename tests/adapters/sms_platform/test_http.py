import copy
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp.test_utils import unused_port

from service.adapters.http.answers import LONGEST_ANSWER
from service.adapters.sms_platform.format.file import format_from, load_format
from service.adapters.sms_platform.format.model import PlatformFormat
from service.adapters.sms_platform.open_platform import read_secrets
from service.domain.delivery.outcome import (
    Accepted,
    NotPosted,
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.errors import SetUpError
from service.flow.monotonic import monotonic_now
from service.flow.sending.provider import Provider
from service.settings import shipped_folder
from tests.adapters.sms_platform.samples import (
    BODY,
    ID,
    NOW,
    PHONE,
    message,
    opened,
    sheet,
    unknown,
)
from tests.adapters.twilio.fake_server import Serve, Speak, endlessly, hang, raw, says

Posting = Callable[..., Awaitable[tuple[Provider, list[bytes]]]]

SECRETS = {"SMS_KEY": "open-sesame"}
YES = json.dumps({"code": 0, "data": {"taskId": 17}})

HTTP: dict[str, Any] = {
    "body": "json",
    "calling_code": 1,
    "headers": {"Authorization": {"secret": "SMS_KEY"}, "X-Request-Id": "id"},
    "fields": {
        "app": {"constant": "提醒"},
        "key": {"secret": "SMS_KEY"},
        "message.mobile": "phone_national",
        "message.content": "body",
        "outId": "id",
    },
    "answer": {"success": {"field": "code", "equals": ["0", "OK"]}, "code": "code"},
    "codes": {
        "1001": "account",
        "1002": "retry-safe",
        "2001": "bad-number",
        "2002": "bad-content",
    },
}


def http(url: str, **more: Any) -> PlatformFormat:  # noqa: ANN401 - what TOML says
    known = copy.deepcopy(HTTP) | {"url": f"{url}/send"} | more
    known = {key: value for key, value in known.items() if value is not None}
    return format_from({"http": known}, "format.toml", Path())


@pytest.fixture
def posting(serve: Serve, rooms: AsyncExitStack, tmp_path: Path) -> Posting:
    """Open a provider that posts to a server, and the requests it gets."""

    async def start(
        speak: Speak, patience: float = 5.0, **more: object
    ) -> tuple[Provider, list[bytes]]:
        url, asked = await serve(speak)
        room = opened(http(url, **more), tmp_path, patience=patience, environ=SECRETS)
        return await rooms.enter_async_context(room), asked

    return start


async def test_a_message_is_posted_once_as_the_format_says(posting: Posting) -> None:
    outbox, asked = await posting(says(raw(200, YES)))
    assert await outbox.send(message()) == Accepted(ID.format(1))
    await outbox.flush()
    [request] = asked
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /send HTTP/1.1\r\n")
    for line in (
        b"Authorization: open-sesame",
        f"X-Request-Id: {ID.format(1)}".encode(),
        b"Content-Type: application/json",
    ):
        assert line in head.split(b"\r\n")
    assert json.loads(body) == {
        "app": "提醒",
        "key": "open-sesame",
        "message": {"mobile": "2125550142", "content": BODY},
        "outId": ID.format(1),
    }


async def test_a_message_can_be_posted_as_a_form(posting: Posting) -> None:
    outbox, asked = await posting(says(raw(200, YES)), body="form")
    assert isinstance(await outbox.send(message()), Accepted)
    [request] = asked
    assert b"Content-Type: application/x-www-form-urlencoded\r\n" in request
    sent = parse_qs(request.partition(b"\r\n\r\n")[2].decode())
    assert sent["message.content"] == [BODY]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (raw(200, YES), Accepted(ID.format(1))),
        (raw(201, '{"code": "OK"}'), Accepted(ID.format(1))),
        (raw(200, '{"code": 1001}'), Refused(RefusalKind.ACCOUNT, "1001", "HTTP 200")),
        (
            raw(400, '{"code": "2001"}'),
            Refused(RefusalKind.BAD_NUMBER, "2001", "HTTP 400"),
        ),
        (
            raw(503, '{"code": 1002}', "Retry-After: 7"),
            Refused(
                *(RefusalKind.RETRY_SAFE, "1002", "HTTP 503"),
                is_outage=True,
                retry_after=7.0,
            ),
        ),
        (
            raw(429, "slower", "Retry-After: 99999"),
            Refused(
                RefusalKind.RETRY_SAFE,
                "429",
                "HTTP 429",
                over_concurrency=True,
                retry_after=600.0,
            ),
        ),
    ],
)
async def test_a_clear_answer_is_a_yes_or_a_no(
    posting: Posting,
    answer: bytes,
    expected: Outcome,
) -> None:
    outbox, _ = await posting(says(answer))
    assert await outbox.send(message()) == expected


@pytest.mark.parametrize(
    "answer",
    [
        raw(200, '{"code": 7}'),
        raw(200, '{"code": true}'),
        raw(200, '{"code": null}'),
        raw(200, '{"data": {"code": 0}}'),
        raw(200, "[0]"),
        raw(200, "<html>0</html>"),
        raw(200, "[" * 50_000),
        raw(200, b"\xff\xfe"),
        raw(200, ""),
        raw(204),
        raw(302, YES, "Location: /send"),
        raw(400, YES),
        raw(403, "<html>forbidden</html>"),
        raw(404),
        raw(500, YES),
        raw(502, "bad gateway"),
        raw(200, YES)[:-5],
        b"HTTP/1.1 nonsense\r\n\r\n",
        b"",
    ],
)
async def test_any_other_answer_is_unknown(
    posting: Posting,
    answer: bytes,
) -> None:
    outbox, asked = await posting(says(answer))
    assert isinstance(await outbox.send(message()), Unknown)
    assert len(asked) == 1
    assert await outbox.find(unknown(ID.format(1)), PHONE) is None
    assert await outbox.list_since(NOW) is None
    assert await outbox.fetch_receipt(ID.format(1)) is None
    assert await outbox.fetch_receipts([ID.format(1)], NOW) is None


@pytest.mark.parametrize(
    "speak",
    [
        endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"0" * LONGEST_ANSWER),
        endlessly(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    ],
    ids=["body", "headers"],
)
async def test_an_endless_answer_costs_one_attempt(
    posting: Posting,
    speak: Speak,
) -> None:
    outbox, _ = await posting(speak)
    assert isinstance(await outbox.send(message()), Unknown)


async def test_a_post_without_an_answer_is_unknown(posting: Posting) -> None:
    outbox, _ = await posting(hang, patience=0.2)
    assert await outbox.send(message()) == Unknown("TimeoutError")


async def test_without_a_connection_nothing_was_sent(tmp_path: Path) -> None:
    found = http(f"http://127.0.0.1:{unused_port()}")
    async with opened(found, tmp_path, environ=SECRETS) as outbox:
        said = await outbox.send(message())
    assert said == Refused(
        RefusalKind.RETRY_SAFE, "connect", "ClientConnectorError", is_outage=True
    )


async def test_the_platform_s_own_id_is_the_message_s_where_the_answer_names_it(
    posting: Posting,
) -> None:
    answer = {**HTTP["answer"], "id": "data.taskId"}
    long = json.dumps({"code": 0, "data": {"taskId": "9" * 65}})
    outbox, _ = await posting(
        says(raw(200, YES), raw(200, long), raw(200, '{"code": 0}')), answer=answer
    )
    assert await outbox.send(message()) == Accepted("17")
    for _ in range(2):
        assert isinstance(await outbox.send(message()), Unknown)


async def test_an_id_that_the_ledger_cannot_store_is_unknown(
    posting: Posting,
) -> None:
    answer = {**HTTP["answer"], "id": "data.taskId"}
    half = raw(200, '{"code": 0, "data": {"taskId": "\\ud800"}}')
    outbox, _ = await posting(says(half), answer=answer)
    assert isinstance(await outbox.send(message()), Unknown)


async def test_nothing_is_written_once_its_time_is_over(posting: Posting) -> None:
    outbox, asked = await posting(says(raw(200, YES)))
    late = replace(message(), post_until=monotonic_now() - 0.001)
    assert await outbox.send(late) == NotPosted()
    assert asked == []
    assert isinstance(await outbox.send(message()), Accepted)


async def test_where_no_field_says_so_any_2xx_is_a_yes(posting: Posting) -> None:
    outbox, _ = await posting(says(raw(202, "thanks")), answer={}, codes=None)
    assert await outbox.send(message()) == Accepted(ID.format(1))


async def test_a_listed_code_is_a_no_also_where_no_field_says_yes(
    posting: Posting,
) -> None:
    outbox, _ = await posting(
        says(raw(200, '{"code": "2001"}'), raw(200, "{}")), answer={"code": "code"}
    )
    said = await outbox.send(message())
    assert said == Refused(RefusalKind.BAD_NUMBER, "2001", "HTTP 200")
    assert await outbox.send(message()) == Accepted(ID.format(1))


async def test_a_message_without_time_left_or_to_another_country_is_not_posted(
    posting: Posting,
) -> None:
    outbox, asked = await posting(says(raw(200, YES)), calling_code=86)
    assert isinstance(await outbox.send(message(valid_for=5.0)), NotPosted)
    said = await outbox.send(message())
    assert isinstance(said, Refused)
    assert said.kind is RefusalKind.ROUTE
    assert not asked


async def test_neither_logs_nor_outcomes_show_a_phone_or_a_secret(
    posting: Posting,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = json.dumps({"code": 7, "mobile": "2125550142", "key": "open-sesame"})
    outbox, _ = await posting(says(raw(200, echo)))
    said = f"{await outbox.send(message())} {outbox} {caplog.text}"
    assert "5550142" not in said
    assert "sesame" not in said


def test_a_missing_secret_is_named_by_its_variable() -> None:
    found = http("https://sms.example.org")
    for environ in ({}, {"SMS_KEY": ""}):
        with pytest.raises(SetUpError, match="SMS_KEY: set what format"):
            read_secrets(found, environ)
    with pytest.raises(SetUpError, match="SMS_KEY: it has a line end"):
        read_secrets(found, {"SMS_KEY": "open\r\nX-Evil: sesame"})


async def test_an_http_format_is_refused_while_messages_wait_for_a_file(
    tmp_path: Path,
) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        await outbox.send(message())
    found = http("https://sms.example.org")
    with pytest.raises(SetUpError, match="messages wait in it for a file"):
        async with opened(found, tmp_path, environ=SECRETS):
            pass
    async with opened(sheet(tmp_path), tmp_path):
        pass
    async with opened(found, tmp_path, environ=SECRETS) as posts:
        assert posts.name == "outbox"


async def test_the_example_of_posts_speaks_to_its_platform(
    serve: Serve, rooms: AsyncExitStack, tmp_path: Path
) -> None:
    url, asked = await serve(says(raw(200, '{"code": "0"}')))
    path = shipped_folder("examples") / "outbox" / "json-over-http.toml"
    text = path.read_text("utf-8").replace("https://sms.example.org", url)
    copy_ = tmp_path / path.name
    copy_.write_text(text, "utf-8")
    room = opened(
        load_format(copy_),
        tmp_path,
        environ={
            "SMS_PLATFORM_AUTHORIZATION": "Bearer open-sesame",
            "SMS_PLATFORM_TOKEN": "token",
        },
    )
    outbox = await rooms.enter_async_context(room)
    assert await outbox.send(message()) == Accepted(ID.format(1))
    assert b"\r\nAuthorization: Bearer open-sesame\r\n" in asked[0]
