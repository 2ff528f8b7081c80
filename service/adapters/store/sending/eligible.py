"""Which reminders may be sent now, and what else is due to the same phones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import Gathered, Listed
from service.adapters.store.db.schema import pauses, permit_recipients, reminders
from service.adapters.store.db.types import database_now
from service.adapters.store.office.senders import office_paused
from service.adapters.store.reminders.candidates import (
    Reading,
    read,
    reminders_with_permits,
)
from service.domain.delivery.status import WAITING, ReminderState
from service.domain.law.rule import CORRECTION
from service.flow.rows import Claiming

COMPANIONS = 1000
"""Reminders of the same phones that are looked at besides."""

_SET_BACK: Final = timedelta(minutes=10)
"""What became due so much later than now was so before a clock was set back."""

_SITUATION = select(exists(select(pauses.c.scope)), database_now())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What may be sent now: the values asked for, and whether anything is paused.

    `clock` is the database's.
    """

    values: dict[str, Any]
    paused: bool
    clock: datetime


async def what_is_wanted(
    connection: AsyncConnection, how: Claiming, now: datetime
) -> Wanted:
    """Look whether anything is paused, and at the clock."""
    paused, clock = (await connection.execute(_SITUATION)).one()
    values = {
        "now": now,
        "since": how.since,
        "later": now + _SET_BACK,
        "without": list(how.without),
    }
    return Wanted(values, paused, clock)


async def ready(connection: AsyncConnection, wanted: Wanted, most: int) -> list[Any]:
    """The rows that may be sent now, each state by its own index."""
    asked = wanted.values | {"most": most}
    found = [
        row
        for state in WAITING
        for row in await _due(state, paused=wanted.paused).of(connection, asked)
    ]
    found.sort(key=lambda row: (row.closes_at, row.permit_id))
    return found[:most]


_OTHERS = reminders.alias()

_BEING_TOLD = exists().where(
    _OTHERS.c.permit_id == reminders.c.permit_id,
    _OTHERS.c.state == ReminderState.SENDING,
)
"""A correction must not overtake what it corrects."""


@cache
def _due(state: ReminderState, *, paused: bool) -> Gathered:
    """What closes soonest; built once, since it is asked for at every claim."""
    return Gathered(
        _sendable(state, paused=paused)
        .order_by(reminders.c.closes_at, reminders.c.permit_id)
        .limit(bindparam("most", type_=Integer()))
    )


@cache
def _among(state: ReminderState, *, paused: bool) -> Gathered:
    """Those of some permits; likewise."""
    mine = reminders.c.permit_id.in_(_PERMITS.values)
    return Gathered(_sendable(state, paused=paused).where(mine))


def _sendable(state: ReminderState, *, paused: bool) -> Select[Any]:
    wanted = reminders_with_permits(
        reminders.c.state == state,
        reminders.c.next_at <= bindparam("now", type_=reminders.c.next_at.type),
        or_(reminders.c.retry_at.is_(None), reminders.c.retry_at <= database_now()),
        reminders.c.authority.not_in(bindparam("without", expanding=True)),
        ~and_(reminders.c.step.startswith(CORRECTION), _BEING_TOLD),
        or_(
            reminders.c.message_id.is_not(None),
            reminders.c.state_at <= bindparam("since", type_=reminders.c.state_at.type),
            reminders.c.state_at > bindparam("later", type_=reminders.c.state_at.type),
        ),
    )
    if paused:
        wanted = wanted.where(~_paused(), ~office_paused())
    return wanted.with_for_update(skip_locked=True, of=reminders)


async def companions(
    connection: AsyncConnection,
    readings: Sequence[Reading],
    wanted: Wanted,
) -> list[Reading]:
    """What else is due for the same phones, so that one SMS tells them all."""
    taken = {it.row.permit_id for it in readings}
    phones = {it.recipient.id for it in readings if it.recipient is not None}
    dialect = connection.dialect
    asked = _PHONES.of(dialect, phones) | _TAKEN.of(dialect, taken)
    asked["now"] = wanted.values["now"]
    others = list((await connection.execute(_THEIRS, asked)).scalars())
    if not others:
        return []
    theirs = wanted.values | _PERMITS.of(dialect, others)
    rows = [
        row
        for state in WAITING
        for row in await _among(state, paused=wanted.paused).of(connection, theirs)
    ]
    found = await read(connection, rows)
    return [it for it in found if it.recipient and it.recipient.id in phones]


_PHONES = Listed(permit_recipients.c.recipient_id, "phones")
_TAKEN = Listed(permit_recipients.c.permit_id, "taken")
_PERMITS = Listed(reminders.c.permit_id, "others")

_THEIRS = (
    select(permit_recipients.c.permit_id)
    .distinct()
    .join(reminders, reminders.c.permit_id == permit_recipients.c.permit_id)
    .where(
        permit_recipients.c.recipient_id.in_(_PHONES.values),
        permit_recipients.c.permit_id.not_in(_TAKEN.values),
        reminders.c.state.in_(WAITING),
        reminders.c.next_at <= bindparam("now", type_=reminders.c.next_at.type),
    )
    .limit(COMPANIONS)
)


def _paused() -> ColumnElement[bool]:
    scopes = pauses.c.scope.in_(
        [
            literal("all"),
            "rule:" + reminders.c.rule,
            "authority:" + reminders.c.authority,
        ]
    )
    return exists().where(scopes).correlate(reminders)
