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
from service.domain.reminders.volume_guard import (
    FREEZE_AHEAD,
    DayOpening,
    allowed,
    day_held_reason,
    forecast_today,
)
from service.domain.reports.forecast import DueCount
from service.domain.reports.period import ReportPeriod, period_between
from service.flow.ports import Clock, LawStore

log = logging.getLogger(__name__)

_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayForecast:
    """The forecast written down for a day, and whether more has been confirmed."""

    reminders: int
    made_at: datetime
    confirmed: bool


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What an office's registers say as a day begins; see `Dawn`."""

    due: Sequence[DueCount]
    overdue: Sequence[DueCount]
    carried_over: int


class VolumeGuardStore(Protocol):
    """Counting days, writing their forecasts down, and holding an office."""

    async def started_authorities(self) -> set[str]:
        """The authorities with a type on trial or live."""

    async def forecasts(
        self, first_on: date
    ) -> Mapping[str, Mapping[date, DayForecast]]:
        """What was written down for the days from `since` on, by office."""

    async def count_day(
        self,
        today: ReportPeriod,
        ahead: ReportPeriod,
        authorities: Sequence[str],
        now: datetime,
    ) -> DayCounts:
        """What today and the days ahead bring, and what today begins with."""

    async def store_forecasts(
        self, office: str, today: date, expected: Mapping[date, int], now: datetime
    ) -> None:
        """Write an office's days down; of them only today's may take another's place.

        Whoever writes the last of them first has begun the day, and nobody else.
        """

    async def has_sendable(self, now: datetime) -> bool:
        """Whether anything is due and not held beyond `now`."""

    async def count_sendable(self, now: datetime) -> tuple[datetime, Mapping[str, int]]:
        """Such reminders by authority, paused ones too, and until when is counted.

        Whatever is born once this is written is born later.
        """

    async def counted_until(self) -> datetime | None:
        """Until when was counted last; None: never."""

    async def count_sent(self, authorities: Sequence[str], since: datetime) -> int:
        """Reminders sent for the first time since then, or under way."""

    async def pause_office(
        self, office: str, day: date, reason: str, now: datetime
    ) -> bool:
        """Pause what an office sends, and alarm; False if it is held or confirmed."""

    async def mark_checked(self, now: datetime) -> None:
        """Write down that the guard has looked at everything until now."""


_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class VolumeGuardDeps:
    """What the guard needs of the outside."""

    law_store: LawStore
    store: VolumeGuardStore
    clock: Clock


async def open_day(deps: VolumeGuardDeps) -> Mapping[str, Mapping[date, DayForecast]]:
    """Begin the day of every office that has not begun it; the forecasts there are.

    Before reminders are born: what is to come is counted by slots, and what fell due
    while nothing ran is told from what came in late.
    """
    law, now = await deps.law_store.current_law(), deps.clock.now()
    offices = _authorities_by_office(law, await deps.store.started_authorities())
    known = await _load_forecasts(deps, now)
    begun = False
    for office, authorities in offices.items():
        of_office = known.get(office.code, {})
        today = now.astimezone(office.zone).date()
        if today + FREEZE_AHEAD not in of_office:
            await _open_office_day(office, authorities, of_office, deps, now)
            begun = True
    return await _load_forecasts(deps, now) if begun else known


async def _load_forecasts(
    deps: VolumeGuardDeps, now: datetime
) -> Mapping[str, Mapping[date, DayForecast]]:
    return await deps.store.forecasts(now.date() - FREEZE_AHEAD - _A_DAY)


async def _open_office_day(
    office: Authority,
    authorities: Sequence[str],
    known: Mapping[date, DayForecast],
    deps: VolumeGuardDeps,
    now: datetime,
) -> None:
    zone = office.zone
    today = now.astimezone(zone).date()
    ahead = period_between(today + _A_DAY, today + FREEZE_AHEAD, zone)
    standing = await deps.store.count_day(
        period_between(today, today, zone), ahead, authorities, now
    )
    dawn = DayOpening(
        due=_count_by_day(standing.due, zone),
        overdue=_count_by_day(standing.overdue, zone),
        carried_over=standing.carried_over,
    )
    frozen = {day: one.reminders for day, one in known.items()}
    last = max((one.made_at for one in known.values()), default=None)
    last_on = last.astimezone(zone).date() if last else None
    days = {day: dawn.due.get(day, 0) for day in ahead.days}
    days[today] = forecast_today(today, frozen, last_on, dawn)
    await deps.store.store_forecasts(office.code, today, days, now)


def _count_by_day(found: Iterable[DueCount], zone: ZoneInfo) -> Mapping[date, int]:
    counted = Counter[date]()
    for one in found:
        counted[one.due_at.astimezone(zone).date()] += one.reminders
    return counted


async def check_volume(deps: VolumeGuardDeps) -> datetime:
    """Hold every office whose day brings far more than was expected of it.

    An office that sends for several authorities has one day and one forecast. Says
    until when reminders were born that have been looked at.
    """
    now = deps.clock.now()
    if not await deps.store.has_sendable(now):
        return await deps.store.counted_until() or _BEFORE_ALL
    until, waiting = await deps.store.count_sendable(now)
    known = await open_day(deps)
    offices = _authorities_by_office(
        await deps.law_store.current_law(), await deps.store.started_authorities()
    )
    for office, authorities in offices.items():
        due = sum(waiting.get(code, 0) for code in authorities)
        today = now.astimezone(office.zone).date()
        frozen = known.get(office.code, {}).get(today)
        if due and frozen and not frozen.confirmed:
            since = period_between(today, today, office.zone).starts_at
            brought = due + await deps.store.count_sent(authorities, since)
            await _judge_day(office.code, today, brought, frozen.reminders, deps)
    await deps.store.mark_checked(until)
    return until


async def _judge_day(
    office: str, today: date, reminders_today: int, forecast: int, deps: VolumeGuardDeps
) -> None:
    if reminders_today <= allowed(forecast):
        return
    reason = day_held_reason(reminders_today, forecast, office)
    if await deps.store.pause_office(office, today, reason, deps.clock.now()):
        log.warning("volume guard: office %s is held: %s", office, reason)


def _authorities_by_office(
    law: Law, authorities: Iterable[str]
) -> Mapping[Authority, list[str]]:
    """Who texts for some authorities; one without a sender texts nobody."""
    found = defaultdict[str, list[str]](list)
    for code in sorted(authorities):
        with suppress(UnknownError):
            found[law.sending_office(code).code].append(code)
    return {law.authority(code): codes for code, codes in found.items()}
