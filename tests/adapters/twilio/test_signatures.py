import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.twilio.signatures import WebhookAccount, signed_fields
from service.adapters.twilio.webhooks import parse_webhook
from service.domain.delivery.outcome import Inbound, Receipt
from service.domain.errors import ForgedError, InvalidError
from tests.adapters.twilio.fake_server import ACCOUNT, PHONE, PUBLIC, SM1, TOKEN, Open

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
STATUS = f"{PUBLIC}/webhooks/fake/status?ref=0190aaaa"
SHARED = "5" * 40
US = WebhookAccount("fake", ACCOUNT, TOKEN)
WITH_SHARED = WebhookAccount("fake", ACCOUNT, TOKEN, SHARED)
SETTINGS = "X-Twilio-Webhooks-Signature-Settings"
SHA256 = {SETTINGS: "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}

DELIVERED = {
    "AccountSid": ACCOUNT,
    "MessageSid": SM1,
    "MessageStatus": "delivered",
    "To": PHONE,
}
Pairs = Sequence[tuple[str, str]]
DELIVERED_PAIRS: Pairs = tuple(DELIVERED.items())


def sign(url: str, pairs: Pairs = (), key: str = TOKEN, digest: str = "sha1") -> str:
    """Sign as Twilio's page on security describes, without its library."""
    signed = url + "".join(name + text for name, text in sorted(set(pairs)))
    mac = hmac.new(key.encode(), signed.encode(), getattr(hashlib, digest))
    return base64.b64encode(mac.digest()).decode()


def form(
    pairs: Pairs = DELIVERED_PAIRS, url: str = STATUS
) -> tuple[dict[str, str], bytes, str]:
    headers = {"Content-Type": FORM, "X-Twilio-Signature": sign(url, pairs)}
    return headers, urlencode(pairs).encode(), url


def of_json(body: bytes, url: str = STATUS) -> tuple[dict[str, str], bytes, str]:
    signed = f"{url}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"Content-Type": JSON, "X-Twilio-Signature": sign(signed)}
    return headers, body, signed


def forged(
    headers: Mapping[str, str], body: bytes, url: str, account: WebhookAccount = US
) -> str:
    with pytest.raises(ForgedError) as caught:
        parse_webhook(account, headers, body, url)
    return str(caught.value)


def test_a_signed_form_is_read() -> None:
    told = parse_webhook(US, *form())
    assert isinstance(told, Receipt)
    assert (told.provider_id, told.message_id) == (SM1, "0190aaaa")


@pytest.mark.parametrize(
    "media",
    [FORM, FORM.upper(), f"{FORM}; charset=UTF-8", f" {FORM} ;charset=utf-8"],
)
def test_the_media_type_may_have_its_parameters(media: str) -> None:
    headers, body, url = form()
    told = parse_webhook(US, headers | {"Content-Type": media}, body, url)
    assert isinstance(told, Receipt)


@pytest.mark.parametrize(
    "url",
    [
        "https://permits.example.org:443/webhooks/fake/status?ref=1",
        "https://permits.example.org:8443/webhooks/fake/status?ref=1",
        "https://permits.example.org/prefix/webhooks/fake/status",
        "http://192.0.2.7:8080/webhooks/fake/status?ref=1&more=%E4%BB%8A",
    ],
)
def test_ports_and_prefixes_of_the_public_address_are_no_obstacle(url: str) -> None:
    assert isinstance(parse_webhook(US, *form(url=url)), Receipt)


def test_twilio_may_sign_with_or_without_the_port_that_follows_from_https() -> None:
    signed = "https://permits.example.org:443/webhooks/fake/status"
    headers, body, _ = form(url=signed)
    told = parse_webhook(US, headers, body, signed.replace(":443", ""))
    assert isinstance(told, Receipt)


async def test_the_host_and_scheme_of_the_request_make_no_difference(
    opened: Open,
) -> None:
    provider = await opened("http://127.0.0.1:9", public_url=PUBLIC)
    headers, body, url = form()
    for behind in ({}, {"Host": "evil.example"}, {"X-Forwarded-Proto": "http"}):
        told = provider.parse(headers | behind, body, url.removeprefix(PUBLIC))
        assert isinstance(told, Receipt)


async def test_without_a_public_address_no_webhook_is_genuine(opened: Open) -> None:
    provider = await opened("http://127.0.0.1:9", public_url=None)
    headers, body, url = form()
    with pytest.raises(ForgedError, match="PERMIT_REMINDERS_PUBLIC_URL"):
        provider.parse(headers, body, url.removeprefix(PUBLIC))


@pytest.mark.parametrize(
    "signature",
    ["", "bm9uc2Vuc2U=", "é", "\x00", "=" * 9000, sign(STATUS), sign(STATUS, key="x")],
)
def test_a_wrong_signature_is_forged(signature: str) -> None:
    headers, body, url = form()
    headers |= {"X-Twilio-Signature": signature}
    assert "no valid signature" in forged(headers, body, url)


def test_a_missing_signature_is_forged() -> None:
    _, body, url = form()
    assert "no valid signature" in forged({"Content-Type": FORM}, body, url)


@pytest.mark.parametrize(
    ("body", "url"),
    [
        (urlencode(DELIVERED | {"MessageStatus": "failed"}), STATUS),
        (urlencode(DELIVERED) + "&Extra=1", STATUS),
        (urlencode(DELIVERED) + "&AccountSid=AC2", STATUS),
        (urlencode(DELIVERED).replace("To=", "to="), STATUS),
        ("", STATUS),
        (urlencode(DELIVERED), STATUS.replace("0190aaaa", "0190bbbb")),
        (urlencode(DELIVERED), STATUS.replace("https", "http")),
        (urlencode(DELIVERED), STATUS.replace("status", "inbound")),
        (urlencode(DELIVERED), STATUS.replace("permits", "evil")),
        (urlencode(DELIVERED), STATUS + "&bodySHA256=" + "0" * 64),
        (urlencode(DELIVERED), STATUS + "/\udcff"),
    ],
)
def test_a_changed_body_is_forged(body: str, url: str) -> None:
    headers, _, _ = form()
    assert "no valid signature" in forged(headers, body.encode(), url)


def test_a_shared_key_signs_with_sha_256() -> None:
    signature = sign(STATUS, DELIVERED_PAIRS, SHARED, "sha256")
    headers, body, url = form()
    headers |= SHA256 | {"X-Twilio-Signature": signature}
    assert isinstance(parse_webhook(WITH_SHARED, headers, body, url), Receipt)
    forged(headers, body, url, US)
    del headers[SETTINGS]
    forged(headers, body, url, WITH_SHARED)


def test_a_shared_key_takes_nothing_from_the_auth_token() -> None:
    assert isinstance(parse_webhook(WITH_SHARED, *form()), Receipt)
    headers, body, url = form()
    headers |= SHA256
    forged(headers, body, url, WITH_SHARED)
    headers |= {"X-Twilio-Signature": sign(STATUS, DELIVERED_PAIRS, SHARED)}
    forged(headers, body, url, WITH_SHARED)


@pytest.mark.parametrize(
    "algorithm", ["HMAC_MD5", "none", "sha256", "HMAC_SHA256\x00", "許"]
)
def test_an_unknown_algorithm_is_forged(algorithm: str) -> None:
    headers, body, url = form()
    headers |= {SETTINGS: f"key=1,algorithm={algorithm}"}
    assert "no valid signature" in forged(headers, body, url)


def test_a_signed_json_is_read() -> None:
    body = json.dumps(
        DELIVERED | {"MessageStatus": "failed", "ErrorCode": 30005, "More": [1]}
    ).encode()
    told = parse_webhook(US, *of_json(body))
    assert isinstance(told, Receipt)
    assert (told.provider_id, told.code, told.message_id) == (SM1, "30005", "0190aaaa")
    assert told.raw["More"] == "[1]"


def test_a_text_to_us_as_json_is_read() -> None:
    fields = {"AccountSid": ACCOUNT, "MessageSid": SM1, "From": PHONE, "Body": "退订"}
    told = parse_webhook(US, *of_json(json.dumps(fields).encode()))
    assert isinstance(told, Inbound)
    assert (told.sender, told.body) == (PHONE, "退订")


def test_json_signed_by_a_shared_key_is_read() -> None:
    headers, body, url = of_json(json.dumps(DELIVERED).encode())
    signature = sign(url, (), SHARED, "sha256")
    headers |= SHA256 | {"X-Twilio-Signature": signature}
    assert isinstance(parse_webhook(WITH_SHARED, headers, body, url), Receipt)


def test_json_whose_digest_is_not_the_body_s_is_forged() -> None:
    headers, body, url = of_json(json.dumps(DELIVERED).encode())
    for other in (b"", b"{}", body + b" ", body.replace(b"delivered", b"failed")):
        assert "not the body" in forged(headers, other, url)


def test_json_without_a_digest_is_forged_however_well_the_address_is_signed() -> None:
    headers = {"Content-Type": JSON, "X-Twilio-Signature": sign(STATUS)}
    assert "not the body" in forged(headers, json.dumps(DELIVERED).encode(), STATUS)


@pytest.mark.parametrize(
    "query", ["bodySHA256=", "bodySHA256=é", "bodySHA256=\udcff", "bodysha256={0}"]
)
def test_json_with_an_invalid_digest_is_forged(query: str) -> None:
    body = json.dumps(DELIVERED).encode()
    url = f"{STATUS}&{query.format(hashlib.sha256(body).hexdigest())}"
    headers = {"Content-Type": JSON, "X-Twilio-Signature": sign(STATUS)}
    forged(headers, body, url)


def test_json_with_two_digests_is_forged() -> None:
    body = json.dumps(DELIVERED).encode()
    digest = hashlib.sha256(body).hexdigest()
    url = f"{STATUS}&bodySHA256={'0' * 64}&bodySHA256={digest}"
    headers = {"Content-Type": JSON, "X-Twilio-Signature": sign(url)}
    forged(headers, body, url)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"null", b"7", b'"a"', b"{", b"\xff", b"\x00", b"[" * 60_000),
        b'{"MessageSid": ' + b"1" * 60_000 + b"}",
        b'[["AccountSid", "AC1"]]',
    ],
)
def test_a_signed_json_that_holds_no_fields_says_so(body: bytes) -> None:
    with pytest.raises(InvalidError, match="no JSON object"):
        parse_webhook(US, *of_json(body))


