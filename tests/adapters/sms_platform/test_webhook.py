import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from service.adapters.sms_platform.format.file import format_from
from service.adapters.sms_platform.format.model import ResultsFormat
from service.adapters.sms_platform.results.webhook import ResultsWebhook
from service.domain.delivery.outcome import Receipt, RefusalKind
from service.domain.delivery.status import MessageState
from service.domain.errors import ForgedError, InvalidError
from tests.adapters.sms_platform.samples import COLUMNS, ID

SECRET = "open-sesame"  # noqa: S105 - a made-up one
PATH = "/webhooks/outbox/status"
TOKEN = {"X-Token": SECRET}


def results(body: str | None, **changed: Any) -> ResultsFormat:  # noqa: ANN401 - TOML
    hook = {"header": "X-Token", "secret": "SMS_TOKEN", "body": body}
    known: dict[str, Any] = {
        "id": "report.ref",
        "status": "report.status",
        "code": "report.code",
        "statuses": {"DELIVRD": "delivered", "UNDELIV": "undelivered", "1": "sent"},
        "codes": {"MK1": "bad-number"},
    }
    if body:
        known["webhook"] = hook
    file = {"folder": "out", "format": "csv", "columns": COLUMNS}
    document = {"file": file, "results": known | changed}
    found = format_from(document, "format.toml", Path()).results
    assert found
    return found


def webhook(body: str | None = "json", **changed: object) -> ResultsWebhook:
    return ResultsWebhook(
        results(body, **changed), {"SMS_TOKEN": SECRET}, uses_our_ids=True
    )


def report(ref: object = ID.format(1), **more: object) -> bytes:
    told = {"ref": ref, "status": "DELIVRD", "mobile": "+12125550142"} | more
    return json.dumps({"report": told}).encode()


def test_a_result_with_the_secret_is_a_receipt() -> None:
    told = webhook().parse(TOKEN, report(), PATH)
    assert told == Receipt(
        provider="outbox",
        provider_id=ID.format(1),
        state=MessageState.DELIVERED,
        raw={"report.status": "DELIVRD"},
        message_id=ID.format(1),
    )
    assert told.raw == {"report.status": "DELIVRD"}


def test_a_failure_says_why() -> None:
    told = webhook().parse(TOKEN, report(status="UNDELIV", code="MK1"), PATH)
    assert (told.state, told.code, told.kind) == (
        MessageState.UNDELIVERED,
        "MK1",
        RefusalKind.BAD_NUMBER,
    )
    told = webhook().parse(TOKEN, report(status="UNDELIV", code="MK9"), PATH)
    assert (told.code, told.kind) == ("MK9", None)


def test_the_code_of_a_success_is_no_reason() -> None:
    told = webhook().parse(TOKEN, report(code="MK1"), PATH)
    assert (told.code, told.kind) == (None, None)
    assert told.raw == {"report.status": "DELIVRD", "report.code": "MK1"}


def test_an_unknown_status_is_stored_and_has_no_state() -> None:
    told = webhook().parse(TOKEN, report(status="to +12125550142"), PATH)
    assert told.state is None
    assert told.raw == {"report.status": "to +1212***0142"}


def test_a_number_is_read_as_it_is_written() -> None:
    told = webhook().parse(TOKEN, report(ref=17, status=1), PATH)
    assert (told.provider_id, told.state) == ("17", MessageState.SENT)


def test_a_form_is_read_by_its_whole_names() -> None:
    fields = {"report.ref": ID.format(1), "report.status": "DELIVRD", "more": "1"}
    told = webhook("form").parse(TOKEN, urlencode(fields).encode(), PATH)
    assert told.state is MessageState.DELIVERED


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Token": ""},
        {"X-Token": "open-sesam"},
        {"X-Token": "é"},
        {"Token": SECRET},
    ],
)
def test_a_result_without_the_secret_is_forged(headers: Mapping[str, str]) -> None:
    with pytest.raises(ForgedError, match="nothing changed"):
        webhook().parse(headers, report(), PATH)


def test_a_format_without_webhooks_takes_none() -> None:
    for one in (webhook(None), ResultsWebhook(None, {}, uses_our_ids=True)):
        with pytest.raises(ForgedError, match=r"no \[results.webhook\]"):
            one.parse({"X-Token": ""}, report(), PATH)


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        (b"", "body: found something else, expected a JSON object"),
        (b"[]", "body: found something else"),
        (b"[" * 50_000, "body: found something else"),
        (b"\xff", "body: found something else"),
        (b"{}", "report.ref: found nothing"),
        (b"{}", "report.status: found nothing, expected a status"),
        (report(ref=["a"]), "report.ref: found nothing"),
        (report(ref="9" * 65), "report.ref: found "),
        (report(status=""), "report.status: found nothing"),
        (report(code="X" * 17), "report.code: found "),
    ],
    ids=range(10),
)
def test_what_cannot_be_acted_on_is_told(body: bytes, mistake: str) -> None:
    with pytest.raises(InvalidError) as refused:
        webhook().parse(TOKEN, body, PATH)
    assert any(str(one).startswith(mistake) for one in refused.value.mistakes)


@pytest.mark.parametrize("body", [b"\xff", b"&".join([b"a=b"] * 300)], ids=range(2))
def test_an_invalid_form_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidError, match="the fields of a form"):
        webhook("form").parse(TOKEN, body, PATH)


def test_a_refused_webhook_is_logged_without_its_phone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(InvalidError):
        webhook().parse(TOKEN, report(ref="+12125550142" * 6), f"{PATH}?x=2125550142")
    assert "outbox: /webhooks/outbox/status: webhook: report.ref" in caplog.text
    assert "5550142" not in caplog.text
