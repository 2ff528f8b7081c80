from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.databases import run_statements
from tests.web.conftest import Prepared, valid_fields
from tests.web.past import after

Ask = Callable[..., Awaitable[tuple[int, Any]]]
PassAt = Callable[[datetime], Awaitable[None]]

FOOD = "cn-food-production-license"
SENT_AT = datetime(2024, 9, 19, 1, 30, tzinfo=UTC)
NOBODY = "019aaf39-3c5e-7d0c-8a6e-0c6d5f1f0142"
LEFT = """UPDATE messages SET state = 'uncertain', rank = 0, accepted_at = NULL,
    provider_id = NULL, reason = 'absent again: an operator decides'"""
DOUBTED = "UPDATE reminders SET state = 'uncertain', sent_at = NULL"


def tamper(folder: Path, *statements: str) -> None:
    """Change rows by hand."""
    changed = run_statements(folder / "installation" / "web.db", statements)
    assert changed == 3 * len(statements)


async def three_texts(ask: Ask, pass_at: PassAt) -> None:
    """Three holders are texted."""
    for tail in (142, 143, 144):
        phones = [f"+1 212 555 0{tail}"]
        body = valid_fields() | {"phones": phones, "holder": f"Holder {tail}"}
        status, _ = await ask("PUT", f"/v1/permits/{FOOD}/SC10199000000{tail}", body)
        assert status == 201
    await pass_at(SENT_AT)


@pytest.fixture(scope="module")
def prepared(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """An office after `three_texts`."""
    return after(three_texts, prepared, tmp_path_factory.mktemp("texts"))


@pytest.fixture
async def texted(ask: Ask) -> list[str]:
    """The ids of three messages, in the order of their claims."""
    _, page = await ask("GET", "/v1/messages")
    assert page["next"] is None
    return [one["id"] for one in page["items"]]


@pytest.fixture
def left(tmp_path: Path, texted: list[str]) -> list[str]:
    """The same; an operator must decide their outcomes."""
    tamper(tmp_path, LEFT, DOUBTED)
    return texted


async def test_a_list_shows_the_state_of_each_message_and_no_phone(
    ask: Ask, texted: list[str]
) -> None:
    assert len(texted) == 3
    _, page = await ask("GET", "/v1/messages")
    one = page["items"][0]
    assert (one["state"], one["provider"], one["to"]) == (
        "accepted",
        "sandbox",
        "+1212***0142",
    )
    assert (one["rule"], one["authority"], one["waits_for"]) == (FOOD, "990000", None)
    assert "+12125550142" not in str(page)


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_of_any_size_give_every_message_once_in_order(
    ask: Ask, texted: list[str], limit: int
) -> None:
    found, after = list[str](), ""
    while True:
        _, page = await ask("GET", f"/v1/messages?limit={limit}{after}")
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert found == texted


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=accepted", 3),
        ("state=failed", 0),
        ("open=true", 0),
        ("open=false", 3),
        ("authority=990000", 3),
        ("authority=us-nyc", 0),
    ],
)
async def test_a_list_can_be_narrowed(
    ask: Ask, texted: list[str], query: str, count: int
) -> None:
    assert len(texted) == 3
    _, page = await ask("GET", f"/v1/messages?{query}")
    assert len(page["items"]) == count


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("state=lost", 422, "state: found 'lost', expected one of sending, uncertain"),
        ("open=yes", 422, "open: found 'yes', expected true or false"),
        ("authority=110000", 404, "unknown authority '110000'"),
        ("after=2", 422, "after: found '2', expected `next` of the previous page"),
        ("limit=501", 422, "limit: found '501'"),
    ],
)
async def test_every_mistake_in_a_parameter_is_named(
    ask: Ask, query: str, status: int, told: str
) -> None:
    found, problem = await ask("GET", f"/v1/messages?{query}")
    assert found == status
    assert told in problem["detail"]


async def test_a_message_is_shown_with_everything_stored_about_it(
    ask: Ask, texted: list[str]
) -> None:
    status, told = await ask("GET", f"/v1/messages/{texted[0]}")
    assert status == 200
    assert "建议最迟" in told["body"]
    [reminder] = told["reminders"]
    assert (reminder["number"], reminder["step"], reminder["state"]) == (
        "SC10199000000142",
        "prepare",
        "sent",
    )
    assert [one["state"] for one in told["moves"]] == ["sending", "sent"]
    assert told["receipts"] == told["acts"] == []
    assert (await ask("GET", f"/v1/messages/{NOBODY}"))[0] == 404
    assert (await ask("GET", "/v1/messages/2"))[0] == 422


@pytest.mark.parametrize(
    ("verb", "message", "reminder"),
    [("resend", "not-accepted", "due"), ("give-up", "given-up", "failed")],
)
async def test_an_operator_decides_in_the_name_of_the_key(
    ask: Ask, left: list[str], verb: str, message: str, reminder: str
) -> None:
    _, page = await ask("GET", "/v1/messages?open=true")
    assert {one["waits_for"] for one in page["items"]} == {"operator"}
    order = {"reason": "not in their log"}
    status, told = await ask("POST", f"/v1/messages/{left[0]}/{verb}", order)
    assert status == 200
    assert told["message"]["state"] == message
    assert told["message"]["reason"] == "operator test: not in their log"
    assert told["reminders"][0]["state"] == reminder
    [act] = told["acts"]
    assert (act["by"], act["detail"]) == ("test", {"why": "not in their log"})
    status, problem = await ask("POST", f"/v1/messages/{left[0]}/{verb}", order)
    assert status == 409
    assert f"is {message}" in problem["detail"]


async def test_a_decision_needs_a_reason_and_a_message_that_awaits_it(
    ask: Ask, texted: list[str]
) -> None:
    path = f"/v1/messages/{texted[0]}/resend"
    status, problem = await ask("POST", path, {"reason": "x"})
    assert (status, "is accepted" in problem["detail"]) == (409, True)
    for body, told in (
        ({}, "reason: found nothing"),
        ({"reason": "x", "by": "me"}, "by: found an unknown field"),
    ):
        status, problem = await ask("POST", path, body)
        assert (status, told in problem["detail"]) == (422, True)
    missing = f"/v1/messages/{NOBODY}/give-up"
    assert (await ask("POST", missing, {"reason": "x"}))[0] == 404
