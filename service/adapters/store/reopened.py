"""Reminders due again when the cause of their end is gone: unsent, or a dead number."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.candidates import read, reminders_with_permits
from service.adapters.store.moves import (
    Key,
    in_pieces,
    move,
    these,
    told_in_place_of,
)
from service.adapters.store.redated import dated
from service.adapters.store.schema import messages, reminders
from service.domain.births import BEFORE_START
from service.domain.decide import ended
from service.domain.outcome import RefusalKind
from service.domain.retry import AFTER
from service.domain.schedule import Slot
from service.domain.status import NEVER_ACCEPTED, ReminderState
from service.flow.rows import DueGroup

MAY_REOPEN = or_(
    reminders.c.state.in_(NEVER_ACCEPTED),
    and_(
        reminders.c.state == ReminderState.FAILED,
        reminders.c.retries < len(AFTER),
        exists().where(
            messages.c.id == reminders.c.message_id,
            messages.c.kind == RefusalKind.BAD_NUMBER,
        ),
    ),
)
"""No provider accepted it, or its number was nobody's, and not for the third time."""


async def reopen(
    connection: AsyncConnection,
    group: DueGroup,
    slot: Slot,
    mine: ColumnElement[bool],
    now: datetime,
) -> None:
    """Reopen the rows of a group's current slot that `mine` picks, dated by it.

    A permit withdrawn by mistake is not lost; what fell due before the start is.
    """
    closed = reminders_with_permits(
        mine,
        reminders.c.expires_on == group.expires_on,
        reminders.c.step == slot.step,
        MAY_REOPEN,
        *(
            [reminders.c.reason != BEFORE_START]
            if slot.due_at < group.live_from
            else []
        ),
        *([~told_in_place_of(slot)] if slot.replaces else []),
    )
    rows = (await connection.execute(closed)).all()
    opened = [
        it
        for it in await read(connection, rows)
        if ended(replace(it.candidate, until_at=slot.until_at), now) is None
    ]
    values = {"next_at": now, **dated(slot, group.version, now)}
    unsent = [it.key for it in opened if it.row.sent_at is None]
    await _open(connection, unsent, ReminderState.DUE, now, values)
    failed = [it.key for it in opened if it.row.sent_at is not None]
    values |= {"retries": reminders.c.retries + 1}
    await _open(connection, failed, ReminderState.RETRYING, now, values)


async def _open(
    connection: AsyncConnection,
    keys: Sequence[Key],
    state: ReminderState,
    now: datetime,
    values: Mapping[str, object],
) -> None:
    for piece in in_pieces(keys):
        await move(
            connection, these(piece), state, now, reason="reopened", values=values
        )
