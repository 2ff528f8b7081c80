"""Permits without a phone that texts reach, and phones that are reachable again."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import (
    permit_recipients,
    permits,
    recipients,
    slots,
)
from service.adapters.store.permits.follow_up import create_current_reminders
from service.adapters.store.permits.recipients import permits_of, recipient_id_of
from service.adapters.store.slots.conditions import IS_LIVE, IS_REMINDED, go_live_of
from service.adapters.store.slots.group_key import same_group
from service.adapters.store.slots.textable import MOBILE_PHONES
from service.domain.errors import ConflictError
from service.domain.permits.phone import PhoneLine
from service.domain.reports.unreachable import UnreachablePhone
from service.flow.permits.encryption import Recipient
from service.flow.permits.unreachable import UnreachableRow, UnreachableStore


class SqlUnreachableStore(UnreachableStore):
    """Reads unreachable phones; marking them is part of recording an outcome."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, authorities: Collection[str], now: datetime, after: str | None, limit: int
    ) -> list[UnreachableRow]:
        """The unreachable permits that follow the id `after`, in order of their ids."""
        wanted = (
            _select_unreachable(authorities, now).order_by(permits.c.id).limit(limit)
        )
        if after is not None:
            wanted = wanted.where(permits.c.id > after)
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).all()
            phones = await _phones(connection, [row.id for row in rows])
        return [_to_unreachable(row, phones[row.id]) for row in rows]

    async def lift(
        self, phone: Recipient, by: str, reason: str | None, now: datetime
    ) -> None:
        """Mark a phone as reachable; raises `ConflictError` if it already was."""
        async with self._database.write(confirmed=True) as connection:
            recipient_id = await recipient_id_of(connection, phone.digest)
            if recipient_id is None or not await lift_unreachable(
                connection, recipient_id, now
            ):
                raise ConflictError(f"{phone.masked}: is not unreachable")
            detail = {"phone": phone.masked, "why": reason}
            await log_action(connection, now, by, "reachable again", detail)


async def lift_unreachable(
    connection: AsyncConnection, recipient_id: str, now: datetime
) -> bool:
    """Mark a phone as reachable and reopen its current reminders; False if it was.

    Called when the phone sends a text, a receipt reports one delivered there, or a
    person says so.
    """
    updated = await connection.execute(
        update(recipients)
        .where(
            recipients.c.id == recipient_id, recipients.c.unreachable_at.is_not(None)
        )
        .values(unreachable_at=None, unreachable_by=None)
    )
    if updated.rowcount:
        permit_ids = await permits_of(connection, recipient_id)
        await create_current_reminders(connection, permit_ids, now)
    return bool(updated.rowcount)


def _select_unreachable(authorities: Collection[str], now: datetime) -> Select[Any]:
    """Permits of live types with a step to come and no phone that texts reach."""
    is_live = exists().where(go_live_of(permits.c), IS_LIVE)
    has_step_to_come = exists().where(
        same_group(slots.c, permits.c), slots.c.until_at > now
    )
    return select(permits).where(
        permits.c.authority.in_(authorities),
        IS_REMINDED,
        is_live,
        has_step_to_come,
        ~exists().where(*MOBILE_PHONES, recipients.c.unreachable_at.is_(None)),
    )


async def _phones(
    connection: AsyncConnection, permit_ids: Sequence[str]
) -> Mapping[str, list[UnreachablePhone]]:
    """The phones of each permit, in order of preference."""
    found = defaultdict[str, list[UnreachablePhone]](list)
    for chunk in in_chunks(permit_ids):
        wanted = (
            select(recipients, permit_recipients.c.permit_id)
            .join_from(permit_recipients, recipients)
            .where(permit_recipients.c.permit_id.in_(chunk))
            .order_by(permit_recipients.c.position)
        )
        for one in await connection.execute(wanted):
            found[one.permit_id].append(
                UnreachablePhone(
                    one.masked,
                    PhoneLine(one.line),
                    one.unreachable_at,
                    one.unreachable_by,
                )
            )
    return found


def _to_unreachable(
    row: Row[Any], phones: Sequence[UnreachablePhone]
) -> UnreachableRow:
    return UnreachableRow(
        id=row.id,
        series=row.series,
        authority=row.authority,
        rule=row.rule,
        number=row.shown_number,
        holder=row.holder,
        expires_on=row.expires_on,
        phones=tuple(phones),
    )
