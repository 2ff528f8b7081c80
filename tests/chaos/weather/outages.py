"""Times in which the provider takes nothing, and times in which its list lies.

A list that lies hides all of a country, or writes all its numbers in another way: the
promise is that such a list proves nothing. A list that hides one message and shows its
neighbours is beyond it (`tests/chaos/weather/faults.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from service.sandbox.faults import (
    Broken,
    Busy,
    Fault,
    Hang,
    HiddenMessages,
    LostAnswer,
    RewrittenNumbers,
)

REFUSED: Final = "refused"
"""Nobody listens: the sandbox is stopped, and started again on the same port."""

_ASKED: Final = ("list", "fetch")
_DECADE: Final = 315_360_000
"""Seconds of a Retry-After that nobody should wait for."""

OUTAGES: Final[Mapping[str, Sequence[Fault]]] = {
    "503": [Broken(status=503)],
    "503, list down": [Broken(status=503, on=("create", *_ASKED))],
    "503, but taken": [Broken(status=503, taken=True)],
    "silent": [Hang()],
    "silent, list down": [Hang(on=("create", *_ASKED))],
    "silent, but taken": [Hang(taken=True)],
    "429 for ten years": [Busy(on=("create", *_ASKED), retry_after=_DECADE)],
}
"""What strikes every request, by what the summary calls it."""

LIES: Final[Mapping[str, Sequence[Fault]]] = {
    "list hides a country": [
        HiddenMessages(prefix="+1"),
        LostAnswer(share=0.5),
    ],
    "list rewrites numbers": [
        RewrittenNumbers(prefix="+1", instead="001"),
        Broken(status=502, html=True, taken=True, share=0.5),
    ],
    "list shows numbers without a plus": [
        RewrittenNumbers(prefix="+1", instead="1"),
        LostAnswer(share=0.3),
        Hang(share=0.3),
    ],
    "503, but taken, list hides a country": [
        HiddenMessages(prefix="+1"),
        Broken(status=503, taken=True),
    ],
}
"""Lists that do not show what was taken, while answers are lost."""
