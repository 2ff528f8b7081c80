"""A plan stored: permits change series, slots their dates, reminders follow."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import permits, reminders, slots
from service.adapters.store.law.corrections import create_corrections
from service.adapters.store.reminders.redate import slot_date_values
from service.adapters.store.reminders.transitions import (
    has_replaced_step_text,
    transition,
)
from service.domain.deadlines.slot import Slot
from service.domain.delivery.status import ReminderState
from service.domain.law.rule import CORRECTION, RESERVED_STEPS
from service.domain.law_change.group import RedatedGroup
from service.domain.law_change.plan import ChangePlan
from service.domain.reminders.reasons import RULE_CHANGED

_GroupKey = tuple[str, str, date]


async def apply_plan(
    connection: AsyncConnection, plan: ChangePlan, now: datetime
) -> None:
    """Write what a change of the law does to permits, slots and due reminders."""
    await _move_permits(connection, plan.redated_groups, now)
    await _rewrite_slots(connection, plan, now)
    for one in plan.redated_groups:
        if one.group.due_by_step:
            await _redate(connection, one, now)
    for one in plan.groups_to_correct:
        await create_corrections(connection, one, now)


async def _move_permits(
    connection: AsyncConnection, regroups: Iterable[RedatedGroup], now: datetime
) -> None:
    moved = [one for one in regroups if one.version.series != one.group.series]
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


async def _rewrite_slots(
    connection: AsyncConnection, plan: ChangePlan, now: datetime
) -> None:
    regroups = plan.redated_groups
    old = {*plan.empty_slot_keys} | {
        place for one in regroups for place in one.slot_keys
    }
    if not old:
        return
    await connection.execute(
        delete(slots).where(
            slots.c.series == bindparam("of_series"),
            slots.c.authority == bindparam("of_authority"),
            slots.c.expires_on == bindparam("of_date"),
        ),
        [
            {"of_series": series, "of_authority": authority, "of_date": day}
            for series, authority, day in old
        ],
    )
    inhabited = defaultdict[_GroupKey, list[RedatedGroup]](list)
    for one in regroups:
        inhabited[_new_group_key(one)].append(one)
    if rows := [row for them in inhabited.values() for row in _slot_rows(them, now)]:
        await connection.execute(insert(slots), rows)


def _new_group_key(one: RedatedGroup) -> _GroupKey:
    return one.version.series, one.group.authority, one.group.expires_on


def _slot_rows(them: Sequence[RedatedGroup], now: datetime) -> Iterator[dict[str, Any]]:
    """Slots as they come to be; one that moved into the past gives birth to nobody.

    What did not move stays expanded, unless others join. What did is expanded anew:
    those who have their reminder keep it. When it closes only says who goes first.
    """
    home = [one for one in them if one.version.series == one.group.series]
    joined = len(home) < len(them)
    one = home[0] if home else them[0]
    former = {slot.step: slot for slot in one.group.slots}
    for slot in one.slots:
        stood = former.get(slot.step)
        same = stood is not None and replace(stood, closes_at=slot.closes_at) == slot
        expanded_at = None
        if same and not joined:
            expanded_at = one.group.expanded_at.get(slot.step)
        elif not same and slot.until_at <= now:
            expanded_at = now
        redated_at = one.group.redated_at.get(slot.step) if same else now
        yield {
            "series": one.version.series,
            "authority": one.group.authority,
            "expires_on": one.group.expires_on,
            "step": slot.step,
            "rule": one.group.rule,
            "version_id": one.version.key,
            "due_at": slot.due_at,
            "until_at": slot.until_at,
            "closes_at": slot.closes_at,
            "template": slot.template,
            "replaces": ",".join(slot.replaces) or None,
            "redated_at": redated_at,
            "reminded": any(it.group.has_reminders for it in them),
            "expanded_at": expanded_at,
        }


async def _redate(
    connection: AsyncConnection, one: RedatedGroup, now: datetime
) -> None:
    """Give due reminders the new dates; end those whose step is gone."""
    due = _due_in(one)
    for slot in one.slots:
        if slot.step in one.group.due_by_step:
            if slot.replaces:
                await transition(
                    connection,
                    due
                    & (reminders.c.step == slot.step)
                    & has_replaced_step_text(slot),
                    ReminderState.SUPERSEDED,
                    now,
                    reason=RULE_CHANGED,
                )
            await connection.execute(
                update(reminders)
                .where(due, reminders.c.step == slot.step)
                .values(
                    **slot_date_values(slot, one.version.key, now),
                    **_next_at_values(slot, now),
                )
            )
    await connection.execute(
        update(reminders)
        .where(due, reminders.c.step.startswith(CORRECTION))
        .values(
            version_id=one.version.key,
            until_at=one.closing_ends_at,
            closes_at=one.closing_ends_at,
            redated_at=now,
        )
    )
    known = {slot.step for slot in one.slots}
    for step in one.group.due_by_step:
        if step not in known and not step.startswith(RESERVED_STEPS):
            await transition(
                connection,
                due & (reminders.c.step == step),
                ReminderState.SUPERSEDED,
                now,
                reason=RULE_CHANGED,
            )


def _due_in(one: RedatedGroup) -> ColumnElement[bool]:
    members = select(permits.c.id).where(
        permits.c.series == one.version.series,
        permits.c.authority == one.group.authority,
        permits.c.expires_on == one.group.expires_on,
    )
    return and_(
        reminders.c.expires_on == one.group.expires_on,
        reminders.c.state == ReminderState.DUE,
        reminders.c.permit_id.in_(members),
    )


def _next_at_values(slot: Slot, now: datetime) -> dict[str, Any]:
    """When the reminder is looked at: at its new instant, or as it was held."""
    if slot.due_at <= now:
        return {
            "next_at": case((reminders.c.due_at > now, now), else_=reminders.c.next_at)
        }
    return {"next_at": slot.due_at, "hold_reason": None}
