"""The whole ledger, page by page, and rows that contradict each other."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, case, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.audit.invariants import ALL_INVARIANTS, INVARIANT_QUERIES
from service.adapters.store.audit.later_steps import load_later_steps
from service.adapters.store.audit.operator_decisions import find_unmatched_decisions
from service.adapters.store.audit.renewals import find_wrong_renewals
from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects.plain_sql import plain_sql
from service.adapters.store.db.dialects.replay import known_until
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
from service.adapters.store.slots.group_key import (
    PERMIT_GROUP_COLUMNS,
    SLOT_GROUP_COLUMNS,
    group_key,
)
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

PAGE = 1000
"""Keys that are read in one transaction: no snapshot is held for minutes."""

Range = Callable[..., ColumnElement[bool]]
"""Whether columns lie between two keys, the first excluded."""


class SqlAuditStore(AuditStore):
    """Reads the tables in pages: the ledger need not fit into memory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known_until(self, now: datetime) -> datetime:
        """Now, or what a replica has replayed."""
        async with self._database.read() as connection:
            return await known_until(connection, now)

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
        async for connection, is_between in self._ranges(*REMINDER_KEY):
            rows = await connection.execute(wanted.where(is_between(*REMINDER_KEY)))
            for _, history in groupby(rows, _key):
                yield _history([*history])

    async def messages(self) -> AsyncIterator[AuditedMessage]:
        """Every message."""
        wanted = select(messages)
        async for connection, is_between in self._ranges(messages.c.id):
            for row in await connection.execute(
                wanted.where(is_between(messages.c.id))
            ):
                yield AuditedMessage(
                    row.id, row.recipient_id, row.body, row.seal, row.segments
                )

    async def recipients(self) -> AsyncIterator[AuditedRecipient]:
        """Every recipient."""
        its = recipients.c
        wanted = select(its.id, its.phone, its.digest)
        async for connection, is_between in self._ranges(its.id):
            for row in await connection.execute(wanted.where(is_between(its.id))):
                yield AuditedRecipient(row.id, row.phone, row.digest)

    async def groups(self) -> AsyncIterator[AuditedGroup]:
        """Every (series, authority, expiry date, issue date), with its slots."""
        group = PERMIT_GROUP_COLUMNS
        wanted = select(permits.c.rule, *group, permits.c.issued_on).distinct()
        async for connection, is_between in self._ranges(*group):
            stored = await _slots(connection, is_between(*SLOT_GROUP_COLUMNS))
            for row in await connection.execute(wanted.where(is_between(*group))):
                yield AuditedGroup(
                    rule=row.rule,
                    series=row.series,
                    authority=row.authority,
                    expires_on=row.expires_on,
                    issued_on=row.issued_on,
                    slots=stored.get(group_key(row), ()),
                )

    async def _ranges(
        self, *key: ColumnElement[Any]
    ) -> AsyncIterator[tuple[AsyncConnection, Range]]:
        """Ranges of `PAGE` keys, in order, each in a transaction of its own."""
        keys = select(*key).distinct().order_by(*key).limit(PAGE)
        keys = keys.where(key[-1].is_not(None))  # of these only an expiry date is null
        after: Sequence[object] | None = None
        while True:
            async with self._database.read() as connection:
                following = keys if after is None else keys.where(_after(key, after))
                found = (await connection.execute(following)).all()
                if not found:
                    return
                yield connection, partial(_between, after, found[-1])
            after = found[-1]

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


def _after(
    key: Sequence[ColumnElement[Any]], start: Sequence[object]
) -> ColumnElement[bool]:
    values = (literal(one, its.type) for one, its in zip(start, key, strict=True))
    return tuple_(*key) > tuple_(*values)


def _between(
    after: Sequence[object] | None, last: Sequence[object], *key: ColumnElement[Any]
) -> ColumnElement[bool]:
    is_beyond = _after(key, last)
    return ~is_beyond if after is None else _after(key, after) & ~is_beyond


async def _slots(
    connection: AsyncConnection, where: ColumnElement[bool]
) -> dict[GroupKey, tuple[Slot, ...]]:
    rows = await connection.execute(
        select(slots).where(where).order_by(*SLOT_GROUP_COLUMNS, slots.c.due_at)
    )
    return {
        group: tuple(map(slot_of, members))
        for group, members in groupby(rows, group_key)
    }
