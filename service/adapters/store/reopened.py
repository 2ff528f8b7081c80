"""Reminders that ended without being accepted, due again when their cause is gone."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.candidates import read, reminders_with_permits
from service.adapters.store.moves import in_pieces, move, these, told_in_place_of
from service.adapters.store.redated import dated
from service.adapters.store.schema import reminders
from service.domain.births import BEFORE_START
from service.domain.decide import ended
from service.domain.schedule import Slot
from service.domain.status import NEVER_ACCEPTED, ReminderState
from service.flow.rows import DueGroup


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
        reminders.c.state.in_(NEVER_ACCEPTED),
        *(
            [reminders.c.reason != BEFORE_START]
            if slot.due_at < group.live_from
            else []
        ),
        *([~told_in_place_of(slot)] if slot.replaces else []),
    )
    rows = (await connection.execute(closed)).all()
    keys = [
        (it.row.permit_id, it.row.expires_on, it.row.step)
        for it in await read(connection, rows)
        if ended(replace(it.candidate, until_at=slot.until_at), now) is None
    ]
    opened = {"next_at": now, **dated(slot, group.version, now)}
    for piece in in_pieces(keys):
        await move(
            connection,
            these(piece),
            ReminderState.DUE,
            now,
            reason="reopened",
            values=opened,
        )
