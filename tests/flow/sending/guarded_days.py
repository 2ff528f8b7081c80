"""An office with a steady register, passed over by whole ticks."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from service.adapters.store.sending.receive import SqlReceiveStore
from service.adapters.store.sending.volume_guard import SqlVolumeGuardStore
from service.adapters.store.slots.expand import SqlExpandStore
from service.domain.permits.permit import Permit
from service.flow.sending.tick import TickDeps, tick
from service.flow.sending.volume_guard import VolumeGuardDeps
from tests.flow.ledger import EXPIRES, OFFICE, PATIENCE, Ledger, permit
from tests.flow.permits.lookups import asking

DAY, HOUR = timedelta(days=1), timedelta(hours=1)

AREAS = (201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217)

STEADY = 30
"""Permits of a register that many tests begin with: others have other numbers."""

_numbers = count()


def many(how_many: int, expires_on: date = EXPIRES, **more: Any) -> Iterator[Permit]:  # noqa: ANN401 - fields
    """Permits of as many holders with a phone each."""
    for _ in range(how_many):
        number = STEADY + next(_numbers) % (1500 - STEADY)
        yield numbered(number, expires_on, **more)


def numbered(number: int, expires_on: date = EXPIRES, **more: Any) -> Permit:  # noqa: ANN401 - fields
    """The permit with this number, below 1500, of a holder with a phone of its own."""
    phone = f"+1{AREAS[number // 100]}55501{number % 100:02}"
    name = f"{expires_on:%m%d}-{number:04}"
    return permit(name, expires_on=expires_on, phones=(phone,), **more)


async def pass_at(ledger: Ledger, now: datetime) -> int:
    """Move the clock and tick; how many texts were posted."""
    ledger.clock.move_to(now)
    done = await tick(ticking(ledger))
    return done.posted


def ticking(ledger: Ledger) -> TickDeps:
    """What a pass needs that does all by itself."""
    return TickDeps(
        send_deps=ledger.sending,
        lookup_deps=asking(ledger),
        volume_guard_deps=guarding(ledger),
        expand_store=SqlExpandStore(ledger.database),
        lease_store=ledger.leases,
        settle_store=ledger.unknown,
        receive_store=SqlReceiveStore(ledger.database),
        failover_deps=ledger.failover,
        settle_after=PATIENCE,
        poll_after=HOUR,
    )


def guarding(ledger: Ledger) -> VolumeGuardDeps:
    """What the guard needs."""
    return VolumeGuardDeps(
        ledger.office, SqlVolumeGuardStore(ledger.database), ledger.clock
    )


async def paused(ledger: Ledger) -> dict[str, str]:
    """The pauses in force, with their reasons."""
    return {row.scope: row.reason for row in await ledger.brakes.list_pauses()}


def forecasts(ledger: Ledger, office: str = OFFICE) -> dict[str, int]:
    """What is written down for an office, by day."""
    rows = ledger.rows(
        "SELECT day, reminders FROM forecasts WHERE office = ? ORDER BY day", office
    )
    return {row["day"]: row["reminders"] for row in rows}
