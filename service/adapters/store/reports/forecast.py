"""`ForecastStore`: reminders to come, by type and instant."""

from collections.abc import Sequence

from sqlalchemy import func, select

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import reminders, slots
from service.adapters.store.slots.due import (
    is_carried_over,
    is_due_between,
    is_held_beyond,
    select_due_counts,
)
from service.domain.reports.forecast import DueCount
from service.domain.reports.period import ReportPeriod
from service.domain.reports.period import period_between as between_days


class SqlForecastStore:
    """Counts by slots: what is to come is stored nowhere permit by permit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_due(
        self, days: ReportPeriod, authorities: Sequence[str]
    ) -> list[DueCount]:
        """What falls due on some days, and what is due already and waits for them."""
        mine = slots.c.authority.in_(authorities)
        to_come = select_due_counts(mine, is_due_between(days.starts_at, days.ends_at))
        held = (
            select(reminders.c.rule, reminders.c.next_at, func.count())
            .where(is_carried_over(days.starts_at, days.ends_at, authorities))
            .group_by(reminders.c.rule, reminders.c.next_at)
        )
        today = between_days(days.first_on, days.first_on, days.zone)
        later = (
            select(
                reminders.c.rule, reminders.c.due_at, reminders.c.next_at, func.count()
            )
            .where(is_held_beyond(days.starts_at, today.ends_at, authorities))
            .group_by(reminders.c.rule, reminders.c.due_at, reminders.c.next_at)
        )
        async with self._database.read() as connection:
            found = [
                DueCount(*row)
                for counted in (to_come, held)
                for row in await connection.execute(counted)
            ]
            for rule, due_at, next_at, count in await connection.execute(later):
                found.append(DueCount(rule, due_at, -count))
                if next_at < days.ends_at:
                    found.append(DueCount(rule, next_at, count))
            return found
