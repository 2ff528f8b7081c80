"""The breaker: sending stops by itself when too many of the latest texts failed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from service.domain.delivery.outcome import RefusalKind

MAX_JUDGED: Final = 50
"""Number of latest messages that are judged."""

MIN_JUDGED: Final = 20
"""Fewer messages than this are too few to judge."""

MAX_AGE: Final = timedelta(hours=24)
"""Older messages are not judged: they say nothing about today."""

RECEIPT_GRACE: Final = timedelta(minutes=1)
"""An accepted message is judged only after this time: within it, a carrier that filters
texts has reported so."""

COUNTED_KINDS: Final = frozenset(
    {RefusalKind.BAD_CONTENT, RefusalKind.ROUTE, RefusalKind.BAD_NUMBER}
)
"""Failures caused by our texts, routes or registers. Opt-outs and passing faults do not
count."""


@dataclass(frozen=True, slots=True)
class JudgedMessage:
    """The end of a message: kind and code of its failure, None if it did not fail."""

    kind: RefusalKind | None = None
    code: str | None = None


def trip_reason(latest: Sequence[JudgedMessage]) -> str | None:
    """Why sending must stop, with the figures; None if it may go on.

    `latest` are decided messages, newest first. Sending stops if at least half of those
    judged failed.
    """
    judged = latest[:MAX_JUDGED]
    failed = [message for message in judged if message.kind in COUNTED_KINDS]
    if len(judged) < MIN_JUDGED or 2 * len(failed) < len(judged):
        return None
    [(worst, times)] = Counter(failed).most_common(1)
    return (
        f"{len(failed)} of the last {len(judged)} texts were refused or failed for "
        f"their wording, route or number; most often {worst.kind} "
        f"{worst.code or 'without a code'}, {times} times"
    )
