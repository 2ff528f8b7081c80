from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from service.adapters.twilio.codes import (
    CODE_MEANINGS,
    STATES,
    meaning_of_failure,
    meaning_of_refusal,
    parse_code,
)
from service.domain.delivery.outcome import (
    Outcome,
    Receipt,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.delivery.status import MessageState
from tests.adapters.twilio.fake_server import (
    ACCOUNT,
    PUBLIC,
    SM1,
    TOKEN,
    Open,
    Serve,
    no,
    outgoing,
    says,
)

K = RefusalKind
MINUTES, HOURS, DAY = 60.0, 3600.0, 86_400.0

Row = tuple[int, int, RefusalKind, float | None]

REFUSALS: list[Row] = [
    (429, 20429, K.RETRY_SAFE, None),
    (429, 14107, K.RETRY_SAFE, None),
    (400, 21611, K.RETRY_SAFE, 10 * MINUTES),
    *[
        (400, code, K.BAD_NUMBER, None)
        for code in (21211, 21217, 21265, 21266, 21268, 21604, 21614, 21635)
    ],
    (400, 21610, K.OPTED_OUT, None),
    (400, 21408, K.ROUTE, None),
    (400, 21612, K.ROUTE, None),
    *[(400, code, K.BAD_CONTENT, None) for code in (21602, 21617, 21619, 21654, 21656)],
    (401, 20003, K.ACCOUNT, None),
    (403, 10001, K.ACCOUNT, None),
    (404, 20404, K.ACCOUNT, None),
    *[
        (400, code, K.ACCOUNT, None)
        for code in (
            *(21212, 21601, 21603, 21606, 21608, 21609, 21659, 21660, 21661, 21701),
            *(21703, 21704, 21705, 35111, 35114, 35115, 35117, 35118),
        )
    ],
]
"""HTTP status, code, kind and wait of every refused POST that the docs tell of."""

FAILURES: list[tuple[int, RefusalKind, float | None]] = [
    *[
        (code, K.RETRY_LATER, None)
        for code in (30001, 30003, 30008, 30022, 30036, 30410, 30500)
    ],
    (30450, K.RETRY_LATER, 30 * MINUTES),
    (30453, K.RETRY_LATER, 4 * HOURS),
    *[(code, K.RETRY_LATER, DAY) for code in (30023, 30027, 63038)],
    (30004, K.OPTED_OUT, None),
    (30005, K.BAD_NUMBER, None),
    (30006, K.BAD_NUMBER, None),
    (30007, K.BAD_CONTENT, None),
    *[(code, K.ACCOUNT, None) for code in (30002, 30024, 30032, 30034, 30038)],
]
"""Code, kind and wait of every message that was taken and not delivered."""

MAYBE = [(500, 20500), (503, 20503), (502, 20500), (400, 20500), (504, 21610)]


def test_every_code_of_the_table_is_tried_here() -> None:
    tried = {code for _, code, _, _ in REFUSALS} | {code for code, _, _ in FAILURES}
    assert CODE_MEANINGS.keys() == tried | {20500, 20503}


@pytest.mark.parametrize("row", REFUSALS, ids=[str(row[1]) for row in REFUSALS])
async def test_a_refused_post_has_the_kind_of_its_code(
    serve: Serve, opened: Open, row: Row
) -> None:
    status, code, kind, wait = row
    url, asked = await serve(says(no(status, code)))
    said = await (await opened(url)).send(outgoing())
    assert said == Refused(
        kind,
        str(code),
        f"HTTP {status}",
        over_concurrency=status == 429,
        retry_after=wait,
    )
    assert len(asked) == 1


@pytest.mark.parametrize(("status", "code"), MAYBE)
async def test_an_error_of_twilio_s_own_leaves_the_outcome_unknown(
    serve: Serve, opened: Open, status: int, code: int
) -> None:
    url, asked = await serve(says(no(status, code)))
    said: Outcome = await (await opened(url)).send(outgoing())
    assert said == Unknown(f"HTTP {status} {code}")
    assert len(asked) == 1


@pytest.mark.parametrize(("code", "kind", "wait"), FAILURES)
async def test_a_failed_message_has_the_kind_of_its_code(
    opened: Open, code: int, kind: RefusalKind, wait: float | None
) -> None:
    path = "/webhooks/fake/status?ref=0190aaaa"
    form = {"AccountSid": ACCOUNT, "MessageSid": SM1, "MessageStatus": "failed"}
    form |= {"ErrorCode": str(code)}
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}{path}", form)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": signature,
    }
    provider = await opened("http://127.0.0.1:9", public_url=PUBLIC)
    told = provider.parse(headers, urlencode(form).encode(), path)
    assert isinstance(told, Receipt)
    assert (told.state, told.code) == (MessageState.FAILED, str(code))
    assert (told.kind, told.retry_after) == (kind, wait)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 99999, K.BAD_CONTENT),
        (409, 99999, K.BAD_CONTENT),
        (451, 99999, K.BAD_CONTENT),
        (401, 99999, K.ACCOUNT),
        (402, 99999, K.ACCOUNT),
        (403, 99999, K.ACCOUNT),
        (404, 99999, K.ACCOUNT),
        (429, 99999, K.RETRY_SAFE),
        (429, None, K.RETRY_SAFE),
        (429, 21610, K.RETRY_SAFE),
        (408, 99999, None),
        (500, 99999, None),
        (599, 21610, None),
        (302, 21610, None),
        (200, 21610, None),
        (400, None, None),
        (403, None, None),
        (503, None, None),
    ],
)
def test_an_unknown_code_is_classified_by_its_http_status(
    status: int, code: int | None, kind: RefusalKind | None
) -> None:
    assert meaning_of_refusal(status, code).kind is kind


@pytest.mark.parametrize("code", [30999, 63999, 11111])
def test_an_unknown_failure_is_permanent_and_concerns_its_message_only(
    code: int,
) -> None:
    meaning = meaning_of_failure(code)
    assert (meaning.kind, meaning.retry_after) == (K.BAD_CONTENT, None)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ("30003", 30003),
        (21610, 21610),
        *[(it, None) for it in ("", "0", "214", "3000³", "３０００３", "216100")],
        *[(it, None) for it in (403, True, None, 21610.0, [21610], {"code": 21610})],
    ],
)
def test_a_code_of_twilio_s_has_five_digits(found: object, code: int | None) -> None:
    assert parse_code(found) == code


def test_every_status_of_twilio_s_but_those_of_texts_to_us_is_known() -> None:
    of_the_api = {
        *("queued", "sending", "sent", "failed", "delivered", "undelivered"),
        *("accepted", "scheduled", "read", "partially_delivered", "canceled"),
    }
    assert STATES.keys() == of_the_api
