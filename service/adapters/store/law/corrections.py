"""Corrections: a new reminder for holders whose text named a closing day too late."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    cast,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonRows
from service.adapters.store.db.schema import permits, reminders
from service.adapters.store.db.types import Instant
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.slots.conditions import IS_REMINDED
from service.adapters.store.slots.create_reminders import initial_values
from service.adapters.store.slots.group_key import same_group
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


_CLOSING = {
    "version_id": reminders.c.version_id.type,
    "closes_on": reminders.c.told_on.type,
    "ends_at": reminders.c.until_at.type,
}
"""The closing day that holds, its version, and the end of that day."""

_OF_GROUPS = JsonRows(
    {
        "series": permits.c.series.type,
        "authority": permits.c.authority.type,
        "expires_on": permits.c.expires_on.type,
        **_CLOSING,
    }
)

_OF_PERMITS = JsonRows({"permit_id": permits.c.id.type, **_CLOSING})

_IN_GROUP = same_group(permits.c, _OF_GROUPS.table.c)

_ClosingRow = tuple[str, str, date, str, date, datetime]


async def create_corrections(
    connection: AsyncConnection, groups: Iterable[RedatedGroup], now: datetime
) -> None:
    """Create a correction for each permit of the groups whose text named a later day.

    Each correction is a step of its own, numbered, so that another can follow. A
    permit with a due correction needs no other: it is worded when it is sent.
    """
    rows = _closing_rows(groups)
    await _insert_corrections(connection, _OF_GROUPS, rows, now, _IN_GROUP)


async def create_corrections_of_permits(
    connection: AsyncConnection, dated_permits: Mapping[str, DatedPermit], now: datetime
) -> None:
    """Create them for permits that came back or changed their version, by id."""
    rows = [
        (permit_id, one.version, one.closes_on, one.closing_ends_at)
        for permit_id, one in dated_permits.items()
        if one.closes_on and one.closing_ends_at and one.closing_ends_at > now
    ]
    is_theirs = permits.c.id == _OF_PERMITS["permit_id"]
    await _insert_corrections(connection, _OF_PERMITS, rows, now, is_theirs)


async def redate_due_corrections(
    connection: AsyncConnection, groups: Iterable[RedatedGroup], now: datetime
) -> None:
    """Let the due corrections of these groups name the closing that holds now."""
    statement = (
        update(reminders)
        .where(
            _IN_GROUP,
            reminders.c.permit_id == permits.c.id,
            reminders.c.expires_on == permits.c.expires_on,
            reminders.c.step.startswith(CORRECTION),
            reminders.c.state == ReminderState.DUE,
        )
        .values(
            version_id=_OF_GROUPS["version_id"],
            until_at=_OF_GROUPS["ends_at"],
            closes_at=_OF_GROUPS["ends_at"],
            redated_at=now,
        )
    )
    rows = _closing_rows(groups)
    await connection.execute(statement, _OF_GROUPS.bind(connection.dialect, rows))


def _closing_rows(groups: Iterable[RedatedGroup]) -> set[_ClosingRow]:
    """Each closing once: groups that differ by issue date may have one key now."""
    return {
        (*one.new_key, one.version.key, one.window.closes_on, one.closing_ends_at)
        for one in groups
    }


async def _insert_corrections(
    connection: AsyncConnection,
    closings: JsonRows,
    rows: Collection[tuple[object, ...]],
    now: datetime,
    is_theirs: ColumnElement[bool],
) -> None:
    """Create corrections by these rows of closings, each for the permits it is of."""
    values = _values(closings, now)
    source = (
        select(*values.values())
        .join_from(closings.table, permits, is_theirs)
        .where(
            IS_REMINDED,
            closings["closes_on"] < _LAST_ANNOUNCED_ON,
            ~_HAS_DUE_CORRECTION,
        )
    )
    await connection.execute(
        insert_into(connection, reminders).from_select([*values], source),
        closings.bind(connection.dialect, rows),
    )


def _values(closings: JsonRows, now: datetime) -> Mapping[str, ColumnElement[Any]]:
    at, ends_at = literal(now, Instant()), closings["ends_at"]
    return {
        "permit_id": permits.c.id,
        "expires_on": permits.c.expires_on,
        "step": literal(f"{CORRECTION}-") + cast(_CORRECTION_COUNT + 1, String),
        "rule": permits.c.rule,
        "authority": permits.c.authority,
        "version_id": closings["version_id"],
        "template": literal(CORRECTION),
        "due_at": at,
        "until_at": ends_at,
        "closes_at": ends_at,
        **initial_values(ReminderState.DUE, None, now),
        "next_at": at,
        "redated_at": literal(None, Instant()),
    }
