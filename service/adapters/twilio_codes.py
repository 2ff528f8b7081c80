"""What Twilio's words mean, as data: statuses and error codes.

Statuses: twilio.com/docs/messaging/api/message-resource (status values).
Codes: twilio.com/docs/api/errors/<code>; Twilio warns that codes are split and
renumbered, so an unknown one is judged by its HTTP class alone.
"""

from collections.abc import Mapping

from service.domain.outcome import RefusalKind
from service.domain.status import MessageState

STATES: Mapping[str, MessageState] = {
    "accepted": MessageState.ACCEPTED,
    "scheduled": MessageState.ACCEPTED,
    "queued": MessageState.ACCEPTED,
    "sending": MessageState.ACCEPTED,
    "sent": MessageState.SENT,
    "partially_delivered": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "undelivered": MessageState.UNDELIVERED,
    "failed": MessageState.FAILED,
    "canceled": MessageState.CANCELED,
    "read": MessageState.READ,
}

_CODES: Mapping[RefusalKind, tuple[int, ...]] = {
    RefusalKind.RETRY_SAFE: (14107, 20429, 21611),
    RefusalKind.RETRY_LATER: (
        *(30001, 30003, 30008, 30022, 30023, 30027, 30036),
        *(30410, 30450, 30453, 30500, 63038),
    ),
    RefusalKind.BAD_NUMBER: (
        *(21211, 21217, 21265, 21266, 21268, 21614, 21635, 30005, 30006),
    ),
    RefusalKind.OPTED_OUT: (21610, 30004),
    RefusalKind.ROUTE: (21408, 21612),
    RefusalKind.BAD_CONTENT: (21602, 21617, 21619, 21654, 21656, 30007),
    RefusalKind.ACCOUNT: (
        *(10001, 20003, 20404, 21212, 21601, 21603, 21606, 21608, 21659),
        *(21660, 21661, 21703, 21704, 21705, 30002, 30024, 30032, 30034, 30038),
    ),
}

KINDS: Mapping[int, RefusalKind] = {
    code: kind for kind, codes in _CODES.items() for code in codes
}

_ACCOUNT_STATUSES = (401, 403, 404)
TOO_MANY = 429
"""Said before a request is looked at: provably not processed."""


def kind_of(code: int | None, status: int) -> RefusalKind:
    """The kind of a refused POST: by its code if known, else by its HTTP class."""
    if status == TOO_MANY:
        return RefusalKind.RETRY_SAFE
    by_class = RefusalKind.BAD_CONTENT
    if status in _ACCOUNT_STATUSES:
        by_class = RefusalKind.ACCOUNT
    return KINDS.get(code or 0, by_class)
