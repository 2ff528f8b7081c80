"""Pausing, resuming, and whether this database is a simulation."""

from collections.abc import Mapping, Sequence
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
    """What a person may start and stop; each act is written down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def log_import(
        self, file: str, counts: Mapping[str, int], by: str, now: datetime
    ) -> None:
        """Write down that a register was loaded, and what its rows came to."""
        async with self._database.write() as connection:
            await log_action(connection, now, by, "import", {"file": file, **counts})

    async def pause(self, scope: str, by: str, reason: str, now: datetime) -> None:
        """Stop sending for "all", "rule:CODE", "authority:CODE" or "office:CODE"."""
        async with self._database.write() as connection:
            made = await connection.execute(
                insert_into(connection, pauses)
                .values(scope=scope, since=now, by=by, reason=reason)
                .on_conflict_do_nothing()
            )
            if not made.rowcount:
                raise ConflictError(f"{scope}: already paused")
            await log_action(
                connection, now, by, "pause", {"scope": scope, "why": reason}
            )

    async def resume(self, scope: str, by: str, now: datetime) -> ResumeResult:
        """Send again, where all is meant also what no way led to.

        Raises `ConflictError` for what is not paused, unless something of that waits.
        """
        async with self._database.write() as connection:
            gone = await connection.execute(
                delete(pauses).where(pauses.c.scope == scope).returning(pauses.c.by)
            )
            paused_by, day = gone.scalar(), None
            tried = await retry_no_route(connection, now) if scope == SCOPE_ALL else 0
            if paused_by is None and not tried:
                raise ConflictError(f"{scope}: not paused")
            if paused_by == GUARD_NAME:
                day = await confirm_day(connection, scope.partition(":")[2], by, now)
            told = {"confirmed": str(day)} if day else {}
            told |= {"tried again": str(tried)} if tried else {}
            await log_action(connection, now, by, "resume", {"scope": scope, **told})
            return ResumeResult(scope, day, tried)

    async def list_pauses(self) -> Sequence[Pause]:
        """The pauses in force, oldest first."""
        wanted = select(pauses).order_by(pauses.c.since, pauses.c.scope)
        async with self._database.read() as connection:
            return [
                Pause(row.scope, row.since, row.by, row.reason)
                for row in await connection.execute(wanted)
            ]

    async def simulated_now(self) -> datetime | None:
        """The simulated clock's instant; None for a database of real time."""
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
