"""Corrections: who was told a later closing than is true hears the right one."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, String, cast, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import permits, reminders
from service.adapters.store.db.types import Instant
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.slots.births import REMINDER_COLUMNS
from service.domain.delivery.status import NOT_ARRIVED, ReminderState
from service.domain.law.rule import CORRECTION
from service.domain.law_change.group import RedatedGroup
from service.domain.permits.permit import PermitStatus
from service.flow.permits.register import DatedPermit

_theirs = reminders.alias()


@dataclass(frozen=True, slots=True)
class _TrueClosing:
    """The closing day that holds, by which version, and when it is over."""

    version: str
    closes_on: date
    closed_at: datetime


_OF_PERMIT = (_theirs.c.permit_id == permits.c.id) & (
    _theirs.c.expires_on == permits.c.expires_on
)

_LAST_ANNOUNCED_ON = (
    select(_theirs.c.told_on)
    .where(
        _OF_PERMIT, _theirs.c.told_on.is_not(None), _theirs.c.state.not_in(NOT_ARRIVED)
    )
    .order_by(_theirs.c.message_id.desc())
    .limit(1)
    .scalar_subquery()
)

_CORRECTION_COUNT = (
    select(func.count())
    .where(_OF_PERMIT, _theirs.c.step.startswith(CORRECTION))
    .scalar_subquery()
)

_HAS_DUE_CORRECTION = exists().where(
    _OF_PERMIT,
    _theirs.c.step.startswith(CORRECTION),
    _theirs.c.state == ReminderState.DUE,
)


async def create_corrections(
    connection: AsyncConnection, regroup: RedatedGroup, now: datetime
) -> None:
    """Give the permits of a group that were told too late a day their correction.

    Each correction is a step of its own, numbered, so that a second one can follow.
    One still due is worded when it is sent, so it needs no other.
    """
    of_group = (
        (permits.c.series == regroup.version.series)
        & (permits.c.authority == regroup.group.authority)
        & (permits.c.expires_on == regroup.group.expires_on)
    )
    true = _TrueClosing(
        regroup.version.key, regroup.window.closes_on, regroup.closing_ends_at
    )
    await _insert_corrections(connection, of_group, true, now)


async def create_correction(
    connection: AsyncConnection, permit_id: str, entry: DatedPermit, now: datetime
) -> None:
    """The same for one permit that came back, or fell under another version."""
    if entry.closes_on is not None and entry.closing_ends_at > now:
        true = _TrueClosing(entry.version, entry.closes_on, entry.closing_ends_at)
        await _insert_corrections(connection, permits.c.id == permit_id, true, now)


async def _insert_corrections(
    connection: AsyncConnection,
    chosen: ColumnElement[bool],
    true: _TrueClosing,
    now: datetime,
) -> None:
    source = select(*_values(true, now)).where(
        chosen,
        permits.c.status == PermitStatus.ACTIVE,
        permits.c.replaced.is_(False),
        permits.c.renewal_filed_on.is_(None),
        true.closes_on < _LAST_ANNOUNCED_ON,
        ~_HAS_DUE_CORRECTION,
    )
    await connection.execute(
        insert_into(connection, reminders).from_select(REMINDER_COLUMNS, source)
    )


def _values(true: _TrueClosing, now: datetime) -> list[ColumnElement[object]]:
    at, closed_at = literal(now, Instant()), literal(true.closed_at, Instant())
    step = literal(f"{CORRECTION}-") + cast(_CORRECTION_COUNT + 1, String)
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