@pytest.mark.parametrize(
    "media",
    ["", "text/plain", "text/html", "multipart/form-data; boundary=x", "json", ";"],
)
def test_a_body_that_is_neither_form_nor_json_is_forged(media: str) -> None:
    headers, body, url = form()
    headers |= {"Content-Type": media}
    assert "neither a form nor JSON" in forged(headers, body, url)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b"a=" + b"1" * (64 * 1024),
        b"a&" * 30_000,
        b"a=1&" * 201,
        b"\x00" * 65_537,
    ],
)
def test_a_malformed_or_huge_body_is_forged(body: bytes) -> None:
    for media in (FORM, JSON):
        headers = {"Content-Type": media, "X-Twilio-Signature": sign(STATUS)}
        forged(headers, body, STATUS)


def test_more_fields_than_twilio_has_are_not_even_checked() -> None:
    many = [(f"x{one}", "") for one in range(200 - len(DELIVERED))]
    assert isinstance(parse_webhook(US, *form([*DELIVERED_PAIRS, *many])), Receipt)
    more = [*DELIVERED_PAIRS, *many, ("y", "")]
    assert "not a form" in forged(*form(more))


@pytest.mark.parametrize(
    "pairs",
    [
        [*DELIVERED.items(), ("AccountSid", "AC" + "9" * 32)],
        [("AccountSid", "AC" + "9" * 32), *DELIVERED.items()],
        [*(DELIVERED | {"AccountSid": "AC" + "9" * 32}).items()],
        [*(DELIVERED | {"AccountSid": ""}).items()],
        [*(DELIVERED | {"AccountSid": ACCOUNT.lower()}).items()],
        [("MessageSid", SM1), ("MessageStatus", "delivered")],
    ],
)
def test_a_webhook_of_another_account_is_forged_however_well_it_is_signed(
    pairs: Pairs,
) -> None:
    assert "another account" in forged(*form(pairs))


