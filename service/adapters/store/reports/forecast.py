"""Reminders to come, counted by rule and instant."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects.replay import known_until
from service.adapters.store.db.schema import reminders, slots
from service.adapters.store.slots.due_counts import (
    count_due,
    is_carried_over,
    is_due_between,
    is_held_beyond,
)
from service.domain.reports.forecast import DueCount
from service.domain.reports.period import ReportPeriod, period_between
from service.flow.reports.forecast import ForecastStore


class SqlForecastStore(ForecastStore):
    """Counts permits by slot, because coming reminders are not stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known_until(self, now: datetime) -> datetime:
        """Now, or what a replica has replayed."""
        async with self._database.read() as connection:
            return await known_until(connection, now)

    async def count_due(
        self, days: ReportPeriod, authorities: Sequence[str]
    ) -> list[DueCount]:
        """Reminders that fall due on these days, or are due already and wait for them.

        Reminders held beyond today move from the day of their slot to the day until
        which they are held: a negative count takes them away from the former.
        """
        carried_over = (
            select(reminders.c.rule, reminders.c.next_at, func.count())
            .where(is_carried_over(days.starts_at, days.ends_at, authorities))
            .group_by(reminders.c.rule, reminders.c.next_at)
        )
        today = period_between(days.first_on, days.first_on, days.zone)
        held_beyond = (
            select(
                reminders.c.rule, reminders.c.due_at, reminders.c.next_at, func.count()
            )
            .where(is_held_beyond(days.starts_at, today.ends_at, authorities))
            .group_by(reminders.c.rule, reminders.c.due_at, reminders.c.next_at)
        )
        async with self._database.read() as connection:
            found = await count_due(
                connection,
                slots.c.authority.in_(authorities),
                is_due_between(days.starts_at, days.ends_at),
                with_sent=True,
            )
            for row in await connection.execute(carried_over):
                found.append(DueCount(*row))
            for rule, due_at, next_at, count in await connection.execute(held_beyond):
                found.append(DueCount(rule, due_at, -count))
                if next_at < days.ends_at:
                    found.append(DueCount(rule, next_at, count))
            return found
