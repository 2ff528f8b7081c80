"""The volume guard: hold a day far above its forecast until it is confirmed."""

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
    """The stored forecast of a day, and whether a higher volume is confirmed."""

    reminders: int
    made_at: datetime
    confirmed: bool


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What an office has to send as a day begins; see `DayOpening`."""

    due: Sequence[DueCount]
    overdue: Sequence[DueCount]
    carried_over: int


class VolumeGuardStore(Protocol):
    """Counts and forecasts by day, and the pause of an office."""

    async def started_authorities(self) -> set[str]:
        """The authorities with a type on trial or live."""

    async def forecasts(
        self, first_on: date
    ) -> Mapping[str, Mapping[date, DayForecast]]:
        """The stored forecasts of the days from `first_on` on, by office."""

    async def count_day(
        self,
        today: ReportPeriod,
        ahead: ReportPeriod,
        authorities: Sequence[str],
        now: datetime,
    ) -> DayCounts:
        """Count what falls due today and ahead, and what is left from before."""

    async def store_forecasts(
        self, office: str, today: date, expected: Mapping[date, int], now: datetime
    ) -> None:
        """Store the forecasts of an office; only today's may replace an earlier one.

        The first process that stores the last of these days has opened the day; no
        other process opens it again.
        """

    async def has_sendable(self, now: datetime) -> bool:
        """Whether anything is due and not held beyond `now`."""

    async def count_sendable(self, now: datetime) -> tuple[datetime, Mapping[str, int]]:
        """Count such reminders by authority, paused ones too; the instant of the count.

        Reminders created after this count are created after that instant.
        """

    async def counted_until(self) -> datetime | None:
        """The instant of the last count; None if there was none."""

    async def count_today(
        self, authorities: Sequence[str], since: datetime, now: datetime
    ) -> int:
        """Count such reminders, and those first sent since then or under way.

        At one instant: what another worker sends meanwhile counts once.
        """

    async def pause_office(
        self, office: str, day: date, reason: str, now: datetime
    ) -> bool:
        """Pause an office, with an alarm; False if it is held or confirmed already."""

    async def mark_checked(self, now: datetime) -> None:
        """Store the instant up to which the guard has counted."""


BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)
"""Until when reminders are counted where none ever was."""


@dataclass(frozen=True, slots=True)
class VolumeGuardDeps:
    """The ports that the guard needs."""

    law_store: LawStore
    store: VolumeGuardStore
    clock: Clock


async def open_day(deps: VolumeGuardDeps) -> Mapping[str, Mapping[date, DayForecast]]:
    """Open the day of each office that has not opened it; return the stored forecasts.

    Runs before reminders are created: the forecast counts slots, and what fell due
    while no worker ran is then still distinct from what was registered late.
    """
    law, now = await deps.law_store.current_law(), deps.clock.now()
    offices = _authorities_by_office(law, await deps.store.started_authorities())
    known = await _load_forecasts(deps, now)
    opened = False
    for office, authorities in offices.items():
        of_office = known.get(office.code, {})
        today = now.astimezone(office.zone).date()
        if today + FREEZE_AHEAD not in of_office:
            await _open_office_day(office, authorities, of_office, deps, now)
            opened = True
    return await _load_forecasts(deps, now) if opened else known


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
    counts = await deps.store.count_day(
        period_between(today, today, zone), ahead, authorities, now
    )
    opening = DayOpening(
        due=_count_by_day(counts.due, zone),
        overdue=_count_by_day(counts.overdue, zone),
        carried_over=counts.carried_over,
    )
    frozen = {day: one.reminders for day, one in known.items()}
    last = max((one.made_at for one in known.values()), default=None)
    last_on = last.astimezone(zone).date() if last else None
    days = {day: opening.due.get(day, 0) for day in ahead.days}
    days[today] = forecast_today(today, frozen, last_on, opening)
    await deps.store.store_forecasts(office.code, today, days, now)


def _count_by_day(found: Iterable[DueCount], zone: ZoneInfo) -> Mapping[date, int]:
    counted = Counter[date]()
    for one in found:
        counted[one.due_at.astimezone(zone).date()] += one.reminders
    return counted


async def check_volume(deps: VolumeGuardDeps) -> datetime:
    """Hold each office whose day is far above its forecast.

    An office that sends for several authorities has one day and one forecast. Returns
    the instant up to which created reminders are counted.
    """
    now = deps.clock.now()
    if not await deps.store.has_sendable(now):
        return await deps.store.counted_until() or BEFORE_ALL
    counted_until, waiting = await deps.store.count_sendable(now)
    known = await open_day(deps)
    offices = _authorities_by_office(
        await deps.law_store.current_law(), await deps.store.started_authorities()
    )
    for office, authorities in offices.items():
        is_any_due = any(waiting.get(code) for code in authorities)
        today = now.astimezone(office.zone).date()
        frozen = known.get(office.code, {}).get(today)
        if is_any_due and frozen and not frozen.confirmed:
            since = period_between(today, today, office.zone).starts_at
            total = await deps.store.count_today(authorities, since, now)
            await _judge_day(office.code, today, total, frozen.reminders, deps)
    await deps.store.mark_checked(counted_until)
    return counted_until


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
    """Group authorities by the office that sends for them; leave out those without."""
    found = defaultdict[str, list[str]](list)
    for code in sorted(authorities):
        with suppress(UnknownError):
            found[law.sending_office(code).code].append(code)
    return {law.authority(code): codes for code, codes in found.items()}
