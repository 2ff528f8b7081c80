"""Whether a webhook is Twilio's own: its signature, over form or JSON.

twilio.com/docs/usage/security (validating requests): a form is signed field by field,
anything else by a digest of its body in the address, and the address always. Twilio
signs with the account's auth token, or with a shared key that a header names.
"""

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, urlsplit

from multidict import MultiDict
from twilio.request_validator import (
    HMAC_SHA1,
    HMAC_SHA256,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from service.domain.errors import ForgedError, InvalidError, Mistake

LONGEST_BODY = 64 * 1024
MOST_FIELDS = 200
"""Twilio's own webhooks have some thirty."""

FORM, JSON = "application/x-www-form-urlencoded", "application/json"

Fields = Mapping[str, Sequence[str]]
"""Each name with all its values, in the order they came."""


@dataclass(frozen=True, slots=True)
class WebhookAccount:
    """Whose webhooks these must be, and what signs them."""

    provider: str
    sid: str
    auth_token: str = field(repr=False)
    webhook_secret: str | None = field(default=None, repr=False)


def signed_fields(
    account: WebhookAccount, headers: Mapping[str, str], body: bytes, url: str
) -> Fields:
    """The fields of a webhook that Twilio signed.

    Raises `ForgedError` for anything else, and `InvalidError` for a signed JSON that
    holds no fields.
    """
    if len(body) > LONGEST_BODY:
        raise ForgedError(f"webhook: longer than {LONGEST_BODY} bytes; nothing changed")
    media = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media == FORM:
        form = _parse_form(body)
        _check_signature(account, headers, url, form)
        return {name: form.getall(name) for name in form}
    if media == JSON:
        _check_digest(body, url)
        _check_signature(account, headers, url, MultiDict())
        return _parse_json(body)
    raise ForgedError("webhook: neither a form nor JSON; nothing changed")


def _check_signature(
    account: WebhookAccount, headers: Mapping[str, str], url: str, form: MultiDict[str]
) -> None:
    signature = headers.get(SIGNATURE_HEADER, "")
    settings = headers.get(SIGNATURE_SETTINGS_HEADER)
    secret = (settings and account.webhook_secret) or account.auth_token
    algorithm = get_signature_algorithm(settings).upper()
    try:
        signed = algorithm in {HMAC_SHA1, HMAC_SHA256} and RequestValidator(
            secret
        ).validate(url, form, signature, algorithm)
    except ValueError:  # an address or a text that cannot be written as UTF-8
        signed = False
    if not signed:
        raise ForgedError(
            "webhook: no valid signature of Twilio's over this body and its address "
            "below PERMIT_REMINDERS_PUBLIC_URL; nothing changed"
        )


def _check_digest(body: bytes, url: str) -> None:
    """The SDK would let any body pass that comes without its digest."""
    told = parse_qs(urlsplit(url).query).get("bodySHA256", [])
    digest = hashlib.sha256(body).hexdigest().encode()
    if len(told) != 1 or not hmac.compare_digest(
        told[0].lower().encode(errors="replace"), digest
    ):
        raise ForgedError("webhook: not the body its address was signed for")


def _parse_form(body: bytes) -> MultiDict[str]:
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise ForgedError("webhook: not a form; nothing changed") from error
    return MultiDict(pairs)


def _parse_json(body: bytes) -> Fields:
    """Its top level, values as text: the names are those of the form."""
    try:
        pairs = json.loads(body.decode(), object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        pairs = None
    if not isinstance(pairs, tuple):
        expected = "an object with the fields of a webhook"
        raise InvalidError("webhook", [Mistake("body", "no JSON object", expected)])
    fields: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        fields[_replace_lone_surrogates(name)].append(_text(value))
    return fields


def _text(value: object) -> str:
    if isinstance(value, str):
        return _replace_lone_surrogates(value)
    return "" if value is None else json.dumps(value)


def _replace_lone_surrogates(text: str) -> str:
    """JSON can escape half a character (a lone surrogate), which no text can keep."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
