"""Corrections: a new reminder for holders whose text named a closing day too late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, String, cast, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import permits, reminders
from service.adapters.store.db.types import Instant
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.slots.conditions import IS_REMINDED
from service.adapters.store.slots.create_reminders import initial_values
from service.domain.delivery.status import NOT_ARRIVED, ReminderState
from service.domain.law.rule import CORRECTION
from service.domain.law_change.group import RedatedGroup
from service.flow.permits.register import DatedPermit

_theirs = reminders.alias()

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
"""The closing day in the permit's latest text that arrived or may have."""

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


@dataclass(frozen=True, slots=True)
class _TrueClosing:
    """The closing day that holds, the version that says so, and the end of that day."""

    version: str
    closes_on: date
    closing_ends_at: datetime


async def create_corrections(
    connection: AsyncConnection, redated: RedatedGroup, now: datetime
) -> None:
    """Create a correction for each permit of a group whose text named a later day.

    Each correction is a step of its own, numbered, so that another can follow. A
    permit with a due correction needs no other: it is worded when it is sent.
    """
    in_group = (
        (permits.c.series == redated.version.series)
        & (permits.c.authority == redated.group.authority)
        & (permits.c.expires_on == redated.group.expires_on)
    )
    closing = _TrueClosing(
        redated.version.key, redated.window.closes_on, redated.closing_ends_at
    )
    await _insert_corrections(connection, in_group, closing, now)


async def create_correction(
    connection: AsyncConnection,
    permit_id: str,
    dated_permit: DatedPermit,
    now: datetime,
) -> None:
    """Create a correction for one permit that came back, or changed its version."""
    closes_on, ends_at = dated_permit.closes_on, dated_permit.closing_ends_at
    if closes_on is not None and ends_at is not None and ends_at > now:
        closing = _TrueClosing(dated_permit.version, closes_on, ends_at)
        await _insert_corrections(connection, permits.c.id == permit_id, closing, now)


async def _insert_corrections(
    connection: AsyncConnection,
    where: ColumnElement[bool],
    closing: _TrueClosing,
    now: datetime,
) -> None:
    values = _values(closing, now)
    source = select(*values.values()).where(
        where,
        IS_REMINDED,
        closing.closes_on < _LAST_ANNOUNCED_ON,
        ~_HAS_DUE_CORRECTION,
    )
    await connection.execute(
        insert_into(connection, reminders).from_select([*values], source)
    )


def _values(
    closing: _TrueClosing, now: datetime
) -> Mapping[str, ColumnElement[object]]:
    at, ends_at = literal(now, Instant()), literal(closing.closing_ends_at, Instant())
    return {
        "permit_id": permits.c.id,
        "expires_on": permits.c.expires_on,
        "step": literal(f"{CORRECTION}-") + cast(_CORRECTION_COUNT + 1, String),
        "rule": permits.c.rule,
        "authority": permits.c.authority,
        "version_id": literal(closing.version),
        "template": literal(CORRECTION),
        "due_at": at,
        "until_at": ends_at,
        "closes_at": ends_at,
        **initial_values(ReminderState.DUE, None, now),
        "next_at": at,
        "redated_at": literal(None, Instant()),
    }
