"""Wrong webhooks: always a 4xx without the phone number, and nothing changes."""

import asyncio
import gzip
import hashlib
import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import create_autospec
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.test_utils import TestClient, make_mocked_request
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from service.app import Installation
from service.web import request_body
from tests.web.conftest import Prepared, valid_fields
from tests.web.past import after

Ask = Callable[..., Awaitable[tuple[int, Any]]]
Http = TestClient[web.Request, web.Application]
PassAt = Callable[[datetime], Awaitable[None]]

PERMIT = "/v1/permits/cn-food-production-license/SC10199000000142"
STATUS, INBOUND = "/webhooks/sandbox/status", "/webhooks/sandbox/inbound"
PUBLIC = "https://reminders.example"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
TOKEN = "2" * 32
SETTINGS = "X-Twilio-Webhooks-Signature-Settings"
SHA256 = {SETTINGS: "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}
PHONE = "+12125550142"
ACCOUNT = {"AccountSid": "AC" + "1" * 32}
DELIVERED = ACCOUNT | {"MessageSid": f"SM{1:032}", "MessageStatus": "delivered"}
STOP = ACCOUNT | {"MessageSid": "SM" + "9" * 32, "From": PHONE, "Body": "STOP"}


@dataclass(frozen=True)
class Call:
    """A webhook request, and the status that it must get."""

    path: str = STATUS
    body: bytes = urlencode(DELIVERED | {"To": PHONE}).encode()
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    status: int = 403


Fields = Mapping[str, str | list[str]]


def sign(
    path: str,
    fields: Fields,
    token: str = TOKEN,
    algorithm: str = "HMAC_SHA1",
    public: str = PUBLIC,
) -> dict[str, str]:
    """The header with which Twilio signs a form, each field with all its values."""
    all_fields = MultiDict[str]()
    for name, values in fields.items():
        for one in [values] if isinstance(values, str) else values:
            all_fields.add(name, one)
    signer = RequestValidator(token)
    made = signer.compute_signature(f"{public}{path}", all_fields, algorithm)
    return {"X-Twilio-Signature": made}


def form(path: str, fields: Fields, status: int = 403, **how: str) -> Call:
    """A form, signed as Twilio does; `how` changes the signature."""
    body = urlencode(fields, doseq=True).encode()
    headers = {"Content-Type": FORM} | sign(path, fields, **how)
    return Call(path, body, headers, status=status)


def json_call(path: str, body: bytes, status: int = 403, **how: str) -> Call:
    """A body sent as JSON; the signed address has its digest."""
    path = f"{path}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"Content-Type": JSON} | sign(path, {}, **how)
    return Call(path, body, headers, status=status)


STATUS_FORM = form(STATUS, DELIVERED | {"To": PHONE})
STOP_JSON = json_call(INBOUND, json.dumps(STOP).encode())


def as_is(call: Call, **headers: str) -> Call:
    return replace(call, headers={**call.headers, **headers})


REFUSED = {
    "no signature": replace(STATUS_FORM, headers={"Content-Type": FORM}),
    "an empty signature": as_is(STATUS_FORM, **{"X-Twilio-Signature": ""}),
    "another's signature": form(STATUS, DELIVERED, token="4" * 32),
    "signed for http": form(STATUS, DELIVERED, public="http://reminders.example"),
    "signed for another host": form(STATUS, DELIVERED, public="https://10.0.0.7:8080"),
    "another account": form(STATUS, DELIVERED | {"AccountSid": "AC" + "3" * 32}),
    "no account": form(STATUS, {"MessageSid": f"SM{1:032}", "MessageStatus": "sent"}),
    "two accounts": form(
        STATUS, DELIVERED | {"AccountSid": ["AC" + "1" * 32, "AC" + "3" * 32]}
    ),
    "a body changed on the way": replace(
        STATUS_FORM, body=STATUS_FORM.body.replace(b"delivered", b"failed")
    ),
    "a query changed on the way": replace(STATUS_FORM, path=f"{STATUS}?ref=another"),
    "sha256, said to be sha1": form(STATUS, DELIVERED, algorithm="HMAC_SHA256"),
    "sha1, said to be sha256": as_is(STATUS_FORM, **SHA256),
    "an algorithm nobody knows": as_is(
        STATUS_FORM, **{SETTINGS: "key=webhooks_sharedkey_1,algorithm=HMAC_MD5"}
    ),
    "another json than was signed": replace(STOP_JSON, body=STOP_JSON.body + b" "),
    "json without a digest": replace(
        STOP_JSON, path=INBOUND, headers={"Content-Type": JSON} | sign(INBOUND, {})
    ),
    "json said to be a form": as_is(STOP_JSON, **{"Content-Type": FORM}),
    "a form said to be json": as_is(STATUS_FORM, **{"Content-Type": JSON}),
    "no media type": as_is(STATUS_FORM, **{"Content-Type": ""}),
    "multipart": as_is(STATUS_FORM, **{"Content-Type": "multipart/form-data"}),
    "compressed": replace(
        as_is(STATUS_FORM, **{"Content-Encoding": "gzip"}),
        body=gzip.compress(STATUS_FORM.body),
    ),
    "compressed json": replace(
        as_is(STOP_JSON, **{"Content-Encoding": "gzip"}),
        body=gzip.compress(STOP_JSON.body),
    ),
    "no utf-8": replace(STATUS_FORM, body=b"MessageSid=\xff\xfe&" + STATUS_FORM.body),
    "no body": replace(STATUS_FORM, body=b""),
    "a thousand fields": form(
        STATUS, DELIVERED | {f"Field{one}": "" for one in range(1000)}
    ),
    "a field twice": form(
        STATUS, DELIVERED | {"MessageStatus": ["sent", "failed"]}, 422
    ),
    "two texts in one": form(INBOUND, STOP | {"Body": ["hello", "STOP"]}, 422),
    "two readings": form(INBOUND, STOP | {"OptOutType": ["STOP", "START"]}, 422),
    "no message": form(INBOUND, ACCOUNT | {"From": PHONE, "Body": "STOP"}, 422),
    "no id of a message": form(INBOUND, STOP | {"MessageSid": PHONE}, 422),
    "nobody who wrote": form(INBOUND, STOP | {"From": ""}, 422),
    "json that is none": json_call(INBOUND, b'{"AccountSid": ', 422),
    "json that is no object": json_call(INBOUND, b"[1, 2]", 422),
    "json without end": json_call(INBOUND, b'{"a":' * 9000, 422),
    "json in utf-16": json_call(INBOUND, json.dumps(STOP).encode("utf-16"), 422),
    "json of another account": json_call(
        INBOUND, json.dumps(STOP | {"AccountSid": PHONE}).encode()
    ),
    "a status where texts come": form(INBOUND, DELIVERED, 422),
    "a text where statuses come": form(STATUS, STOP, 422),
    "a huge body": replace(STATUS_FORM, body=b"x" * (64 * 1024 + 1), status=413),
    "another provider": replace(
        STATUS_FORM, path=f"/webhooks/{PHONE}/status", status=404
    ),
    "another webhook": replace(
        STATUS_FORM, path=f"/webhooks/sandbox/{PHONE}", status=404
    ),
    # Where there is no route, a key is asked for before anything else is said.
    "no webhook": replace(STATUS_FORM, path="/webhooks/sandbox", status=401),
    **{
        f"a {method}": replace(STATUS_FORM, method=method, status=401)
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
    },
}


async def one_text(ask: Ask, pass_at: PassAt) -> None:
    """A message that the provider accepted."""
    await ask("PUT", PERMIT, valid_fields())
    await pass_at(datetime(2024, 9, 19, 1, 30, tzinfo=UTC))


@pytest.fixture(scope="module")
def prepared(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """An office after `one_text`."""
    return after(one_text, prepared, tmp_path_factory.mktemp("text"))


@pytest.fixture
async def sent_one(ask: Ask) -> str:
    """The id of the message."""
    _, page = await ask("GET", "/v1/messages")
    [message] = page["items"]
    return str(message["id"])


def dump(installation: Installation) -> list[str]:
    """Every row of every table."""
    assert installation.database.file
    with closing(sqlite3.connect(installation.database.file)) as connection:
        return list(connection.iterdump())


async def call(http: Http, one: Call) -> tuple[int, str]:
    async with http.request(
        one.method, one.path, data=one.body, headers=one.headers
    ) as answer:
        return answer.status, await answer.text()


@pytest.mark.usefixtures("sent_one")
async def test_a_wrong_webhook_is_refused_and_changes_nothing(
    stranger: Http,
    installation: Installation,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One installation for all: a change by one shows in the dump after it."""
    before = dump(installation)
    capsys.readouterr()
    for name, one in REFUSED.items():
        status, text = await call(stranger, one)
        assert status == one.status, (name, text)
        said = [*capsys.readouterr(), caplog.text, text]
        assert not any("5550142" in line for line in said), name
        assert f"status={one.status}" in said[0], name
        assert dump(installation) == before, name


RIGHT: dict[str, Callable[[str], Call]] = {
    "a form": lambda path: form(path, DELIVERED | {"To": PHONE}),
    "a form with a charset": lambda path: as_is(
        form(path, DELIVERED), **{"Content-Type": f"{FORM}; charset=UTF-8"}
    ),
    "a field twice the same": lambda path: form(
        path, DELIVERED | {"MessageStatus": ["delivered", "delivered"]}
    ),
    "sha256": lambda path: as_is(
        form(path, DELIVERED, algorithm="HMAC_SHA256"), **SHA256
    ),
    "the port of https": lambda path: form(path, DELIVERED, public=f"{PUBLIC}:443"),
}


@pytest.mark.parametrize("name", RIGHT)
async def test_a_signed_webhook_is_accepted_whatever_host_the_proxy_names(
    stranger: Http, ask: Ask, sent_one: str, name: str
) -> None:
    one = RIGHT[name](f"{STATUS}?ref={sent_one}")
    elsewhere = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "elsewhere.example"}
    status, text = await call(stranger, as_is(one, Host="10.0.0.7:8080", **elsewhere))
    assert (status, text) == (204, "")
    _, shown = await ask("GET", PERMIT)
    assert [it["state"] for it in shown["reminders"]] == ["delivered"]


@pytest.mark.parametrize("algorithm", ["HMAC_SHA1", "HMAC_SHA256"])
async def test_json_is_accepted_like_a_form(
    stranger: Http, ask: Ask, sent_one: str, algorithm: str
) -> None:
    body = json.dumps(DELIVERED | {"Extra": None, "To": PHONE}).encode()
    digest = hashlib.sha256(body).hexdigest()
    path = f"{STATUS}?ref={sent_one}&bodySHA256={digest}"
    headers = {"Content-Type": JSON} | sign(path, {}, algorithm=algorithm)
    if algorithm == "HMAC_SHA256":
        headers |= SHA256
    assert (await call(stranger, Call(path, body, headers)))[0] == 204
    _, shown = await ask("GET", PERMIT)
    assert [it["state"] for it in shown["reminders"]] == ["delivered"]


@pytest.mark.parametrize("broken", ["\ud83d", "STOP\ud83d", "\x00"])
@pytest.mark.usefixtures("sent_one")
async def test_an_incomplete_character_is_a_4xx(
    stranger: Http, installation: Installation, broken: str
) -> None:
    body = json.dumps(STOP | {"Body": broken, "Odd\ud83d": broken}).encode()
    assert (await call(stranger, json_call(INBOUND, body)))[0] == 200
    assert any("inbounds" in line for line in dump(installation) if "INSERT" in line)


@pytest.mark.usefixtures("sent_one")
@pytest.mark.parametrize(
    ("head", "rest"),
    [
        ("Content-Length: 1000", "MessageSid="),
        ("Transfer-Encoding: chunked", "zz\r\n"),
    ],
    ids=["less than was said", "no chunk"],
)
async def test_a_body_that_breaks_off_is_a_4xx_and_not_waited_for(
    http: Http, monkeypatch: pytest.MonkeyPatch, head: str, rest: str
) -> None:
    monkeypatch.setattr(request_body, "BODY_TIMEOUT", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", http.port)
    try:
        start = f"POST {STATUS} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n"
        for part in (start, rest):
            writer.write(part.encode())
            await writer.drain()
        async with asyncio.timeout(30):
            answer = await reader.readline()
        assert answer.split()[1].startswith(b"4")
    finally:
        writer.close()


@pytest.mark.parametrize("broken", [ConnectionResetError(), web.RequestPayloadError()])
async def test_a_caller_who_leaves_in_the_middle_of_a_body_is_no_error_of_the_service(
    broken: Exception,
) -> None:
    payload = StreamReader(create_autospec(BaseProtocol), 2**16)
    payload.set_exception(broken)
    request = make_mocked_request("POST", STATUS, payload=payload)
    with pytest.raises(web.HTTPBadRequest):
        await request_body.read_body(request)


@pytest.mark.parametrize(
    ("word", "state", "reminder"),
    [
        ("partially_delivered", "sent", "sent"),
        ("read", "read", "delivered"),
        ("vaporized", "accepted", "sent"),
        ("", "accepted", "sent"),
        ("canceled", "canceled", "failed"),
    ],
)
async def test_an_unusual_receipt_is_stored_raw_and_moves_what_it_may(  # noqa: PLR0917 - a row
    stranger: Http,
    installation: Installation,
    sent_one: str,
    word: str,
    state: str,
    reminder: str,
) -> None:
    rare = DELIVERED | {"MessageStatus": word}
    status, _ = await call(stranger, form(f"{STATUS}?ref={sent_one}", rare))
    assert status == 204
    assert installation.database.file
    with closing(sqlite3.connect(installation.database.file)) as connection:
        moved = connection.execute(
            "SELECT m.state, r.state FROM messages m, reminders r"
        )
        assert moved.fetchall() == [(state, reminder)]
        ((raw,),) = connection.execute("SELECT raw FROM receipts").fetchall()
    assert json.loads(raw)["MessageStatus"] == word
