"""Checks the signature of a Twilio webhook, for forms and JSON.

twilio.com/docs/usage/security (validating requests): the signature covers the URL and
the fields of a form; for another body, the URL holds a digest of it. The key is the
account's auth token, or a shared key that a header names.
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
"""Bytes of a webhook's body."""

MOST_FIELDS = 200
"""Fields of a form; Twilio's own webhooks have some thirty."""

FORM, JSON = "application/x-www-form-urlencoded", "application/json"

Fields = Mapping[str, Sequence[str]]
"""Each name with all its values, in their order in the body."""


@dataclass(frozen=True, slots=True)
class WebhookAccount:
    """The account whose webhooks are accepted, and the secrets that sign them."""

    provider: str
    sid: str
    auth_token: str = field(repr=False)
    webhook_secret: str | None = field(default=None, repr=False)


def signed_fields(
    account: WebhookAccount, headers: Mapping[str, str], body: bytes, url: str
) -> Fields:
    """Return the fields of a webhook that Twilio signed.

    Raises `ForgedError` if Twilio did not sign it, `InvalidError` for signed JSON that
    is not an object.
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
    except ValueError:  # a URL or a text that cannot be encoded as UTF-8
        signed = False
    if not signed:
        raise ForgedError(
            "webhook: no valid signature of Twilio's over this body and its address "
            "below PERMIT_REMINDERS_PUBLIC_URL; nothing changed"
        )


def _check_digest(body: bytes, url: str) -> None:
    """Compare the digest ourselves: the SDK accepts a body that has none."""
    digests = parse_qs(urlsplit(url).query).get("bodySHA256", [])
    digest = hashlib.sha256(body).hexdigest().encode()
    if len(digests) != 1 or not hmac.compare_digest(
        digests[0].lower().encode(errors="replace"), digest
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
    """Return the top-level fields of a JSON body, values as text."""
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
    """Replace lone surrogates, which JSON can escape and UTF-8 cannot encode."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
