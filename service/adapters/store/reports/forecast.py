"""`ForecastStore`: reminders to come, by type and instant."""

from collections.abc import Sequence

from sqlalchemy import func, select

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import reminders, slots
from service.adapters.store.slots.due import between, falling, put_off, waiting
from service.domain.reports.forecast import Falling
from service.domain.reports.period import ReportPeriod
from service.domain.reports.period import between as between_days


class ForecastStore:
    """Counts by slots: what is to come is stored nowhere permit by permit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def falling(
        self, days: ReportPeriod, authorities: Sequence[str]
    ) -> list[Falling]:
        """What falls due on some days, and what is due already and waits for them."""
        mine = slots.c.authority.in_(authorities)
        to_come = falling(mine, between(days.starts_at, days.ends_at))
        held = (
            select(reminders.c.rule, reminders.c.next_at, func.count())
            .where(waiting(days.starts_at, days.ends_at, authorities))
            .group_by(reminders.c.rule, reminders.c.next_at)
        )
        today = between_days(days.first_on, days.first_on, days.zone)
        later = (
            select(
                reminders.c.rule, reminders.c.due_at, reminders.c.next_at, func.count()
            )
            .where(put_off(days.starts_at, today.ends_at, authorities))
            .group_by(reminders.c.rule, reminders.c.due_at, reminders.c.next_at)
        )
        async with self._database.read() as connection:
            found = [
                Falling(*row)
                for counted in (to_come, held)
                for row in await connection.execute(counted)
            ]
            for rule, due_at, next_at, count in await connection.execute(later):
                found.append(Falling(rule, due_at, -count))
                if next_at < days.ends_at:
                    found.append(Falling(rule, next_at, count))
            return found
