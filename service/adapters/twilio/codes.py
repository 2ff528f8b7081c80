"""What Twilio's words mean, as data: statuses and error codes.

Statuses: twilio.com/docs/messaging/api/message-resource (status values).
Codes: twilio.com/docs/api/errors/<code>; Twilio warns that codes are split and
renumbered, so an unknown one is judged by its HTTP class alone.
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


OPT_OUT_TYPES: Mapping[str, str] = {"STOP": "stop", "START": "start", "HELP": "help"}
"""What Advanced Opt-Out has read in a text to us (OptOutType), and answered already:
twilio.com/docs/messaging/tutorials/advanced-opt-out."""


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """What a code makes of its message.

    `kind` is None where the message may have been taken. `wait` is in seconds, before
    another try: where Twilio's page on the code says how long its cause lasts.
    """

    kind: RefusalKind | None
    retry_after: float | None = None


_K = RefusalKind
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0

_TABLE: tuple[tuple[CodeMeaning, tuple[int, ...]], ...] = (
    # Too many at once, or too fast: refused before it was looked at.
    (CodeMeaning(_K.RETRY_SAFE), (14107, 20429)),
    # Ten hours of segments stand in the sender's queue.
    (CodeMeaning(_K.RETRY_SAFE, 10 * _MINUTE), (21611,)),
    # Twilio's own fault, which may come after the message was taken.
    (CodeMeaning(None), (20500, 20503)),
    # A phone off, a queue expired, a carrier in trouble.
    (
        CodeMeaning(_K.RETRY_LATER),
        (30001, 30003, 30008, 30022, 30036, 30410, 30500),
    ),
    # Blocks against pumping, which lift by themselves.
    (CodeMeaning(_K.RETRY_LATER, 30 * _MINUTE), (30450,)),
    (CodeMeaning(_K.RETRY_LATER, 4 * _HOUR), (30453,)),
    # Daily caps.
    (CodeMeaning(_K.RETRY_LATER, _DAY), (30023, 30027, 63038)),
    # Not a number, not a mobile, nobody's.
    (
        CodeMeaning(_K.BAD_NUMBER),
        (
            *(21211, 21217, 21265, 21266, 21268, 21604, 21614, 21635),
            *(30005, 30006),
        ),
    ),
    (CodeMeaning(_K.OPTED_OUT), (21610, 30004)),
    # A pair of numbers or a country that this account does not serve.
    (CodeMeaning(_K.ROUTE), (21408, 21612)),
    # No text, too long a text, a text that a filter takes for spam.
    (CodeMeaning(_K.BAD_CONTENT), (21602, 21617, 21619, 21654, 21656, 30007)),
    # Credentials, suspension, an address that is none.
    (CodeMeaning(_K.ACCOUNT), (10001, 20003, 20404, 21609, 30002)),
    # A sender that is not ours, cannot text, or is not registered.
    (
        CodeMeaning(_K.ACCOUNT),
        (
            *(21212, 21601, 21603, 21606, 21608, 21659, 21660, 21661),
            *(21701, 21703, 21704, 21705, 30024, 30032, 30034, 30038),
        ),
    ),
    # Scheduling, which is never asked for: our own fault, so every message's.
    (CodeMeaning(_K.ACCOUNT), (35111, 35114, 35115, 35117, 35118)),
)

CODE_MEANINGS: Mapping[int, CodeMeaning] = {
    code: meaning for meaning, codes in _TABLE for code in codes
}

_CLIENT_ERRORS = range(400, 500)
_ACCOUNT_STATUSES = (401, 402, 403, 404)
_CODE = re.compile(r"[0-9]{5}")


def parse_code(found: object) -> int | None:
    """A code of Twilio's, which has five digits; None for anything else."""
    text = str(found)
    return int(text) if _CODE.fullmatch(text) else None


def meaning_of_refusal(status: int, code: int | None) -> CodeMeaning:
    """What an answer other than 2xx to a POST means.

    A 4xx is a no only where Twilio says so with a code. A gateway's page is not: some
    inspect answers, and put a 403 in the place of a yes. 429 is said before a request
    is looked at, whoever says it (twilio.com/docs/api/errors/20429).
    """
    known = CODE_MEANINGS.get(code) if code else None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return CodeMeaning(_K.RETRY_SAFE, known.retry_after if known else None)
    late = status == HTTPStatus.REQUEST_TIMEOUT
    if code is None or late or status not in _CLIENT_ERRORS:
        return CodeMeaning(None)
    by_class = _K.ACCOUNT if status in _ACCOUNT_STATUSES else _K.BAD_CONTENT
    return known or CodeMeaning(by_class)


def meaning_of_failure(code: int) -> CodeMeaning:
    """What the code of a message that was taken and not delivered means.

    An unknown one is about this message, and for good.
    """
    return CODE_MEANINGS.get(code, CodeMeaning(_K.BAD_CONTENT))
