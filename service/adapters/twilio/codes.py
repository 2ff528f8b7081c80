"""Twilio's statuses and error codes, and what they mean for a message.

Statuses: twilio.com/docs/messaging/api/message-resource (status values).
Codes: twilio.com/docs/api/errors/<code>; Twilio warns that codes are split and
renumbered, so the HTTP status alone decides about an unknown one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from service.domain.delivery.outcome import RefusalKind
from service.domain.delivery.status import MessageState

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


NOT_FOUND = 20404
"""The code of an answer 404: there is nothing at this address."""

OPT_OUT_TYPES: Mapping[str, str] = {"STOP": "stop", "START": "start", "HELP": "help"}
"""OptOutType: the keyword that Advanced Opt-Out recognised in an inbound text, and
already answered (twilio.com/docs/messaging/tutorials/advanced-opt-out)."""


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """What an error code means for its message.

    `kind` is None if Twilio may have accepted the message. `retry_after` is in
    seconds, set if Twilio's page on the code says how long its cause lasts.
    """

    kind: RefusalKind | None
    retry_after: float | None = None


_K = RefusalKind
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0

_TABLE: tuple[tuple[CodeMeaning, tuple[int, ...]], ...] = (
    # Too many requests at once, or too fast: refused before they are read.
    (CodeMeaning(_K.RETRY_SAFE), (14107, 20429)),
    # The sender's queue is full: it holds ten hours of segments.
    (CodeMeaning(_K.RETRY_SAFE, 10 * _MINUTE), (21611,)),
    # Errors of Twilio's own, perhaps after it accepted the message.
    (CodeMeaning(None), (20500, 20503)),
    # Phone switched off, queue time expired, carrier failure.
    (
        CodeMeaning(_K.RETRY_LATER),
        (30001, 30003, 30008, 30022, 30036, 30410, 30500),
    ),
    # SMS pumping protection: blocks that end by themselves.
    (CodeMeaning(_K.RETRY_LATER, 30 * _MINUTE), (30450,)),
    (CodeMeaning(_K.RETRY_LATER, 4 * _HOUR), (30453,)),
    # Daily caps.
    (CodeMeaning(_K.RETRY_LATER, _DAY), (30023, 30027, 63038)),
    # Invalid number, not a mobile, or unassigned.
    (
        CodeMeaning(_K.BAD_NUMBER),
        (
            *(21211, 21217, 21265, 21266, 21268, 21604, 21614, 21635),
            *(30005, 30006),
        ),
    ),
    (CodeMeaning(_K.OPTED_OUT), (21610, 30004)),
    # The account may not text this country, or from this sender to this number.
    (CodeMeaning(_K.ROUTE), (21408, 21612)),
    # Text missing, too long, or filtered as spam.
    (CodeMeaning(_K.BAD_CONTENT), (21602, 21617, 21619, 21654, 21656, 30007)),
    # Wrong credentials, suspended account, invalid callback URL.
    (CodeMeaning(_K.ACCOUNT), (10001, 20003, 20404, 21609, 30002)),
    # A sender that is not the account's, cannot text, or is not registered.
    (
        CodeMeaning(_K.ACCOUNT),
        (
            *(21212, 21601, 21603, 21606, 21608, 21659, 21660, 21661),
            *(21701, 21703, 21704, 21705, 30024, 30032, 30034, 30038),
        ),
    ),
    # Scheduling, which we never request: a bug of ours, so it concerns every message.
    (CodeMeaning(_K.ACCOUNT), (35111, 35114, 35115, 35117, 35118)),
)

CODE_MEANINGS: Mapping[int, CodeMeaning] = {
    code: meaning for meaning, codes in _TABLE for code in codes
}

_CLIENT_ERRORS = range(400, 500)
_ACCOUNT_STATUSES = (401, 402, 403, 404)
_CODE = re.compile(r"[0-9]{5}")


def parse_code(found: object) -> int | None:
    """Return an error code of Twilio's, which has five digits; else None."""
    text = str(found)
    return int(text) if _CODE.fullmatch(text) else None


def meaning_of_refusal(status: int, code: int | None) -> CodeMeaning:
    """Return what an answer other than 2xx to a POST means.

    A 4xx is a refusal only with a code of Twilio's. Without one it may be a gateway's
    page: some gateways inspect answers and replace a success by a 403. A 429 always
    means that the request was not read (twilio.com/docs/api/errors/20429).
    """
    known = CODE_MEANINGS.get(code) if code else None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return CodeMeaning(_K.RETRY_SAFE, known.retry_after if known else None)
    timed_out = status == HTTPStatus.REQUEST_TIMEOUT
    if code is None or timed_out or status not in _CLIENT_ERRORS:
        return CodeMeaning(None)
    by_status = _K.ACCOUNT if status in _ACCOUNT_STATUSES else _K.BAD_CONTENT
    return known or CodeMeaning(by_status)


def meaning_of_failure(code: int) -> CodeMeaning:
    """Return what the code of an accepted, undelivered message means.

    An unknown code is a permanent failure of this message.
    """
    return CODE_MEANINGS.get(code, CodeMeaning(_K.BAD_CONTENT))
