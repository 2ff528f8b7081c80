"""The whole ledger, row by row, and rows that contradict each other."""

from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Row, case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.audit.invariants import ALL_INVARIANTS, INVARIANT_QUERIES
from service.adapters.store.audit.later_steps import load_later_steps
from service.adapters.store.audit.operator_decisions import find_unmatched_decisions
from service.adapters.store.audit.renewals import find_wrong_renewals
from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects.plain_sql import plain_sql
from service.adapters.store.db.schema import (
    golives,
    messages,
    permits,
    recipients,
    reminder_events,
    reminders,
    slots,
    versions,
)
from service.adapters.store.law.digest import document_digest
from service.adapters.store.reminders.transitions import REMINDER_KEY
from service.adapters.store.slots.conditions import IS_LIVE, go_live_of
from service.adapters.store.slots.group_key import SLOT_GROUP_COLUMNS, group_key
from service.adapters.store.slots.slot_rows import slot_of
from service.domain.deadlines.slot import GroupKey, Slot
from service.domain.delivery.status import ReminderState
from service.flow.reports.audit import (
    AuditedGroup,
    AuditedMessage,
    AuditedRecipient,
    AuditedReminder,
    AuditStore,
)


class SqlAuditStore(AuditStore):
    """Streams the tables: the ledger need not fit into memory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reminders(self) -> AsyncIterator[AuditedReminder]:
        """Every reminder with its changes of state."""
        wanted = (
            select(
                reminders,
                case((IS_LIVE, golives.c.live_from)).label("live_from"),
                golives.c.catch_up_days,
                permits.c.shown_number,
                reminder_events.c.state.label("event_state"),
                reminder_events.c.reason.label("event_reason"),
            )
            .join_from(reminders, permits, permits.c.id == reminders.c.permit_id)
            .outerjoin(golives, go_live_of(reminders.c))
            .outerjoin(
                reminder_events,
                (reminder_events.c.permit_id == reminders.c.permit_id)
                & (reminder_events.c.expires_on == reminders.c.expires_on)
                & (reminder_events.c.step == reminders.c.step),
            )
            .order_by(*REMINDER_KEY, reminder_events.c.id)
        )
        async with self._database.read() as connection:
            rows: list[Row[Any]] = []
            async for row in await connection.stream(wanted):
                if rows and _key(row) != _key(rows[0]):
                    yield _history(rows)
                    rows = []
                rows.append(row)
            if rows:
                yield _history(rows)

    async def messages(self) -> AsyncIterator[AuditedMessage]:
        """Every message."""
        wanted = select(messages)
        async with self._database.read() as connection:
            async for row in await connection.stream(wanted):
                yield AuditedMessage(
                    row.id, row.recipient_id, row.body, row.seal, row.segments
                )

    async def recipients(self) -> AsyncIterator[AuditedRecipient]:
        """Every recipient."""
        wanted = select(recipients.c.id, recipients.c.phone, recipients.c.digest)
        async with self._database.read() as connection:
            async for row in await connection.stream(wanted):
                yield AuditedRecipient(row.id, row.phone, row.digest)

    async def groups(self) -> AsyncIterator[AuditedGroup]:
        """Every (series, authority, expiry date, issue date), with its slots."""
        async with self._database.read() as connection:
            stored = await _slots(connection)
            dated = (
                permits.c.rule,
                permits.c.series,
                permits.c.authority,
                permits.c.expires_on,
                permits.c.issued_on,
            )
            wanted = select(*dated).where(permits.c.expires_on.is_not(None)).distinct()
            async for row in await connection.stream(wanted):
                yield AuditedGroup(
                    rule=row.rule,
                    series=row.series,
                    authority=row.authority,
                    expires_on=row.expires_on,
                    issued_on=row.issued_on,
                    slots=stored.get(group_key(row), ()),
                )

    async def invariant_violations(self) -> Sequence[str]:
        """Rows that contradict each other, one line each."""
        differences = list(INVARIANT_QUERIES)
        async with self._database.read() as connection:
            every = plain_sql(ALL_INVARIANTS, connection.dialect)
            parameters = {"later_steps": await load_later_steps(connection)}
            found = [
                f"{differences[row.number]}: {row.named}"
                for row in await connection.execute(every, parameters)
            ]
            changed = [
                f"version {row.id}: its text was changed"
                for row in await connection.execute(select(versions))
                if document_digest(row.document) != row.sha256
            ]
            return [
                *(*found, *changed),
                *await find_unmatched_decisions(connection),
                *await find_wrong_renewals(connection),
            ]


def _key(row: Row[Any]) -> tuple[Any, ...]:
    return row.permit_id, row.expires_on, row.step


def _history(rows: Sequence[Row[Any]]) -> AuditedReminder:
    one = rows[0]
    return AuditedReminder(
        name=f"{one.rule} {one.shown_number} {one.expires_on} {one.step}",
        state=ReminderState(one.state),
        reason=one.reason,
        created_at=one.born_at,
        due_at=one.due_at,
        until_at=one.until_at,
        live_from=one.live_from,
        catch_up=bool(one.catch_up_days),
        redated=one.redated_at is not None,
        transitions=tuple(
            (ReminderState(row.event_state), row.event_reason)
            for row in rows
            if row.event_state
        ),
    )


async def _slots(connection: AsyncConnection) -> dict[GroupKey, tuple[Slot, ...]]:
    rows = await connection.execute(
        select(slots).order_by(*SLOT_GROUP_COLUMNS, slots.c.due_at)
    )
    return {
        group: tuple(map(slot_of, members))
        for group, members in groupby(rows, group_key)
    }
