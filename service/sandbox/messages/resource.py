"""Twilio's Message resource (twilio.com/docs/messaging/api/message-resource)."""

from datetime import datetime
from email.utils import format_datetime

from service.sandbox.messages.fates import failure_reason
from service.sandbox.messages.messages import Message

API_VERSION = "2010-04-01"
_UNCOUNTED = frozenset({"accepted", "scheduled"})


def message_resource(message: Message, account_sid: str) -> dict[str, object]:
    """Return a message as Twilio's JSON: counts are strings, instants RFC 2822 UTC."""
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
    counted = message.status not in _UNCOUNTED
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": _rfc2822(message.created_at),
        "date_sent": _rfc2822(message.sent_at),
        "date_updated": _rfc2822(message.updated_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": message.error_code and failure_reason(message.error_code),
        "from": message.sender,
        "messaging_service_sid": message.service,
        "num_media": "0",
        "num_segments": str(message.segments) if counted else "0",
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def message_with_history(message: Message, account_sid: str) -> dict[str, object]:
    """Add fields that Twilio does not show, for tests of the service."""
    return message_resource(message, account_sid) | {
        "status_callback": message.callback,
        "statuses": message.statuses,
        "called_back": sorted(message.called_back),
        "withheld": sorted(message.withheld),
        "deleted": message.deleted,
        "form": message.form,
    }


def _rfc2822(at: datetime | None) -> str | None:
    return format_datetime(at) if at else None
