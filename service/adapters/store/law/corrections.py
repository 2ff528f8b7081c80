"""Corrections: who was told a later closing than is true hears the right one."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, String, cast, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import permits, reminders
from service.adapters.store.db.types import Instant
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.slots.births import COLUMNS
from service.domain.delivery.status import UNHEARD, ReminderState
from service.domain.law.rule import CORRECTION
from service.domain.law_change.group import Regroup
from service.domain.permits.permit import PermitStatus
from service.flow.rows import Entry

_theirs = reminders.alias()


@dataclass(frozen=True, slots=True)
class _Truth:
    """The closing day that holds, by which version, and when it is over."""

    version: str
    closes_on: date
    closed_at: datetime


_OF_PERMIT = (_theirs.c.permit_id == permits.c.id) & (
    _theirs.c.expires_on == permits.c.expires_on
)

_LAST_TOLD = (
    select(_theirs.c.told_on)
    .where(_OF_PERMIT, _theirs.c.told_on.is_not(None), _theirs.c.state.not_in(UNHEARD))
    .order_by(_theirs.c.message_id.desc())
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
    of_group = (
        (permits.c.series == one.version.series)
        & (permits.c.authority == one.group.authority)
        & (permits.c.expires_on == one.group.expires_on)
    )
    true = _Truth(one.version.key, one.window.closes_on, one.closed_at)
    await _correct(connection, of_group, true, now)


async def correct_one(
    connection: AsyncConnection, permit_id: str, entry: Entry, now: datetime
) -> None:
    """The same for one permit that came back, or fell under another version."""
    if entry.closes_on is not None and entry.closed_at > now:
        true = _Truth(entry.version, entry.closes_on, entry.closed_at)
        await _correct(connection, permits.c.id == permit_id, true, now)


async def _correct(
    connection: AsyncConnection,
    chosen: ColumnElement[bool],
    true: _Truth,
    now: datetime,
) -> None:
    source = select(*_values(true, now)).where(
        chosen,
        permits.c.status == PermitStatus.ACTIVE,
        permits.c.replaced.is_(False),
        permits.c.renewal_filed_on.is_(None),
        true.closes_on < _LAST_TOLD,
        ~_WAITING,
    )
    await connection.execute(
        insert_into(connection, reminders).from_select(COLUMNS, source)
    )


def _values(true: _Truth, now: datetime) -> list[ColumnElement[object]]:
    at, closed_at = literal(now, Instant()), literal(true.closed_at, Instant())
    step = literal(f"{CORRECTION}-") + cast(_SO_FAR + 1, String)
    return [
        permits.c.id,
        permits.c.expires_on,
        step,
        permits.c.rule,
        permits.c.authority,
        literal(true.version),
        literal(CORRECTION),
        at,
        closed_at,
        closed_at,
        at,
        literal(str(ReminderState.DUE)),
        literal(None),
        at,
        at,
        literal(0),
        literal(0),
        literal(None, Instant()),
    ]
