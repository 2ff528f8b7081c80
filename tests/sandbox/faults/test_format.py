import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator, get_signature_algorithm

from service.sandbox.account import Account
from service.sandbox.client import SandboxClient
from service.sandbox.faults import CallbackFormat

Send = Callable[..., Awaitable[Mapping[str, Any]]]
Calls = asyncio.Queue[web.Request]


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("query", ["", "?ref=7&b=%2B1"])
async def test_a_json_callback_is_signed_with_its_body(
    *,
    sandbox: SandboxClient,
    send: Send,
    hook: str,
    calls: Calls,
    account: Account,
    algorithm: Literal["sha1", "sha256"],
    query: str,
) -> None:
    await sandbox.put(CallbackFormat(content="json", algorithm=algorithm))
    url = hook + query
    sid = (await send(To="+12025550194", StatusCallback=url + "#rc=2"))["sid"]
    request = await asyncio.wait_for(calls.get(), 30)
    body = (await request.read()).decode()
    assert request.content_type == "application/json"
    seen = hook.removesuffix("/status") + request.path_qs
    assert seen.startswith(url)
    used = settings(request)
    assert used == f"HMAC_{algorithm.upper()}"
    signature = request.headers["X-Twilio-Signature"]
    validator = RequestValidator(account.auth_token)
    assert validator.validate(seen, body, signature, algorithm=used)
    assert not validator.validate(seen, body + " ", signature, algorithm=used)
    fields = await request.json()
    assert (fields["MessageSid"], fields["MessageStatus"]) == (sid, "failed")


def settings(request: web.Request) -> str:
    """The signature algorithm that this request names."""
    header = request.headers.get("X-Twilio-Webhooks-Signature-Settings")
    named: str = get_signature_algorithm(header)
    return named


async def test_a_form_can_be_signed_with_sha_256(
    sandbox: SandboxClient, send: Send, hook: str, calls: Calls, account: Account
) -> None:
    await sandbox.put(CallbackFormat(algorithm="sha256"))
    await send(To="+12025550194", StatusCallback=hook)
    request = await asyncio.wait_for(calls.get(), 30)
    form, signature = await request.post(), request.headers["X-Twilio-Signature"]
    validator = RequestValidator(account.auth_token)
    assert validator.validate(hook, form, signature, algorithm=settings(request))
    assert not validator.validate(hook, form, signature)
