"""After a storm: the provider is well again, and everything comes to its end."""

import asyncio
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from signal import SIGTERM
from time import monotonic
from typing import Final

from tests.chaos.ledger import connected
from tests.chaos.office import OFFICE, ZONE, Office, ten_on
from tests.chaos.storm import Storm
from tests.chaos.witness import Witness, events

PATIENCE: Final = 120.0
"""Seconds in which less must wait than ever before, once nothing fails any more."""

_MOST_DAYS: Final = 30

_UNEXPANDED = "SELECT count(*) FROM slots WHERE expanded_at IS NULL AND due_at <= :now"
"""Slots that are due and have no reminders yet."""

_NOW = (
    "SELECT count(*) FROM reminders WHERE state IN ('sending', 'uncertain') "
    "OR state IN ('due', 'retrying') AND next_at <= :now "
)
"""Reminders that can go on at this moment."""

_UNHEARD = "SELECT provider_id FROM messages WHERE state IN ('accepted', 'sent')"
_TO_ASK = f"{_UNHEARD} AND coalesce(ask_at, accepted_at) < :now"
"""Those that the provider is asked about at this moment: none of today's yet."""

_LATER = "SELECT min(next_at) FROM reminders WHERE state IN ('due', 'retrying')"


async def settle(storm: Storm) -> None:
    """Let days pass until nothing waits."""
    await storm.weather.sandbox.clear()
    office = storm.office
    for _ in range(_MOST_DAYS):
        await _day(storm)
        later = _later(office)
        if later is None and not _unheard(office, _UNHEARD):
            return
        tomorrow = storm.today + timedelta(days=1)
        storm.today = max(tomorrow, later or tomorrow)
        await office.move(storm.today)
    raise AssertionError(f"after {_MOST_DAYS} quiet days something still waits")


async def _day(storm: Storm) -> None:
    """Serve until nothing waits that need not wait for another day."""
    life = await storm.begin()
    given_up_at, least = monotonic() + PATIENCE, dict[str, int]()
    try:
        while waiting := _waiting(storm):
            [(what, count)] = waiting.items()
            if count < least.setdefault(what, count):
                given_up_at, least[what] = monotonic() + PATIENCE, count
            assert life.process.returncode is None, life.said.read_text()
            assert monotonic() < given_up_at, f"{waiting} still open: {life.said}"
            await storm.operator.tend()
            await asyncio.sleep(0.1)
    finally:
        await life.end(SIGTERM)


def _waiting(storm: Storm) -> dict[str, int]:
    """What could go on at this moment: reminders, and words not yet heard."""
    now = f"{ten_on(storm.today):%Y-%m-%d %H:%M:%S.%f}"
    with connected(storm.office.url) as database:
        ((slots,),) = database.execute(_UNEXPANDED, {"now": now})
        ((reminders,),) = database.execute(_NOW, {"now": now})
    if slots:
        return {"slots": slots}
    if reminders:
        return {"reminders": reminders}
    unheard = _unheard(storm.office, _TO_ASK, now)
    return {"last words": unheard} if unheard else {}


def _unheard(office: Office, which: str, now: str = "") -> int:
    """SMS whose last word was said, and the ledger has not heard it."""
    with connected(office.url) as database:
        waiting = [sid for (sid,) in database.execute(which, {"now": now})]
    taken = Witness.of(events(office.log)).sms if waiting else {}
    return sum(not taken[one].silent for one in waiting if one in taken)


def _later(office: Office) -> date | None:
    """The day on which a held reminder is looked at again."""
    with connected(office.url) as database:
        ((found,),) = database.execute(_LATER)
    if found is None:
        return None
    return datetime.fromisoformat(found).replace(tzinfo=UTC).astimezone(ZONE).date()


async def figures(office: Office, until: date) -> dict[str, int]:
    """What `counts` says was sent in all."""
    span = ("--from", "2024-01-01", "--to", str(until), "--format", "json")
    rows = json.loads(await office.must("counts", *span, "--authority", OFFICE))
    sums = Counter[str]()
    for row in rows:
        sums.update({name: row[name] for name in ("messages", "delivered", "failed")})
    return dict(sums)
