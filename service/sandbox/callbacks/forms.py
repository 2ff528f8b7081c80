"""The forms of Twilio's webhooks, field by field.

Status: twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks.
Inbound: twilio.com/docs/messaging/guides/webhook-request.
"""

from datetime import UTC, datetime

from service.sandbox.messages.fates import FAILED_STATUSES, failure_reason
from service.sandbox.messages.messages import Message
from service.sandbox.messages.resource import API_VERSION

_RECEIPTED = frozenset({"delivered", "undelivered"})
_PLACE_FIELDS = ("City", "State", "Zip")


def status_form(message: Message, status: str, account_sid: str) -> dict[str, str]:
    """Return the form of a status callback; `RawDlrDoneDate` has no time zone."""
    form = _common_fields(message, account_sid)
    form |= {"MessageStatus": status, "SmsStatus": status}
    if message.service:
        form["MessagingServiceSid"] = message.service
    if status in _RECEIPTED:
        form["RawDlrDoneDate"] = datetime.now(UTC).strftime("%y%m%d%H%M")
    if status in FAILED_STATUSES and message.error_code:
        form["ErrorCode"] = str(message.error_code)
        form["ErrorMessage"] = failure_reason(message.error_code)
    return form


def inbound_form(message: Message, account_sid: str) -> dict[str, str]:
    """Return the form of an inbound text; its place fields are empty."""
    form = _common_fields(message, account_sid)
    for end in ("From", "To"):
        form |= {f"{end}{place}": "" for place in _PLACE_FIELDS} | {
            f"{end}Country": "US"
        }
    if message.opt_out_type:
        form["OptOutType"] = message.opt_out_type
    return form | {
        "Body": message.body,
        "NumMedia": "0",
        "NumSegments": str(message.segments),
        "SmsMessageSid": message.sid,
        "SmsStatus": "received",
    }


def _common_fields(message: Message, account_sid: str) -> dict[str, str]:
    return {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "From": message.sender or "",
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "To": message.to,
    }
