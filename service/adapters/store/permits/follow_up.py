"""What a changed permit does to its reminders: ends, reopenings, late births."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import in_pieces
from service.adapters.store.db.schema import permits, reminders
from service.adapters.store.reminders.candidates import read, reminders_with_permits
from service.adapters.store.reminders.reopen import reopen
from service.adapters.store.reminders.transitions import Key, move, these
from service.adapters.store.slots.births import Alike, bear, supersede
from service.adapters.store.slots.expand import groups_of, take_back
from service.adapters.store.slots.group_key import GroupKey, key_of, of_groups
from service.domain.delivery.status import ReminderState
from service.domain.permits.permit import PermitStatus
from service.domain.reminders.eligibility import End, ended
from service.flow.rows import DueGroup


async def end_overtaken(
    connection: AsyncConnection, permit_ids: Sequence[str], now: datetime
) -> None:
    """End the due reminders of these permits that the permits no longer ask for."""
    ends: dict[End, list[Key]] = defaultdict(list)
    for piece in in_pieces(permit_ids):
        due = reminders_with_permits(
            reminders.c.permit_id.in_(piece), reminders.c.state == ReminderState.DUE
        )
        rows = (await connection.execute(due)).all()
        for it in await read(connection, rows):
            if end := ended(it.candidate, now):
                ends[end].append((it.row.permit_id, it.row.expires_on, it.row.step))
    for end, keys in ends.items():
        await move(connection, these(keys), end.state, now, reason=end.reason)


async def bear_current(
    connection: AsyncConnection, permit_ids: Sequence[str], now: datetime
) -> None:
    """Where the current step is already expanded, give these permits their row.

    A row that ended without any provider accepting it is reopened when its cause is
    gone, so that a permit withdrawn by mistake is not lost.
    """
    joined: dict[GroupKey, list[str]] = defaultdict(list)
    for piece in in_pieces(permit_ids):
        chosen = select(permits).where(permits.c.id.in_(piece))
        for row in await connection.execute(chosen):
            members = joined[row.series, row.authority, row.expires_on]
            members += [row.id] if _reminded_of(row) else []
    await take_back(connection, joined, now)
    for group in await groups_of(connection, joined, now):
        if ids := joined[key_of(group)]:
            await _bear_in(connection, group, ids, now)


def _reminded_of(permit: Row[Any]) -> bool:
    active = permit.status == PermitStatus.ACTIVE and not permit.replaced
    return active and permit.renewal_filed_on is None


async def _bear_in(
    connection: AsyncConnection, group: DueGroup, ids: Sequence[str], now: datetime
) -> None:
    plan = group.births(now)
    if plan.current is None or plan.current.step in group.unexpanded:
        return
    mine = reminders.c.permit_id.in_(ids)
    await reopen(connection, group, plan.current, mine, now)
    births, groups = Alike.of(plan.rows[-1]), of_groups(connection, [key_of(group)])
    await bear(connection, births, groups, now, permits.c.id.in_(ids))
    if births.state is ReminderState.DUE:
        await supersede(connection, births.step, groups, now)
