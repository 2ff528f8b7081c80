"""The speed of expanding due slots, beside the bare INSERT … SELECT.

    python bench/expanding.py [PERMITS]

The reminders of a hundred thousand permits are created, once in thousands of small
groups (an authority, a type, an expiry date) and once in a few large ones. The peer
inserts the same rows, with every column and index, into the same table by one statement
that decides nothing, and as safely: what is committed survives a power cut. Both have
opened their connections before, and have the same page cache.
"""

import asyncio
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Final

from office import NOW, STORED, copied, fill, groups, installed

from service.adapters.clock import SimulatedClock
from service.adapters.store.db.database import Database
from service.adapters.store.slots.expand import SqlExpandStore
from service.flow.sending.expand import expand

ROUNDS: Final = 5
SMALL, LARGE = 2_000, 24
_BEFORE: Final = NOW - timedelta(days=4000)

_BARE: Final = """
    INSERT INTO reminders (permit_id, expires_on, step, rule, authority, version_id,
    template, due_at, until_at, closes_at, born_at, state, reason, state_at, next_at,
    returned, retries)
    SELECT p.id, p.expires_on, s.step, p.rule, p.authority, s.version_id, s.template,
    s.due_at, s.until_at, s.closes_at, ?1, 'due', NULL, ?1, s.due_at, 0, 0
    FROM slots s JOIN permits p ON p.series = s.series AND p.authority = s.authority
    AND p.expires_on = s.expires_on
    WHERE s.due_at <= ?1"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one run by the wall clock and of this process, and its rows."""

    wall: float
    busy: float
    rows: int


async def ours(file: Path) -> Spent:
    """Expand what is due, in a service that has run before, when nothing was due."""
    database = Database(f"sqlite:///{file}")
    store, clock = SqlExpandStore(database), SimulatedClock(NOW)
    assert await expand(store, SimulatedClock(_BEFORE)) == 0
    began = perf_counter(), process_time()
    created = await expand(store, clock)
    spent = _since(*began, created)
    await database.dispose()
    return spent


def theirs(file: Path) -> Spent:
    """The same rows, by nothing but SQL."""
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("PRAGMA cache_size = -4096")
        raw.execute("PRAGMA foreign_keys = ON")
        began = perf_counter(), process_time()
        with raw:
            done = raw.execute(_BARE, (NOW.strftime(STORED),))
        return _since(*began, done.rowcount)


def _since(wall: float, busy: float, rows: int) -> Spent:
    return Spent(perf_counter() - wall, process_time() - busy, rows)


async def compare(folder: Path, permits: int, count: int) -> None:
    """In turns, ours and theirs, each on a database of its own."""
    prepared = folder / f"{count}.db"
    fill(prepared, permits, groups(await installed(prepared), count))
    mine, others = list[Spent](), list[Spent]()
    for at in range(ROUNDS):
        mine.append(await ours(copied(prepared, folder / f"{count}-{at}.db")))
        others.append(theirs(copied(prepared, folder / f"{count}-{at}-bare.db")))
    assert {one.rows for one in mine + others} == {permits}
    took, bare = (median(one.wall for one in some) for some in (mine, others))
    busy, least = (median(one.busy for one in some) for some in (mine, others))
    print(
        f"expanding: {bare / took:.2f} of the bare INSERT's speed; "
        f"{permits / took:,.0f} reminders/s, bare {permits / bare:,.0f}/s "
        f"({busy / permits * 1e6:.1f} and {least / permits * 1e6:.1f} µs of processor "
        f"a reminder; {permits:,} permits in {count:,} groups, medians of {ROUNDS})"
    )


async def main(permits: int) -> None:
    with TemporaryDirectory(prefix="permit-reminders-bench-") as folder:
        for count in (SMALL, LARGE):
            await compare(Path(folder), permits, count)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
