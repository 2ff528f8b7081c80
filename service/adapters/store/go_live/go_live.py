"""Types on trial or live in an authority, and the staff phones of its trials."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import golives, recipients, staff
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.go_live.catch_up import catch_up, end_due_before_start
from service.adapters.store.permits.recipients import ensure_recipient_ids
from service.adapters.store.slots.frozen_forecasts import discard_forecasts
from service.domain.errors import ConflictError
from service.domain.go_live.go_live import GoLive
from service.flow.office.go_live import CatchUpPlan, GoLiveStore, StartedType
from service.flow.permits.encryption import Recipient


class SqlGoLiveStore(GoLiveStore):
    """Starts types and edits staff phones; each act is logged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def started_types(self, authority: str) -> Mapping[str, StartedType]:
        """The types on trial or live in an authority, by rule; others are drafts."""
        wanted = select(golives).where(golives.c.authority == authority)
        async with self._database.read() as connection:
            return {
                row.rule: StartedType(
                    row.state, row.live_from, row.approved_by, row.catch_up_days
                )
                for row in await connection.execute(wanted)
            }

    async def go_live(
        self, start: GoLive, plan: CatchUpPlan | None, now: datetime, by: str
    ) -> int:
        """Start types; how many reminders of a catch-up will be sent.

        Raises `ConflictError` for a type that is live: its start cannot change.
        """
        values = {
            "state": "live",
            "live_from": start.live_from,
            "approved_by": start.approved_by,
            "catch_up_days": start.catch_up_days,
        }
        async with self._database.write(confirmed=True) as connection:
            await _start(connection, start.authority, start.rules, values)
            caught_up = 0
            if plan is None:
                await end_due_before_start(connection, start, now)
            else:
                caught_up = await catch_up(connection, start, plan, now)
            detail = {
                "authority": start.authority,
                "rules": list(start.rules),
                "from": start.live_from.isoformat(),
                "approved by": start.approved_by,
                "catch-up days": start.catch_up_days,
                "caught up": caught_up,
            }
            await discard_forecasts(connection, now)
            await log_action(connection, now, by, "go live", detail)
            return caught_up

    async def take_back(
        self, authority: str, rule_codes: Sequence[str], now: datetime, by: str
    ) -> None:
        """Delete starts that lie ahead; raises `ConflictError` for any other."""
        ahead = delete(golives).where(
            golives.c.authority == authority,
            golives.c.rule.in_(rule_codes),
            golives.c.state == "live",
            golives.c.live_from > now,
        )
        async with self._database.write(confirmed=True) as connection:
            found = await connection.execute(ahead.returning(golives.c.rule))
            taken = set(found.scalars())
            if others := [code for code in rule_codes if code not in taken]:
                raise ConflictError(
                    *(
                        f"{authority}, {code}: no start of it lies ahead; what is live "
                        f"stops with: permit-reminders pause rule:{code}"
                        for code in others
                    )
                )
            detail = {"authority": authority, "rules": list(rule_codes)}
            await discard_forecasts(connection, now)
            await log_action(connection, now, by, "take back", detail)

    async def start_trial(
        self, authority: str, rule_codes: Sequence[str], now: datetime, by: str
    ) -> None:
        """Remind only staff from now on; raises `ConflictError` for a live type."""
        values = {
            "state": "trial",
            "live_from": now,
            "approved_by": by,
            "catch_up_days": 0,
        }
        async with self._database.write(confirmed=True) as connection:
            await _start(connection, authority, rule_codes, values)
            detail = {"authority": authority, "rules": list(rule_codes)}
            await log_action(connection, now, by, "trial", detail)

    async def add_staff(
        self, authority: str, phone: Recipient, name: str, now: datetime, by: str
    ) -> None:
        """Add a phone that trials of this authority and those below it may text."""
        async with self._database.write(confirmed=True) as connection:
            known = await ensure_recipient_ids(connection, [phone])
            await connection.execute(
                insert_into(connection, staff)
                .values(
                    authority=authority, recipient_id=known[phone.digest], name=name
                )
                .on_conflict_do_update(
                    index_elements=["authority", "recipient_id"], set_={"name": name}
                )
            )
            detail = {"authority": authority, "phone": phone.masked}
            await log_action(connection, now, by, "staff add", detail)

    async def remove_staff(
        self, authority: str, phone: Recipient, now: datetime, by: str
    ) -> None:
        """Remove a staff phone; raises `ConflictError` if the authority lacks it."""
        known = select(recipients.c.id).where(recipients.c.digest == phone.digest)
        async with self._database.write(confirmed=True) as connection:
            deleted = await connection.execute(
                delete(staff).where(
                    staff.c.authority == authority,
                    staff.c.recipient_id.in_(known.scalar_subquery()),
                )
            )
            if not deleted.rowcount:
                raise ConflictError(
                    f"{authority}, {phone.masked}: no staff number of this authority"
                )
            detail = {"authority": authority, "phone": phone.masked}
            await log_action(connection, now, by, "staff remove", detail)

    async def count_staff(self, authorities: Sequence[str]) -> int:
        """How many staff phones some authorities have, each phone counted once."""
        wanted = select(func.count(staff.c.recipient_id.distinct())).where(
            staff.c.authority.in_(authorities)
        )
        async with self._database.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())


async def _start(
    connection: AsyncConnection,
    authority: str,
    codes: Sequence[str],
    values: Mapping[str, Any],
) -> None:
    """Store the state of types; raises `ConflictError` if any is live already."""
    refused = []
    for code in codes:
        stored = await connection.execute(
            insert_into(connection, golives)
            .values(authority=authority, rule=code, **values)
            .on_conflict_do_update(
                index_elements=["authority", "rule"],
                set_=values,
                where=golives.c.state == "trial",
            )
        )
        if not stored.rowcount:
            refused.append(f"{authority}, {code}: already live")
    if refused:
        raise ConflictError(*refused)
