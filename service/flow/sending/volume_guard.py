"""The volume guard: a day far above its forecast is held until somebody confirms it."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from service.domain.errors import UnknownError
from service.domain.law.authority import Authority
from service.domain.lawbook.law import Law
from service.domain.reminders.volume_guard import AHEAD, Dawn, expected, most, why_held
from service.domain.reports.forecast import Falling
from service.domain.reports.period import ReportPeriod, between
from service.flow.ports import Clock, LawStore

log = logging.getLogger(__name__)

_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Frozen:
    """The forecast written down for a day, and whether more has been confirmed."""

    reminders: int
    made_at: datetime
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What an office's registers say as a day begins; see `Dawn`."""

    falling: Sequence[Falling]
    unborn: Sequence[Falling]
    carried: int


class GuardStore(Protocol):
    """Counting days, writing their forecasts down, and holding an office."""

    async def started(self) -> set[str]:
        """The authorities with a type on trial or live."""

    async def frozen(self, since: date) -> Mapping[str, Mapping[date, Frozen]]:
        """What was written down for the days from `since` on, by office."""

    async def standing(
        self,
        today: ReportPeriod,
        ahead: ReportPeriod,
        authorities: Sequence[str],
        now: datetime,
    ) -> Standing:
        """What today and the days ahead bring, and what today begins with."""

    async def freeze(
        self, office: str, today: date, expected: Mapping[date, int], now: datetime
    ) -> None:
        """Write an office's days down; of them only today's may take another's place.

        Whoever writes the last of them first has begun the day, and nobody else.
        """

    async def waits(self, now: datetime) -> bool:
        """Whether anything is due and not held beyond `now`."""

    async def sendable(self, now: datetime) -> tuple[datetime, Mapping[str, int]]:
        """Such reminders by authority, paused ones too, and until when is counted.

        Whatever is born once this is written is born later.
        """

    async def counted_until(self) -> datetime | None:
        """Until when was counted last; None: never."""

    async def begun(self, authorities: Sequence[str], since: datetime) -> int:
        """Reminders sent for the first time since then, or under way."""

    async def hold(self, office: str, day: date, reason: str, now: datetime) -> bool:
        """Pause what an office sends, and alarm; False if it is held or confirmed."""

    async def passed(self, now: datetime) -> None:
        """Write down that the guard has looked at everything until now."""


_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Guarding:
    """What the guard needs of the outside."""

    laws: LawStore
    store: GuardStore
    clock: Clock


async def foresee(to: Guarding) -> Mapping[str, Mapping[date, Frozen]]:
    """Begin the day of every office that has not begun it; the forecasts there are.

    Before reminders are born: what is to come is counted by slots, and what fell due
    while nothing ran is told from what came in late.
    """
    law, now = await to.laws.law(), to.clock.now()
    offices = _offices(law, await to.store.started())
    known = await _known(to, now)
    begun = False
    for office, authorities in offices.items():
        of_office = known.get(office.code, {})
        today = now.astimezone(office.zone).date()
        if today + AHEAD not in of_office:
            await _begin(office, authorities, of_office, to, now)
            begun = True
    return await _known(to, now) if begun else known


async def _known(to: Guarding, now: datetime) -> Mapping[str, Mapping[date, Frozen]]:
    return await to.store.frozen(now.date() - AHEAD - _A_DAY)


async def _begin(
    office: Authority,
    authorities: Sequence[str],
    known: Mapping[date, Frozen],
    to: Guarding,
    now: datetime,
) -> None:
    zone = office.zone
    today = now.astimezone(zone).date()
    ahead = between(today + _A_DAY, today + AHEAD, zone)
    standing = await to.store.standing(
        between(today, today, zone), ahead, authorities, now
    )
    dawn = Dawn(
        falling=_by_day(standing.falling, zone),
        unborn=_by_day(standing.unborn, zone),
        carried=standing.carried,
    )
    frozen = {day: one.reminders for day, one in known.items()}
    last = max((one.made_at for one in known.values()), default=None)
    last_on = last.astimezone(zone).date() if last else None
    days = {day: dawn.falling.get(day, 0) for day in ahead.each}
    days[today] = expected(today, frozen, last_on, dawn)
    await to.store.freeze(office.code, today, days, now)


def _by_day(found: Iterable[Falling], zone: ZoneInfo) -> Mapping[date, int]:
    counted = Counter[date]()
    for one in found:
        counted[one.at.astimezone(zone).date()] += one.reminders
    return counted


async def look(to: Guarding) -> datetime:
    """Hold every office whose day brings far more than was expected of it.

    An office that sends for several authorities has one day and one forecast. Says
    until when reminders were born that have been looked at.
    """
    now = to.clock.now()
    if not await to.store.waits(now):
        return await to.store.counted_until() or _NEVER
    until, waiting = await to.store.sendable(now)
    known = await foresee(to)
    offices = _offices(await to.laws.law(), await to.store.started())
    for office, authorities in offices.items():
        due = sum(waiting.get(code, 0) for code in authorities)
        today = now.astimezone(office.zone).date()
        frozen = known.get(office.code, {}).get(today)
        if due and frozen and not frozen.confirmed:
            since = between(today, today, office.zone).starts_at
            brought = due + await to.store.begun(authorities, since)
            await _judge(office.code, today, brought, frozen.reminders, to)
    await to.store.passed(until)
    return until


async def _judge(
    office: str, today: date, brought: int, forecast: int, to: Guarding
) -> None:
    if brought <= most(forecast):
        return
    reason = why_held(brought, forecast, office)
    if await to.store.hold(office, today, reason, to.clock.now()):
        log.warning("volume guard: office %s is held: %s", office, reason)


def _offices(law: Law, authorities: Iterable[str]) -> Mapping[Authority, list[str]]:
    """Who texts for some authorities; one without a sender texts nobody."""
    found = defaultdict[str, list[str]](list)
    for code in sorted(authorities):
        with suppress(UnknownError):
            found[law.sender_of(code).code].append(code)
    return {law.authority(code): codes for code, codes in found.items()}
