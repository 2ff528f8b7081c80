"""Twilio's webhooks: bytes and headers in, a checked receipt or text out.

Signatures: twilio.com/docs/usage/security (validating requests). Parameters change
without notice, so the signature covers all of them and reading is lenient.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, urlsplit

from twilio.request_validator import RequestValidator

from service.adapters.twilio_codes import STATES, kind_of
from service.domain.errors import ForgedError, InvalidError, Mistake
from service.domain.outcome import Inbound, Receipt

_PHONE = re.compile(r"\+[0-9]{8,}")
"""What holds a phone is not kept: the message knows its recipient."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose webhooks these must be, and the token that signs them."""

    provider: str
    sid: str
    auth_token: str = field(repr=False)


def parse(
    account: Account, headers: Mapping[str, str], body: bytes, url: str
) -> Receipt | Inbound:
    """A webhook, checked; `url` is the public one that Twilio was given.

    Raises `ForgedError` for a missing or wrong signature or another account's, and
    `InvalidError` for a signed body that names no message.
    """
    fields = _form(body)
    signature = headers.get("X-Twilio-Signature", "")
    validator = RequestValidator(account.auth_token)
    if not signature or not validator.validate(url, fields, signature):
        raise ForgedError("webhook: no valid signature of Twilio's; nothing changed")
    if fields.get("AccountSid") != account.sid:
        raise ForgedError("webhook: signed for another account; nothing changed")
    if not fields.get("MessageSid"):
        raise InvalidError(
            "webhook", [Mistake("MessageSid", "nothing", "the id of a message")]
        )
    if "MessageStatus" in fields:
        return _receipt(account.provider, fields, url)
    return Inbound(
        provider=account.provider,
        provider_id=fields["MessageSid"],
        sender=fields.get("From", ""),
        body=fields.get("Body", ""),
        raw=fields,
    )


def _receipt(provider: str, fields: dict[str, str], url: str) -> Receipt:
    code = fields.get("ErrorCode") or None
    known = code is not None and code.isdigit()
    return Receipt(
        provider=provider,
        provider_id=fields["MessageSid"],
        state=STATES.get(fields["MessageStatus"]),
        raw={key: text for key, text in fields.items() if not _PHONE.search(text)},
        ref=parse_qs(urlsplit(url).query).get("ref", [None])[0],
        code=code,
        kind=kind_of(int(code), 200) if code and known else None,
    )


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except (UnicodeDecodeError, ValueError) as error:
        raise ForgedError("webhook: not a form; nothing changed") from error