@pytest.mark.parametrize(
    ("pairs", "mistakes"),
    [
        ([("MessageSid", "")], {"MessageSid"}),
        ([("MessageSid", "SM1")], {"MessageSid"}),
        ([("MessageSid", f"{SM1}\n")], {"MessageSid"}),
        ([("MessageSid", SM1), ("MessageSid", "SM" + "f" * 32)], {"MessageSid"}),
        ([("MessageSid", SM1), ("MessageStatus", "sent")], {"MessageStatus"}),
        (
            [("MessageSid", ""), ("ErrorCode", "30001"), ("ErrorCode", "30003")],
            {"MessageSid", "ErrorCode"},
        ),
    ],
)
def test_all_mistakes_of_a_signed_body_are_named_together(
    pairs: Pairs, mistakes: set[str]
) -> None:
    known = [("AccountSid", ACCOUNT), ("MessageStatus", "delivered")]
    with pytest.raises(InvalidError) as caught:
        parse_webhook(US, *form([*known, *pairs]))
    assert {one.field for one in caught.value.mistakes} == mistakes


def test_a_text_without_a_sender_or_with_two_is_a_mistake() -> None:
    known = [("AccountSid", ACCOUNT), ("MessageSid", SM1), ("Body", "STOP")]
    for senders in ([], [("From", "")], [("From", PHONE), ("From", "+12125550102")]):
        with pytest.raises(InvalidError, match="From: found") as caught:
            parse_webhook(US, *form([*known, *senders]))
        assert PHONE not in str(caught.value)


