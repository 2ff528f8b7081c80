import gzip
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from service.adapters.store.db import engine
from service.adapters.twilio.provider import TwilioProvider
from service.app import Installation
from service.web.application import application
from service.web.problems import BUSY

Ask = Callable[..., Awaitable[tuple[int, Any]]]
Http = TestClient[web.Request, web.Application]

PERMIT = "/v1/permits/cn-food-production-license/SC10199000000142"
FAULT = "no column named wages"


class Ill:
    """A `Health` that fails."""

    async def problems(self, *, of_sending: bool = True) -> Mapping[str, str]:
        del of_sending
        raise RuntimeError(FAULT)


async def put(
    http: Http, body: bytes, media: str = "application/json", **headers: str
) -> tuple[int, str]:
    """PUT raw bytes; the status and the detail of the problem."""
    sent = {"Content-Type": media, **headers}
    async with http.put(PERMIT, data=body, headers=sent) as answer:
        told = await answer.json(content_type="application/problem+json")
        assert told["status"] == answer.status
        return answer.status, told["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'"\\u00"',
        b'{"holder": NaN}',
        b'{"holder": Infinity}',
        b"[" * 60_000,
        b"1" * 5_000,
        '{"holder": "临江"}'.encode("gbk"),
    ],
)
async def test_a_body_that_is_not_json_is_malformed(http: Http, body: bytes) -> None:
    assert await put(http, body) == (400, "the body is not JSON in UTF-8")


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "text/json"])
async def test_a_body_of_another_media_type_is_not_read(http: Http, media: str) -> None:
    assert await put(http, b"{}", media) == (
        415,
        "send application/json, uncompressed",
    )


async def test_a_compressed_body_is_not_unpacked(http: Http) -> None:
    packed = gzip.compress(b"{}")
    headers = {"Content-Encoding": "gzip"}
    status, _ = await put(http, packed, **headers)
    assert status == 415


@pytest.mark.parametrize(("length", "status"), [(64 * 1024, 400), (64 * 1024 + 1, 413)])
async def test_a_body_of_more_than_64_kib_is_too_large(
    http: Http, length: int, status: int
) -> None:
    assert (await put(http, b" " * length))[0] == status


@pytest.mark.parametrize("name", [b"holder", b"nonsense"])
async def test_a_body_of_many_levels_is_invalid(http: Http, name: bytes) -> None:
    body = b"{%b: %b1%b}" % (b'"%b"' % name, b'{"a":' * 450, b"}" * 450)
    status, detail = await put(http, body)
    assert status == 422
    assert "body: found values inside values, expected at most 50 levels" in detail


@pytest.mark.parametrize(
    ("body", "found"), [(b"[]", "a list"), (b"null", "a NoneType"), (b'"x"', "'x'")]
)
async def test_a_body_that_is_not_an_object_is_invalid(
    http: Http, body: bytes, found: str
) -> None:
    assert await put(http, body) == (
        422,
        f"request: body: found {found}, expected a JSON object",
    )


async def test_a_repeated_field_is_an_error(http: Http) -> None:
    body = b'{"holder": "A", "holder": "B", "expires_on": "2026-12-31"}'
    status, detail = await put(http, body)
    assert status == 422
    assert "holder: found the field twice, expected it once" in detail


@pytest.mark.parametrize("name", ["state", "3012125550142778"])
async def test_long_digits_of_a_parameter_are_masked_as_those_of_a_field(
    ask: Ask, name: str
) -> None:
    status, told = await ask("GET", f"/v1/reminders?{name}=3012125550142778")
    assert (status, "2125550142" in str(told)) == (422, False)
    assert "301*********2778" in told["detail"]


async def test_an_unknown_route_has_problem_details(ask: Ask) -> None:
    status, told = await ask("GET", "/v1/kites")
    assert (status, told["title"], told["type"]) == (404, "Not Found", "about:blank")


async def test_a_wrong_method_lists_the_allowed_ones(http: Http) -> None:
    async with http.post(PERMIT) as answer:
        assert answer.status == 405
        assert answer.content_type == "application/problem+json"
        assert set(answer.headers["Allow"].split(",")) == {
            "DELETE",
            "GET",
            "HEAD",
            "PUT",
        }


@pytest.fixture
async def ill(
    installation: Installation, carrier: TwilioProvider
) -> AsyncIterator[Http]:
    """A server with a bug."""
    services = replace(installation, health=Ill())
    async with TestClient(TestServer(application(services, carrier))) as client:
        yield client


async def test_an_unexpected_error_is_logged_and_not_shown(ill: Http) -> None:
    with capture_logs() as logged:
        async with ill.get("/readyz") as answer:
            text = await answer.text()
            assert answer.status == 500
            assert answer.content_type == "application/problem+json"
    assert FAULT not in text
    assert "RuntimeError" not in text
    assert [one["event"] for one in logged] == ["request failed", "request"]
    assert logged[0]["exc_info"]


async def test_a_request_that_cannot_be_stored_is_to_be_made_again(
    http: Http, installation: Installation
) -> None:
    """The caller learns no path, the log has one line."""
    file = installation.database.file
    assert file is not None
    file.rename(file.with_name("elsewhere.db"))
    with capture_logs() as lines:
        answered = await put(http, b"{}")
    assert answered == (503, "nothing can be stored now; /readyz says why")
    [why] = [line["why"] for line in lines if line["event"] == "request failed"]
    assert "was removed or replaced" in why
    async with http.get("/readyz") as answer:
        assert answer.status == 503
        assert str(file) in (await answer.json())["wrong"]["database"]


async def test_while_another_program_holds_the_database_a_request_is_to_be_made_again(
    http: Http, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_PRAGMAS", ("PRAGMA busy_timeout = 1",))
    await installation.database.dispose()
    file = installation.database.file
    assert file is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        async with http.delete(PERMIT) as answer:
            told = await answer.json()
        another.execute("ROLLBACK")
    assert (answer.status, told["detail"]) == (503, BUSY)
    assert int(answer.headers["Retry-After"]) > 0
    async with http.delete(PERMIT) as answer:
        assert answer.status == 404
