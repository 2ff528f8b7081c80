"""Whether a text that did not arrive is followed by another, and when.

A carrier's passing faults (a phone that is off, a full queue) end within hours;
twilio.com/docs/api/errors/30003 and 30008 ask to try again later. A fault of the
account (twilio.com/docs/api/errors/30034) ends when somebody corrects it; the breaker
stops sending until then. For a number that is not assigned, the permit's next number is
tried. For a country that is not enabled (twilio.com/docs/api/errors/21408), reminders
wait until somebody enables it.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from service.domain.delivery.outcome import RefusalKind

RETRY_DELAYS: Final[Sequence[timedelta]] = (timedelta(hours=1), timedelta(hours=4))
"""Waits after the first and the second passing fault; a third is not retried."""

_PASSING: Final = frozenset({RefusalKind.RETRY_LATER, RefusalKind.ACCOUNT})

BACK_OFF: Final = 2.0
"""Seconds: the longest wait after a reminder's first message was provably not accepted.
It doubles with every further message."""

UNPOSTABLE_WAIT: Final = 60.0
"""Seconds before another try after a message could not be POSTed for a reason of its
own, such as a phone that cannot be decrypted."""

LONGEST_BACK_OFF: Final = 3600.0
"""Seconds: the doubling ends here."""

LONGEST_ASKED: Final = 86_400.0
"""Seconds: a provider may ask for a wait of a day, for its daily limit. What asks for
longer is a mistake, and is tried again after that."""


def retry_delay(
    kind: RefusalKind | None, retries: int, retry_after: float | None
) -> timedelta | None:
    """How long to wait before a reminder is sent again; None: never again.

    `retries` counts its retries so far; `retry_after` is the seconds that the fault is
    known to last.
    """
    if kind not in _PASSING or retries >= len(RETRY_DELAYS):
        return None
    return max(RETRY_DELAYS[retries], timedelta(seconds=retry_after or 0.0))


def back_off(messages: int, jitter: float, retry_after: float | None) -> float:
    """Seconds before a reminder is sent again after its message was not accepted.

    `messages` counts its messages so far. `jitter`, a random number between 0 and 1,
    places each reminder in the second half of its wait, so that they do not all start
    at once. Never shorter than the provider's `retry_after` (seconds), up to
    `LONGEST_ASKED`.
    """
    span = min(BACK_OFF * 2.0 ** min(messages - 1, 20), LONGEST_BACK_OFF)
    return max(span * (1 + jitter) / 2, min(retry_after or 0.0, LONGEST_ASKED))
