"""Whether the machine's clock was moved, measured beside one that only goes on.

An absence from the provider's list proves something only if it lasts. A clock that
jumps ahead between two questions would make seconds of it look like an hour.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final, Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.facts import get_fact, set_fact
from service.adapters.store.db.types import database_now
from service.flow.monotonic import monotonic_now

_FACT: Final = "clock reading"
"""Key of the fact that stores what both clocks showed at the same time: a line for
each boot of each machine whose workers share the ledger."""

_TOLERANCE: Final = 2.0
"""Seconds by which both clocks may differ: a clock that is corrected bit by bit."""

_LONGEST_READING: Final = 1.0
"""Seconds; a reading that took longer, on a busy machine, compares nothing."""

_KEPT: Final = 60.0
"""Seconds for which a reading is kept: each pass writes no more than it has to."""

_FORGOTTEN: Final = timedelta(days=1)
"""After which the reading of another machine goes: it may never come back."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the clock and the monotonic clock of a boot of this machine showed."""

    boot: str
    seconds: float
    at: datetime

    @classmethod
    def parse(cls, stored: str) -> Self | None:
        """Read what `__str__` wrote; None if somebody changed it."""
        try:
            boot, seconds, at = stored.split()
            return cls(boot, float(seconds), datetime.fromisoformat(at))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.boot} {self.seconds:.3f} {self.at.isoformat()}"

    def jumped_since(self, former: Self) -> bool:
        """Whether more or less time has passed on the clock than in truth."""
        passed = self.seconds - former.seconds
        return abs((self.at - former.at).total_seconds() - passed) > _TOLERANCE


async def has_clock_jumped(connection: AsyncConnection) -> bool:
    """Whether the database's clock was moved since the last pass on this machine.

    On a boot that the ledger does not know nobody knows: the machine may have been
    restarted, and its clock is perhaps the database's.
    """
    present = await _read_clocks(connection)
    if present is None:
        return False
    stored = (await get_fact(connection, _FACT) or "").splitlines()
    known = {one.boot: one for one in map(_Reading.parse, stored) if one is not None}
    former = known.pop(present.boot, None)
    jumped = bool(known) if former is None else present.jumped_since(former)
    if former is None or jumped or present.seconds - former.seconds > _KEPT:
        others = [it for it in known.values() if abs(present.at - it.at) < _FORGOTTEN]
        await set_fact(connection, _FACT, "\n".join(map(str, [present, *others])))
    return jumped


async def _read_clocks(connection: AsyncConnection) -> _Reading | None:
    before = monotonic_now()
    at = (await connection.execute(select(database_now()))).scalar_one()
    seconds = monotonic_now()
    if seconds - before > _LONGEST_READING:
        return None
    return _Reading(_boot_id(), seconds, at)


@cache
def _boot_id() -> str:
    """Names a boot of this machine on Linux: see random(4)."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return "unknown"
