"""Which permits a full export of a register holds, all of them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

ALLOWED_ABSENT: Final = 10
"""Permits that may be absent from a small register without anybody being asked."""

_ALLOWED_SHARE: Final = 20
"""One permit in so many may be absent: 5 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotScope:
    """Permits of one register that a full export of it would name.

    Without `authorities` or `rules` those of all. An authority stands for those below
    it too.
    """

    authorities: Collection[str] = ()
    rules: Collection[str] = ()


def needs_confirmation(absent: int, permits: int) -> bool:
    """Whether more permits are absent than a person need not look at."""
    return absent > max(permits / _ALLOWED_SHARE, ALLOWED_ABSENT)
