"""Twilio's webhooks: bytes and headers in, a checked receipt or text out.

Parameters change without notice (twilio.com/docs/messaging/guides/webhook-request),
so the signature covers all of them and only those that we act on must be in order.
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
    """A webhook, checked; `url` is the public one that Twilio was given.

    Raises `ForgedError` for a missing or wrong signature or another account's, and
    `InvalidError`, with all that is wrong, for a signed body that cannot be acted on.
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
    """Twilio's own reading, where the text came to a messaging service that reads."""
    said = fields.get("OptOutType") or None
    return OPT_OUT_TYPES.get(said, said) if said else None


def _mistakes(signed: Fields) -> Iterator[Mistake]:
    """What cannot be acted on; no value is told, for it may be a person's."""
    sids = signed.get("MessageSid", ())
    if not all(map(is_sid, sids)) or not sids:
        found = "another id" if any(sids) else "nothing"
        yield Mistake("MessageSid", found, "SM or MM and 32 hexadecimal digits")
    if "MessageStatus" not in signed and not any(signed.get("From", ())):
        yield Mistake("From", "nothing", "the phone that wrote")
    for name in _USED_FIELDS:
        if len(set(signed.get(name, ()))) > 1:
            yield Mistake(name, "several values", "one")
