"""Whether what answers is Twilio is read from the answer, not from its status."""

import pytest

from service.adapters.twilio.check import check_twilio
from tests.adapters.twilio.fake_server import Open, Serve, message, page, raw, says


@pytest.mark.parametrize("listed", [(), (message(),)])
async def test_a_list_of_messages_is_twilio_s_answer(
    serve: Serve, opened: Open, listed: tuple[object, ...]
) -> None:
    date = "Date: Mon, 29 Jan 2024 04:00:00 GMT"
    url, _ = await serve(says(raw(200, page(*listed), date)))
    state = await check_twilio(await opened(url))
    assert state.problem is None
    assert state.answered_at is not None
    assert state.answered_at.isoformat() == "2024-01-29T04:00:00+00:00"


@pytest.mark.parametrize(
    "body", ["<html>Sign in</html>", "", "[]", "{}", '{"messages": {}}', '"messages"']
)
async def test_a_page_of_a_proxy_is_not_twilio_s_answer(
    serve: Serve, opened: Open, body: str
) -> None:
    url, _ = await serve(says(raw(200, body)))
    state = await check_twilio(await opened(url))
    assert state.problem is not None
    what, remedy = state.problem
    assert what == "HTTP 200 without a list of messages"
    assert remedy.endswith("look at PERMIT_REMINDERS_PROXY and TWILIO_API_URL")
