"""Whether a text that did not arrive is followed by another, and when.

A carrier's passing faults (a phone that is off, a queue that ran over) go away in
hours; twilio.com/docs/api/errors/30003 and 30008 ask to try again later. What an
account may not send (twilio.com/docs/api/errors/30034) it may once somebody has put it
right, for whom the breaker waits. A number that is nobody's never answers, so the next
one of the permit is tried. A country that an account may not text
(twilio.com/docs/api/errors/21408) somebody can open: until then its reminders wait.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from service.domain.delivery.outcome import RefusalKind

RETRY_DELAYS: Final[Sequence[timedelta]] = (timedelta(hours=1), timedelta(hours=4))
"""How long after each fault that passes: a reminder is tried again twice."""

_PASSING: Final = frozenset({RefusalKind.RETRY_LATER, RefusalKind.ACCOUNT})

BACK_OFF: Final = 2.0
LONGEST_BACK_OFF: Final = 3600.0
"""Seconds, for what was provably not taken; doubled at every message of a reminder."""


def retry_delay(
    kind: RefusalKind | None, retries: int, retry_after: float | None
) -> timedelta | None:
    """How long to wait before a reminder is sent again; None: not again.

    `retries` is how often it was before, `asked` the seconds that the fault is known
    to last.
    """
    if kind not in _PASSING or retries >= len(RETRY_DELAYS):
        return None
    return max(RETRY_DELAYS[retries], timedelta(seconds=retry_after or 0.0))


def back_off(messages: int, jitter: float, retry_after: float | None) -> float:
    """Seconds before a reminder, not taken for the `messages`th time, is POSTed anew.

    Nearly at once, for the first, but not all at the same instant: `chance`, between 0
    and 1, is where each lies in the second half of its span. Never sooner than the
    provider `asked`.
    """
    span = min(BACK_OFF * 2.0 ** min(messages - 1, 20), LONGEST_BACK_OFF)
    return max(span * (1 + jitter) / 2, retry_after or 0.0)
