"""Parses Twilio's webhooks into receipts and inbound texts.

Twilio adds parameters without notice (twilio.com/docs/messaging/guides/webhook-
request): the signature covers all of them, but only those that we use are checked.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

from service.adapters.twilio.answers import is_sid, receipt_from_fields, without_phones
from service.adapters.twilio.codes import OPT_OUT_TYPES
from service.adapters.twilio.signatures import Fields, WebhookAccount, signed_fields
from service.domain.delivery.outcome import Inbound, Receipt
from service.domain.errors import ForgedError, InvalidError, Mistake

_USED_FIELDS = (
    *("MessageSid", "MessageStatus", "ErrorCode"),
    *("From", "Body", "OptOutType"),
)


def parse_webhook(
    account: WebhookAccount, headers: Mapping[str, str], body: bytes, url: str
) -> Receipt | Inbound:
    """Return the receipt or inbound text of a webhook; `url` is our public URL.

    Raises `ForgedError` for a missing or wrong signature or another account, and
    `InvalidError` with all mistakes for a signed body that cannot be used.
    """
    signed = signed_fields(account, headers, body, url)
    if set(signed.get("AccountSid", ())) != {account.sid}:
        raise ForgedError("webhook: signed for another account; nothing changed")
    if mistakes := list(_mistakes(signed)):
        raise InvalidError("webhook", mistakes)
    fields = {name: "\n".join(dict.fromkeys(all_)) for name, all_ in signed.items()}
    if "MessageStatus" in fields:
        ref = parse_qs(urlsplit(url).query).get("ref", [None])[0]
        return receipt_from_fields(account.provider, fields["MessageSid"], fields, ref)
    return Inbound(
        provider=account.provider,
        provider_id=fields["MessageSid"],
        sender=fields["From"],
        body=fields.get("Body", ""),
        raw=without_phones(fields),
        opt_out=_opt_out(fields),
    )


def _opt_out(fields: Mapping[str, str]) -> str | None:
    """Return the keyword that Advanced Opt-Out recognised, if the service has it."""
    found = fields.get("OptOutType") or None
    return OPT_OUT_TYPES.get(found, found) if found else None


def _mistakes(signed: Fields) -> Iterator[Mistake]:
    """Find mistakes in the fields that we use; values may be personal, so show none."""
    sids = signed.get("MessageSid", ())
    if not all(map(is_sid, sids)) or not sids:
        found = "another id" if any(sids) else "nothing"
        yield Mistake("MessageSid", found, "SM or MM and 32 hexadecimal digits")
    if "MessageStatus" not in signed and not any(signed.get("From", ())):
        yield Mistake("From", "nothing", "the phone that wrote")
    for name in _USED_FIELDS:
        if len(set(signed.get(name, ()))) > 1:
            yield Mistake(name, "several values", "one")
