"""`PermitReader`: permits and their reminders as people see them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import (
    permit_recipients,
    permits,
    recipients,
    reminders,
    versions,
)
from service.adapters.store.permits.follow_up import (
    create_current_reminders,
    end_ineligible_reminders,
)
from service.adapters.store.permits.register import mark_renewed
from service.domain.delivery.status import ReminderState
from service.domain.permits.permit import PermitStatus
from service.flow.permits.find import PermitReminderView, PermitView

_VERSION = (
    select(versions.c.id)
    .where(versions.c.series == permits.c.series, versions.c.state == "active")
    .order_by(versions.c.batch.desc())
    .limit(1)
    .scalar_subquery()
)
"""The revision that dates a permit: of a series the one applied last."""


class SqlPermitReader:
    """Looking permits up, and withdrawing one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(
        self, authority: str, rule: str, number_key: str
    ) -> PermitView | None:
        """One permit by its number key."""
        found = await self._load(_has_key(authority, rule, number_key))
        return next(iter(found), None)

    async def page(
        self, authority: str | None, rule: str | None, after: str | None, limit: int
    ) -> list[PermitView]:
        """Permits in the order of their ids, from the one after `after`."""
        wanted: list[ColumnElement[bool]] = [permits.c.id.is_not(None)]
        if authority is not None:
            wanted.append(permits.c.authority == authority)
        if rule is not None:
            wanted.append(permits.c.rule == rule)
        if after is not None:
            wanted.append(permits.c.id > after)
        return await self._load(and_(*wanted), limit)

    async def find_by_number(self, number_keys: Collection[str]) -> list[PermitView]:
        """Every permit with one of these number keys, whatever its type or office."""
        return await self._load(permits.c.number_key.in_(number_keys))

    async def withdraw(
        self, authority: str, rule: str, number_key: str, now: datetime
    ) -> bool:
        """Withdraw a permit and end its due reminders; False where it is unknown."""
        async with self._database.write() as connection:
            gone = await connection.execute(
                update(permits)
                .where(_has_key(authority, rule, number_key))
                .values(status=PermitStatus.WITHDRAWN, changed_at=now)
                .returning(permits.c.id, permits.c.replaces)
            )
            row = gone.first()
            if row is None:
                return False
            renewed = {(authority, rule, row.replaces)} if row.replaces else set()
            ids = [row.id, *await mark_renewed(connection, renewed, now)]
            await end_ineligible_reminders(connection, ids, now)
            await create_current_reminders(connection, ids, now)
            return True

    async def _load(
        self, where: ColumnElement[bool], limit: int | None = None
    ) -> list[PermitView]:
        wanted = (
            select(permits, _VERSION.label("version"))
            .where(where)
            .order_by(permits.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).all()
            ids = [row.id for row in rows]
            phones = await _phones(connection, ids)
            told = await _reminders(connection, ids)
        return [
            _permit(row, phones.get(row.id, ()), told.get(row.id, ())) for row in rows
        ]


def _has_key(authority: str, rule: str, key: str) -> ColumnElement[bool]:
    return and_(
        permits.c.authority == authority,
        permits.c.rule == rule,
        permits.c.number_key == key,
    )


async def _phones(
    connection: AsyncConnection, ids: Sequence[str]
) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    rows = await connection.execute(
        select(permit_recipients.c.permit_id, recipients.c.masked, recipients.c.line)
        .join_from(permit_recipients, recipients)
        .where(permit_recipients.c.permit_id.in_(ids))
        .order_by(permit_recipients.c.position)
    )
    for row in rows:
        before = found.get(row.permit_id, ())
        found[row.permit_id] = (*before, (row.masked, row.line))
    return found


async def _reminders(
    connection: AsyncConnection, ids: Sequence[str]
) -> dict[str, tuple[PermitReminderView, ...]]:
    found: dict[str, tuple[PermitReminderView, ...]] = {}
    rows = await connection.execute(
        select(reminders)
        .where(reminders.c.permit_id.in_(ids))
        .order_by(reminders.c.due_at)
    )
    for row in rows:
        before = found.get(row.permit_id, ())
        found[row.permit_id] = (*before, _reminder(row))
    return found


def _permit(
    row: Row[Any],
    phones: tuple[tuple[str, str], ...],
    told: tuple[PermitReminderView, ...],
) -> PermitView:
    return PermitView(
        id=row.id,
        authority=row.authority,
        rule=row.rule,
        number=row.shown_number,
        holder=row.holder,
        holder_code=row.holder_code,
        phones=phones,
        language=row.language,
        issued_on=row.issued_on,
        expires_on=row.expires_on,
        status=row.status,
        renewal_filed_on=row.renewal_filed_on,
        replaced=row.replaced,
        version=row.version,
        reminders=told,
    )


def _reminder(row: Row[Any]) -> PermitReminderView:
    waiting = row.state in (ReminderState.DUE, ReminderState.RETRYING)
    return PermitReminderView(
        step=row.step,
        expires_on=row.expires_on,
        due_at=row.due_at,
        state=row.state,
        reason=row.reason,
        hold_reason=row.hold_reason,
        next_at=row.next_at if waiting else None,
        sent_at=row.sent_at,
    )
