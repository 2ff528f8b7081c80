import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlencode

import pytest

from service.adapters.choose_provider import open_provider
from service.adapters.store.db.database import Database
from service.domain.delivery.outcome import Accepted, Receipt
from service.domain.errors import ForgedError
from service.flow.sending.provider import Provider
from service.settings import load_settings
from tests.adapters.twilio.fake_server import (
    ACCOUNT,
    DATED_AT,
    PUBLIC,
    SM1,
    TOKEN,
    Serve,
    message,
    outgoing,
    raw,
    says,
)
from tests.adapters.twilio.test_signatures import (
    DELIVERED_PAIRS,
    FORM,
    SHA256,
    SHARED,
    STATUS,
    sign,
)


@pytest.fixture
async def chosen(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    serve: Serve,
    rooms: AsyncExitStack,
) -> AsyncIterator[tuple[Provider, list[bytes]]]:
    """The provider of these variables, and the requests it sends."""
    url, asked = await serve(says(raw(201, json.dumps(message()))))
    for name, value in {
        "PERMIT_REMINDERS_PROVIDER": "twilio",
        "PERMIT_REMINDERS_PUBLIC_URL": PUBLIC,
        "PERMIT_REMINDERS_PROXY": url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_API_KEY": "SK1",
        "TWILIO_API_SECRET": "open-sesame",
        "TWILIO_WEBHOOK_SECRET": SHARED,
        "TWILIO_MESSAGING_SERVICE_SID": "MG1",
        "TWILIO_API_URL": "http://twilio.invalid",
    }.items():
        monkeypatch.setenv(name, value)
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield (
        await rooms.enter_async_context(open_provider(load_settings(), database)),
        asked,
    )
    await database.dispose()


async def test_the_variables_of_the_operator_choose_key_service_and_proxy(
    chosen: tuple[Provider, list[bytes]],
) -> None:
    provider, asked = chosen
    assert await provider.send(outgoing()) == Accepted(SM1, dated_at=DATED_AT)
    (request,) = asked
    assert request.startswith(b"POST http://twilio.invalid/2010-04-01/Accounts/AC")
    assert b"MessagingServiceSid=MG1&" in request
    assert b"From=" not in request


async def test_the_shared_key_of_the_operator_proves_webhooks(
    chosen: tuple[Provider, list[bytes]],
) -> None:
    provider, _ = chosen
    url = STATUS.replace("fake", "twilio")
    headers = {"Content-Type": FORM} | SHA256
    headers |= {"X-Twilio-Signature": sign(url, DELIVERED_PAIRS, SHARED, "sha256")}
    path, body = url.removeprefix(PUBLIC), urlencode(DELIVERED_PAIRS).encode()
    told = provider.parse(headers, body, path)
    assert isinstance(told, Receipt)
    assert told.provider == "twilio"
    with pytest.raises(ForgedError):
        provider.parse(headers, body + b"&a=1", path)
