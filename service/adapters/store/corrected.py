"""Corrections: who was told a later closing than is true hears the right one."""

from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.born import COLUMNS
from service.adapters.store.schema import permits, reminders
from service.adapters.store.types import Instant
from service.adapters.store.upsert import insert_into
from service.domain.group import Regroup
from service.domain.permit import PermitStatus
from service.domain.rule import CORRECTION
from service.domain.status import NEVER_ACCEPTED, ReminderState

_theirs = reminders.alias()

_OF_PERMIT = (_theirs.c.permit_id == permits.c.id) & (
    _theirs.c.expires_on == permits.c.expires_on
)

_UNTOLD = (*NEVER_ACCEPTED, ReminderState.DUE, ReminderState.FAILED)

_LAST_TOLD = (
    select(_theirs.c.told_on)
    .where(_OF_PERMIT, _theirs.c.told_on.is_not(None), _theirs.c.state.not_in(_UNTOLD))
    .order_by(_theirs.c.state_at.desc())
    .limit(1)
    .scalar_subquery()
)

_SO_FAR = (
    select(func.count())
    .where(_OF_PERMIT, _theirs.c.step.startswith(CORRECTION))
    .scalar_subquery()
)

_WAITING = exists().where(
    _OF_PERMIT,
    _theirs.c.step.startswith(CORRECTION),
    _theirs.c.state == ReminderState.DUE,
)


async def correct(connection: AsyncConnection, one: Regroup, now: datetime) -> None:
    """Give the permits of a group that were told too late a day their correction.

    Each correction is a step of its own, numbered, so that a second one can follow.
    One still due is worded when it is sent, so it needs no other.
    """
    chosen = select(*_values(one, now)).where(
        permits.c.series == one.version.series,
        permits.c.authority == one.group.authority,
        permits.c.expires_on == one.group.expires_on,
        permits.c.status == PermitStatus.ACTIVE,
        permits.c.replaced.is_(False),
        permits.c.renewal_filed_on.is_(None),
        one.window.closes_on < _LAST_TOLD,
        ~_WAITING,
    )
    await connection.execute(
        insert_into(connection, reminders).from_select(COLUMNS, chosen)
    )


def _values(one: Regroup, now: datetime) -> list[ColumnElement[object]]:
    at = literal(now, Instant())
    step = literal(f"{CORRECTION}-") + cast(_SO_FAR + 1, String)
    return [
        permits.c.id,
        permits.c.expires_on,
        step,
        permits.c.rule,
        permits.c.authority,
        literal(one.version.key),
        literal(CORRECTION),
        at,
        literal(one.closed_at, Instant()),
        at,
        literal(str(ReminderState.DUE)),
        literal(None),
        at,
        at,
        literal(0),
        literal(None, Instant()),
    ]
