"""`SqlVolumeGuardStore`: the reminders of an office's day, and their forecasts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, func, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_alarm
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import (
    OPEN_MESSAGE,
    forecasts,
    golives,
    messages,
    pauses,
    reminders,
    slots,
)
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.reminders.transitions import IS_DUE
from service.adapters.store.slots.due_counts import (
    count_due,
    is_carried_over,
    is_due_between,
    is_overdue_slot,
)
from service.adapters.store.slots.frozen_forecasts import (
    checked_until,
    counted_until,
    record_checked_until,
    record_counted_until,
)
from service.domain.reminders.volume_guard import GUARD_NAME
from service.domain.reports.period import ReportPeriod
from service.flow.sending.volume_guard import DayCounts, DayForecast, VolumeGuardStore


class SqlVolumeGuardStore(VolumeGuardStore):
    """Counts by slots and partial indexes, cheap enough for every tick."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def started_authorities(self) -> set[str]:
        """The authorities with a type on trial or live."""
        async with self._database.read() as connection:
            found = await connection.execute(select(golives.c.authority).distinct())
            return set(found.scalars())

    async def forecasts(
        self, first_on: date
    ) -> Mapping[str, Mapping[date, DayForecast]]:
        """The stored forecasts of the days from `first_on` on, by office."""
        found = defaultdict[str, dict[date, DayForecast]](dict)
        wanted = select(forecasts).where(forecasts.c.day >= first_on)
        async with self._database.read() as connection:
            for row in await connection.execute(wanted):
                confirmed = row.confirmed_by is not None
                found[row.office][row.day] = DayForecast(
                    row.reminders, row.made_at, confirmed
                )
        return found

    async def count_day(
        self,
        today: ReportPeriod,
        ahead: ReportPeriod,
        authorities: Sequence[str],
        now: datetime,
    ) -> DayCounts:
        """Count what falls due today and ahead, and what is left from before.

        Carried over are reminders that the guard let pass before and that still wait,
        and those sent today already.
        """
        of_office = slots.c.authority.in_(authorities)
        span = is_due_between(today.starts_at, ahead.ends_at)
        since = today.starts_at
        async with self._database.read() as connection:
            passed = _is_checked(await checked_until(connection))
            left = is_carried_over(since, today.ends_at, authorities)
            return DayCounts(
                due=await count_due(connection, of_office, span),
                overdue=await count_due(
                    connection, of_office, is_overdue_slot(since, now)
                ),
                carried_over=await _count(connection, left, passed)
                + await _count_sent(connection, authorities, since),
            )

    async def store_forecasts(
        self, office: str, today: date, expected: Mapping[date, int], now: datetime
    ) -> None:
        """Store the forecasts of an office; only today's may replace an earlier one.

        The first process that stores the last of these days has opened the day; no
        other process opens it again.
        """
        rows = [
            {"office": office, "day": day, "reminders": number, "made_at": now}
            for day, number in sorted(expected.items(), reverse=True)
        ]
        async with self._database.write() as connection:
            missing = insert_into(connection, forecasts).on_conflict_do_nothing()
            if not (await connection.execute(missing, rows[0])).rowcount:
                return
            await connection.execute(missing, rows)
            of_today = insert_into(connection, forecasts).values(
                office=office, day=today, reminders=expected[today], made_at=now
            )
            await connection.execute(
                of_today.on_conflict_do_update(
                    index_elements=["office", "day"],
                    set_={"reminders": expected[today]},
                )
            )

    async def has_sendable(self, now: datetime) -> bool:
        """Whether anything is due and not held beyond `now`."""
        any_ = select(exists().where(IS_DUE, reminders.c.next_at <= now))
        async with self._database.read() as connection:
            return bool((await connection.execute(any_)).scalar())

    async def count_sendable(self, now: datetime) -> tuple[datetime, Mapping[str, int]]:
        """Count such reminders by authority, paused ones too; the instant of the count.

        Reminders created after this count are created after that instant.
        """
        wanted = (
            select(
                reminders.c.authority,
                func.count().label("reminders"),
                func.max(reminders.c.state_at).label("newest"),
            )
            .where(IS_DUE, reminders.c.next_at <= now)
            .group_by(reminders.c.authority)
        )
        async with self._database.write() as connection:
            rows = (await connection.execute(wanted)).all()
            newest = max((row.newest for row in rows), default=None)
            until = await record_counted_until(connection, newest, now)
        return until, {row.authority: row.reminders for row in rows}

    async def counted_until(self) -> datetime | None:
        """The instant of the last count; None if there was none."""
        async with self._database.read() as connection:
            return await counted_until(connection)

    async def count_today(
        self, authorities: Sequence[str], since: datetime, now: datetime
    ) -> int:
        """Count such reminders, and those first sent since then or under way."""
        is_due = (IS_DUE, reminders.c.next_at <= now)
        of_office = reminders.c.authority.in_(authorities)
        async with self._database.read() as connection:
            due = await _count(connection, *is_due, of_office)
            return due + await _count_sent(connection, authorities, since)

    async def pause_office(
        self, office: str, day: date, reason: str, now: datetime
    ) -> bool:
        """Pause an office, with an alarm; False if it is held or confirmed already."""
        confirmed = select(forecasts.c.confirmed_by).where(
            forecasts.c.office == office, forecasts.c.day == day
        )
        async with self._database.write(confirmed=True) as connection:
            if (await connection.execute(confirmed)).scalar() is not None:
                return False
            inserted = await connection.execute(
                insert_into(connection, pauses)
                .values(
                    scope=f"office:{office}", since=now, by=GUARD_NAME, reason=reason
                )
                .on_conflict_do_nothing()
            )
            if inserted.rowcount:
                detail = {"office": office, "reason": reason}
                await log_alarm(connection, GUARD_NAME, detail, now)
            return bool(inserted.rowcount)

    async def mark_checked(self, now: datetime) -> None:
        """Store the instant up to which the guard has counted."""
        async with self._database.write() as connection:
            await record_checked_until(connection, now)


async def _count(connection: AsyncConnection, *where: ColumnElement[bool]) -> int:
    counted = select(func.count()).select_from(reminders).where(*where)
    return int((await connection.execute(counted)).scalar_one())


def _is_checked(until: datetime | None) -> ColumnElement[bool]:
    """Condition: the guard let the reminder pass at an earlier check, if any.

    A requeued reminder became due again, but had been claimed before.
    """
    if until is None:
        return true()
    return or_(reminders.c.message_id.is_not(None), reminders.c.state_at <= until)


async def _count_sent(
    connection: AsyncConnection,
    authorities: Sequence[str],
    since: datetime,
) -> int:
    open_ids = select(messages.c.id).where(text(OPEN_MESSAGE))
    of_office = reminders.c.authority.in_(authorities)
    sent = await _count(connection, reminders.c.sent_at >= since, of_office)
    return sent + await _count(
        connection,
        reminders.c.message_id.in_(open_ids),
        reminders.c.sent_at.is_(None),
        of_office,
    )
