"""Groups with slots that are due, found and read with all that decides on them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonQuery
from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import golives, slots
from service.adapters.store.slots.conditions import IS_LIVE, go_live_of
from service.adapters.store.slots.group_key import (
    SLOT_GROUP_COLUMNS,
    SLOT_IN_GROUPS,
    group_key,
    group_params,
)
from service.adapters.store.slots.slot_rows import slot_of
from service.adapters.store.slots.step_order import load_step_orders
from service.domain.deadlines.slot import GroupKey
from service.domain.go_live.go_live import GoLiveState
from service.domain.law.step_order import StepOrder
from service.domain.reminders.planned_reminders import DueGroup


async def find_due_groups(
    connection: AsyncConnection, now: datetime, limit: int
) -> list[GroupKey]:
    """The live groups with a slot that is due and not expanded, the oldest first.

    At most `limit` slots are read, and several may be of one group.
    """
    rows = await _DUE.run(connection, {"now": now, "most": limit})
    return [*dict.fromkeys(map(group_key, rows))]


_NOW: Final = bindparam("now", type_=slots.c.due_at.type)

_DUE: Final = Prepared(
    select(*SLOT_GROUP_COLUMNS)
    .join_from(slots, golives, go_live_of(slots.c))
    .where(
        IS_LIVE,
        golives.c.live_from <= _NOW,
        slots.c.expanded_at.is_(None),
        slots.c.due_at <= _NOW,
    )
    .order_by(slots.c.due_at)
    .limit(bindparam("most", type_=Integer()))
)


async def load_due_groups(
    connection: AsyncConnection,
    keys: Iterable[GroupKey],
    now: datetime,
    state: GoLiveState = "live",
) -> list[DueGroup]:
    """Those of these groups that are live, or on trial, each with all its slots."""
    found: dict[GroupKey, list[Any]] = {key: [] for key in keys}
    asked = group_params(connection, found) | {"now": now, "state": state}
    rows = await _SLOTS_OF_GROUPS.rows(connection, asked)
    for row in sorted(rows, key=attrgetter("due_at")):
        found[group_key(row)].append(row)
    orders = await load_step_orders(connection, {row.rule for row in rows})
    return [_due_group(rows, orders[rows[0].rule]) for rows in found.values() if rows]


_SLOTS_OF_GROUPS = JsonQuery(
    select(
        *(slots.c.rule, *SLOT_GROUP_COLUMNS, slots.c.version_id),
        *(slots.c.step, slots.c.due_at, slots.c.until_at, slots.c.closes_at),
        *(slots.c.template, slots.c.replaces, slots.c.expanded_at),
        *(slots.c.redated_at, golives.c.live_from, golives.c.catch_up_days),
    )
    .join_from(slots, golives, go_live_of(slots.c))
    .where(
        golives.c.state == bindparam("state", type_=golives.c.state.type),
        golives.c.live_from <= _NOW,
        SLOT_IN_GROUPS,
    )
)


def _due_group(rows: Sequence[Any], step_order: StepOrder) -> DueGroup:
    first = rows[0]
    return DueGroup(
        rule=first.rule,
        series=first.series,
        version=first.version_id,
        authority=first.authority,
        expires_on=first.expires_on,
        slots=tuple(map(slot_of, rows)),
        unexpanded_steps=frozenset(row.step for row in rows if row.expanded_at is None),
        redated_steps=frozenset(row.step for row in rows if row.redated_at is not None),
        live_from=first.live_from,
        catch_up=first.catch_up_days > 0,
        step_order=step_order,
    )