def test_a_repeated_field_with_equal_values_counts_once() -> None:
    told = parse_webhook(US, *form([*DELIVERED.items(), ("MessageSid", SM1)]))
    assert isinstance(told, Receipt)
    assert told.provider_id == SM1


def test_an_unused_field_may_have_many_values_and_all_are_stored() -> None:
    pairs = [*DELIVERED.items(), ("News", "b"), ("News", "a"), ("News", "b")]
    told = parse_webhook(US, *form(pairs))
    assert isinstance(told, Receipt)
    assert told.raw["News"] == "b\na"


async def test_a_refused_webhook_is_logged_without_the_phone(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider = await opened("http://127.0.0.1:9", public_url=PUBLIC)
    path = STATUS.removeprefix(PUBLIC)
    headers, body, _ = form()
    for bad in (
        (headers | {"X-Twilio-Signature": "x"}, body, path),
        (headers | {"Content-Type": PHONE}, body, path),
        (headers | {SETTINGS: f"algorithm={PHONE}"}, body, path),
        (*form([("AccountSid", ACCOUNT), ("MessageSid", PHONE)])[:2], path),
    ):
        with pytest.raises((ForgedError, InvalidError)):
            provider.parse(*bad)
    assert [one.levelname for one in caplog.records] == ["WARNING"] * 4
    assert PHONE[1:] not in caplog.text


@given(
    st.dictionaries(
        st.sampled_from(["Content-Type", "X-Twilio-Signature", SETTINGS]),
        st.sampled_from([FORM, JSON, sign(STATUS), "algorithm=HMAC_SHA256"])
        | st.text(),
    ),
    st.binary(max_size=300) | st.text().map(lambda it: it.encode("utf-8", "replace")),
    st.text(),
)
def test_no_webhook_raises_anything_but_a_typed_error(
    headers: dict[str, str], body: bytes, path: str
) -> None:
    with pytest.raises((ForgedError, InvalidError)):
        signed_fields(US, headers, body, f"{PUBLIC}/{path}")


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=9))
def test_whatever_twilio_adds_is_covered_by_its_signature(pairs: Pairs) -> None:
    said = [(f"x{name}", text) for name, text in pairs]
    try:
        headers, body, url = form([*DELIVERED.items(), *said])
    except UnicodeEncodeError:
        return
    told = parse_webhook(US, headers, body, url)
    assert isinstance(told, Receipt)
