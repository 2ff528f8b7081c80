"""When sending stops by itself: too many of the latest texts were refused."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from service.domain.delivery.outcome import RefusalKind

MAX_JUDGED: Final = 50
"""So many of the latest messages are looked at; of fewer than `LEAST` nothing can be
said, of more than half of them wrong everything."""

MIN_JUDGED: Final = 20

MAX_AGE: Final = timedelta(hours=24)
"""What is older says nothing of today."""

RECEIPT_GRACE: Final = timedelta(minutes=1)
"""By then a carrier has said what it filters: younger messages are not judged by what
the provider has said since it took them."""

COUNTED_KINDS: Final = frozenset(
    {RefusalKind.BAD_CONTENT, RefusalKind.ROUTE, RefusalKind.BAD_NUMBER}
)
"""About our texts, our routes and our registers. Not who has opted out, and not what
passes by itself."""


@dataclass(frozen=True, slots=True)
class JudgedMessage:
    """What became of a message: why it was refused or failed, if it was."""

    kind: RefusalKind | None = None
    code: str | None = None


def trip_reason(latest: Sequence[JudgedMessage]) -> str | None:
    """Why sending must stop, with the figures; None where it may go on.

    `latest` are messages that are decided, the newest first: at least half of them
    wrong is too many.
    """
    judged = latest[:MAX_JUDGED]
    wrong = [one for one in judged if one.kind in COUNTED_KINDS]
    if len(judged) < MIN_JUDGED or 2 * len(wrong) < len(judged):
        return None
    [(worst, times)] = Counter(wrong).most_common(1)
    return (
        f"{len(wrong)} of the last {len(judged)} texts were refused or failed for "
        f"their wording, route or number; most often {worst.kind} "
        f"{worst.code or 'without a code'}, {times} times"
    )
