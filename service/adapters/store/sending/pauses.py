"""`SqlPauseStore`: pauses, and the simulated clock."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.facts import get_fact, set_instant_fact
from service.adapters.store.db.schema import pauses
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.sending.outcomes.retry import retry_no_route
from service.adapters.store.slots.frozen_forecasts import confirm_day
from service.domain.delivery.operator_request import SCOPE_ALL
from service.domain.delivery.pause import Pause
from service.domain.errors import ConflictError, SetUpError
from service.domain.reminders.volume_guard import GUARD_NAME
from service.flow.sending.pause import PauseStore, ResumeResult

_SIMULATED_FACT = "simulated now"


class SqlPauseStore(PauseStore):
    """Stores what operators pause and resume; each act is logged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pause(self, scope: str, by: str, reason: str, now: datetime) -> None:
        """Pause "all", "rule:CODE", "authority:CODE" or "office:CODE"."""
        async with self._database.write(confirmed=True) as connection:
            inserted = await connection.execute(
                insert_into(connection, pauses)
                .values(scope=scope, since=now, by=by, reason=reason)
                .on_conflict_do_nothing()
            )
            if not inserted.rowcount:
                raise ConflictError(f"{scope}: already paused")
            await log_action(
                connection, now, by, "pause", {"scope": scope, "why": reason}
            )

    async def resume(self, scope: str, by: str, now: datetime) -> ResumeResult:
        """Resume a scope; "all" also retries reminders held for want of a route.

        Raises `ConflictError` if the scope is not paused and no reminder waits so.
        """
        async with self._database.write(confirmed=True) as connection:
            deleted = await connection.execute(
                delete(pauses).where(pauses.c.scope == scope).returning(pauses.c.by)
            )
            paused_by, day = deleted.scalar(), None
            retried = 0
            if scope == SCOPE_ALL:
                retried = await retry_no_route(connection, now)
            if paused_by is None and not retried:
                raise ConflictError(f"{scope}: not paused")
            if paused_by == GUARD_NAME:
                day = await confirm_day(connection, scope.partition(":")[2], by, now)
            detail = {"scope": scope}
            detail |= {"confirmed": str(day)} if day else {}
            detail |= {"tried again": str(retried)} if retried else {}
            await log_action(connection, now, by, "resume", detail)
            return ResumeResult(scope, day, retried)

    async def list_pauses(self) -> Sequence[Pause]:
        """The pauses in force, oldest first."""
        wanted = select(pauses).order_by(pauses.c.since, pauses.c.scope)
        async with self._database.read() as connection:
            return [
                Pause(row.scope, row.since, row.by, row.reason)
                for row in await connection.execute(wanted)
            ]

    async def simulated_now(self) -> datetime | None:
        """The instant of the simulated clock; None for a database in real time."""
        async with self._database.read() as connection:
            found = await get_fact(connection, _SIMULATED_FACT)
        try:
            return datetime.fromisoformat(found) if found else None
        except ValueError:
            raise SetUpError(
                f"facts, {_SIMULATED_FACT}: found {found!r}, expected an instant; "
                "somebody changed it"
            ) from None

    async def set_simulated_now(self, now: datetime) -> None:
        """Mark the database as simulated and set its clock."""
        async with self._database.write() as connection:
            await set_instant_fact(connection, _SIMULATED_FACT, now)
