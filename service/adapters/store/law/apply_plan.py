"""A plan of change stored: permits move to other series, slots and reminders follow."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import permits, slots, versions
from service.adapters.store.law.corrections import (
    create_corrections,
    redate_due_corrections,
)
from service.adapters.store.law.due_reminders import redate_due_reminders
from service.adapters.store.slots.slot_rows import slot_values
from service.domain.deadlines.slot import GroupKey
from service.domain.errors import ConflictError
from service.domain.law_change.group import RedatedGroup
from service.domain.law_change.plan import ChangePlan


async def apply_plan(
    connection: AsyncConnection, plan: ChangePlan, now: datetime
) -> None:
    """Store what a change of the law does to permits, slots and due reminders."""
    await _move_permits(connection, plan.redated_groups, now)
    await _move_undated_permits(connection)
    await _rewrite_slots(connection, plan, now)
    with_due = [one for one in plan.redated_groups if one.group.due_by_step]
    await redate_due_reminders(connection, with_due, now)
    await redate_due_corrections(connection, with_due, now)
    await create_corrections(connection, plan.groups_to_correct, now)


async def _move_permits(
    connection: AsyncConnection, groups: Iterable[RedatedGroup], now: datetime
) -> None:
    """Set the series of permits that fall under another one."""
    moved = [one for one in groups if one.version.series != one.group.series]
    for by_issue in (False, True):
        keys = [
            {
                "from_series": one.group.series,
                "of_authority": one.group.authority,
                "of_date": one.group.expires_on,
                "of_issue": one.group.issued_on,
                "to_series": one.version.series,
            }
            for one in moved
            if by_issue == one.group.governed_by_issue
        ]
        if keys:
            statement = _SET_SERIES.where(_HAS_ISSUE_DATE) if by_issue else _SET_SERIES
            await connection.execute(statement.values(dated_at=now), keys)


_SET_SERIES = (
    update(permits)
    .where(
        permits.c.series == bindparam("from_series"),
        permits.c.authority == bindparam("of_authority"),
        permits.c.expires_on == bindparam("of_date"),
    )
    .values(series=bindparam("to_series"))
)

_HAS_ISSUE_DATE = permits.c.issued_on.is_not_distinct_from(bindparam("of_issue"))


async def _move_undated_permits(connection: AsyncConnection) -> None:
    """Let permits without an expiry date, which are in no group, leave gone series.

    Raises `ConflictError` if a type has such permits and no version left.
    """
    await connection.execute(
        update(permits)
        .where(_IS_UNDATED_OF_GONE_SERIES)
        .values(series=func.coalesce(_LATEST_SERIES, permits.c.series))
    )
    left = select(func.count()).select_from(permits).where(_IS_UNDATED_OF_GONE_SERIES)
    if count := (await connection.execute(left)).scalar_one():
        raise ConflictError(f"{count} permits without an expiry date keep no version")


_IS_UNDATED_OF_GONE_SERIES = and_(
    permits.c.expires_on.is_(None),
    ~exists().where(
        versions.c.series == permits.c.series, versions.c.state == "active"
    ),
)

_LATEST_SERIES = (
    select(versions.c.series)
    .where(versions.c.rule == permits.c.rule, versions.c.state == "active")
    .order_by(versions.c.series.desc())
    .limit(1)
    .scalar_subquery()
)


async def _rewrite_slots(
    connection: AsyncConnection, plan: ChangePlan, now: datetime
) -> None:
    """Delete the slots of all groups concerned, and insert those they have now."""
    keys = {*plan.empty_slot_keys}
    by_new_key = defaultdict[GroupKey, list[RedatedGroup]](list)
    for one in plan.redated_groups:
        keys |= one.slot_keys
        by_new_key[one.new_key].append(one)
    if not keys:
        return
    await connection.execute(
        _DELETE_SLOTS,
        [
            {"of_series": series, "of_authority": authority, "of_date": expires_on}
            for series, authority, expires_on in keys
        ],
    )
    if rows := [row for one in by_new_key.values() for row in _slot_rows(one, now)]:
        await connection.execute(insert(slots), rows)


_DELETE_SLOTS = delete(slots).where(
    slots.c.series == bindparam("of_series"),
    slots.c.authority == bindparam("of_authority"),
    slots.c.expires_on == bindparam("of_date"),
)


def _slot_rows(
    merged: Sequence[RedatedGroup], now: datetime
) -> Iterator[dict[str, Any]]:
    """The new slots of groups that have one key after the change.

    A slot that did not move stays expanded, unless other groups join it. One that did
    is expanded anew: permits that have its reminder keep it. One that moved entirely
    into the past counts as expanded, so that it creates no reminders. A new `closes_at`
    alone moves nothing: it only orders what is sent.
    """
    staying = [one for one in merged if one.version.series == one.group.series]
    is_joined = len(staying) < len(merged)
    one = staying[0] if staying else merged[0]
    former_slots = {slot.step: slot for slot in one.group.slots}
    for slot in one.slots:
        former = former_slots.get(slot.step)
        is_same = (
            former is not None and replace(former, closes_at=slot.closes_at) == slot
        )
        expanded_at = None
        if is_same and not is_joined:
            expanded_at = one.group.expanded_at.get(slot.step)
        elif not is_same and slot.until_at <= now:
            expanded_at = now
        yield {
            "series": one.version.series,
            "authority": one.group.authority,
            "expires_on": one.group.expires_on,
            "rule": one.group.rule,
            "version_id": one.version.key,
            **slot_values(slot),
            "redated_at": one.group.redated_at.get(slot.step) if is_same else now,
            "reminded": any(other.group.has_reminders for other in merged),
            "expanded_at": expanded_at,
        }
