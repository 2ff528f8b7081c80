"""The reminders of one permit, with all that happened to them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import (
    golives,
    message_reminders,
    messages,
    pauses,
    permits,
    recipients,
    reminder_events,
    reminders,
    slots,
    versions,
)
from service.adapters.store.db.types import database_now
from service.adapters.store.office.senders import office_of_each, scopes_of
from service.adapters.store.reminders.candidates import phones_of
from service.adapters.store.slots.conditions import go_live_of
from service.adapters.store.slots.group_key import same_group
from service.adapters.store.slots.step_order import load_step_orders
from service.domain.delivery.pause import Pause
from service.domain.delivery.status import NEVER_ACCEPTED, ReminderState
from service.domain.explain.history import HistorySms, ReminderHistory, StateChange
from service.domain.explain.not_sent import GoLiveStage, PermitSituation
from service.domain.lawbook.version_choice import Revision
from service.domain.permits.permit import PermitStatus
from service.domain.permits.phone import PhoneLine, choose_phone
from service.domain.templates.requirements import names_closing
from service.flow.reports.explain import ExplainStore

_StepKey = tuple[Any, str]
"""(expires_on, step)."""


class SqlExplainStore(ExplainStore):
    """Reads everything stored about one permit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def revisions(self, series: str) -> list[Revision]:
        """Every version of a series, in the order of installation."""
        wanted = (
            select(versions)
            .where(versions.c.series == series)
            .order_by(versions.c.batch, versions.c.applied_at)
        )
        async with self._database.read() as connection:
            return [
                Revision(row.id, row.state, row.applied_at, row.applied_by)
                for row in await connection.execute(wanted)
            ]

    async def permit_history(
        self, permit_id: str, now: datetime
    ) -> tuple[list[ReminderHistory], PermitSituation]:
        """A permit's reminders in order of their due dates, and how it stands now."""
        async with self._database.read() as connection:
            histories = await _load_histories(connection, permit_id)
            return histories, await _situation(connection, permit_id, histories, now)


_RETRY_AT = case((reminders.c.retry_at > database_now(), reminders.c.retry_at)).label(
    "next_retry_at"
)
"""When it may be retried; null once that is over."""


async def _load_histories(
    connection: AsyncConnection, permit_id: str
) -> list[ReminderHistory]:
    changes = await _state_changes(connection, permit_id)
    wanted = (
        select(reminders, _RETRY_AT)
        .where(reminders.c.permit_id == permit_id)
        .order_by(reminders.c.expires_on, reminders.c.due_at, reminders.c.born_at)
    )
    return [
        ReminderHistory(
            step=row.step,
            expires_on=row.expires_on,
            version=row.version_id,
            due_at=row.due_at,
            until_at=row.until_at,
            created_at=row.born_at,
            state=ReminderState(row.state),
            reason=row.reason,
            next_at=row.next_at,
            hold_reason=row.hold_reason,
            retry_at=row.next_retry_at,
            sent_at=row.sent_at,
            announced_on=row.told_on if names_closing(row.template) else None,
            redated_at=row.redated_at,
            changes=changes.get((row.expires_on, row.step), ()),
        )
        for row in await connection.execute(wanted)
    ]


async def _state_changes(
    connection: AsyncConnection, permit_id: str
) -> Mapping[_StepKey, Sequence[StateChange]]:
    sms_by_id = await _messages(connection, permit_id)
    found = defaultdict[_StepKey, list[StateChange]](list)
    wanted = (
        select(reminder_events)
        .where(reminder_events.c.permit_id == permit_id)
        .order_by(reminder_events.c.id)
    )
    for row in await connection.execute(wanted):
        sms = sms_by_id.get(row.message_id)
        change = StateChange(row.at, ReminderState(row.state), row.reason, sms)
        found[row.expires_on, row.step].append(change)
    return found


async def _messages(
    connection: AsyncConnection, permit_id: str
) -> Mapping[str, HistorySms]:
    wanted = (
        select(messages.c.id, messages.c.provider, messages.c.code, recipients.c.masked)
        .join_from(message_reminders, messages)
        .join(recipients)
        .where(message_reminders.c.permit_id == permit_id)
    )
    return {
        row.id: HistorySms(row.masked, row.provider, row.code)
        for row in await connection.execute(wanted)
    }


async def _situation(
    connection: AsyncConnection,
    permit_id: str,
    histories: Sequence[ReminderHistory],
    now: datetime,
) -> PermitSituation:
    wanted = (
        select(permits, golives.c.state, golives.c.live_from)
        .outerjoin_from(permits, golives, go_live_of(permits.c))
        .where(permits.c.id == permit_id)
    )
    row = (await connection.execute(wanted)).one()
    phones = await phones_of(connection, [permit_id])
    phone = choose_phone(phones.get(permit_id, []))
    stored = await _slots(connection, row)
    order = (await load_step_orders(connection, [row.rule]))[row.rule]
    return PermitSituation(
        now=now,
        authority=row.authority,
        expires_on=row.expires_on,
        status=PermitStatus(row.status),
        replaced=row.replaced,
        renewal_filed_on=row.renewal_filed_on,
        registered_at=row.registered_at,
        dated_at=row.dated_at,
        line=PhoneLine(phone.line) if phone else None,
        opted_out=phone is not None and phone.opted_out_at is not None,
        go_live=GoLiveStage(row.state, row.live_from) if row.state else None,
        pauses=await _pauses(connection, row),
        unexpanded_steps=frozenset(
            one.step for one in stored if one.expanded_at is None
        ),
        steps_moved_at={one.step: one.redated_at for one in stored if one.redated_at},
        texted_steps=frozenset(
            one.step
            for one in histories
            if one.expires_on == row.expires_on and one.state not in NEVER_ACCEPTED
        ),
        later_steps={
            one.step: order.later_than(one.step, one.version_id) for one in stored
        },
    )


async def _slots(connection: AsyncConnection, permit: Row[Any]) -> Sequence[Row[Any]]:
    wanted = select(slots).where(same_group(slots.c, permit))
    return (await connection.execute(wanted)).all()


async def _pauses(connection: AsyncConnection, permit: Row[Any]) -> list[Pause]:
    office = (await office_of_each(connection)).get(permit.authority)
    scopes = scopes_of(permit.authority, permit.rule, office)
    wanted = select(pauses).where(pauses.c.scope.in_(scopes)).order_by(pauses.c.since)
    return [
        Pause(row.scope, row.since, row.by, row.reason)
        for row in await connection.execute(wanted)
    ]
