"""What permits were told and are due for, counted by the place of their slots."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import eq
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import permits, reminders, slots
from service.adapters.store.reminders.transitions import IS_DUE
from service.domain.calendars.calendar import DAY
from service.domain.delivery.status import UNHEARD, UNTOLD
from service.domain.permits.permit import PermitStatus

Place = tuple[str, str, date]
"""(series, authority, expires_on)."""


@dataclass(slots=True)
class Texts:
    """Reminders of one group that matter: texted, due, and what was told last."""

    texted: Counter[str] = field(default_factory=Counter)
    due: Counter[str] = field(default_factory=Counter)
    told: Counter[date] = field(default_factory=Counter)


NOTHING = Texts()


@dataclass(frozen=True, slots=True)
class Scope:
    """Which permits a change may touch: by series, and by authority (None: all)."""

    series: Collection[str]
    offices: Collection[str] | None
    by_issue: Collection[str]


async def texts(
    connection: AsyncConnection, scope: Scope, now: datetime
) -> dict[Place, Texts]:
    """Count reminders by place: texted and told in open groups, due in all."""
    found = defaultdict[Place, Texts](Texts)
    for row in await connection.execute(_counted(scope, now)):
        found[row.series, row.authority, row.expires_on].texted[row.step] += row.n
    for row in await connection.execute(_due(scope)):
        found[row.series, row.authority, row.expires_on].due[row.step] += row.n
    for row in await connection.execute(_told(scope, now)):
        found[row.series, row.authority, row.expires_on].told[row.told_on] += row.n
    return found


PLACE = (permits.c.series, permits.c.authority, permits.c.expires_on)

_REMINDED = (permits.c.status == PermitStatus.ACTIVE) & permits.c.replaced.is_(False)

_THEIRS = (reminders.c.permit_id == permits.c.id) & (
    reminders.c.expires_on == permits.c.expires_on
)


def _counted(scope: Scope, now: datetime) -> Select[Any]:
    """Permits by the steps they were texted in, or may have been."""
    return (
        _in_open_groups(scope, now, *PLACE, reminders.c.step, func.count().label("n"))
        .where(reminders.c.state.not_in(UNTOLD))
        .group_by(*PLACE, reminders.c.step)
    )


def _told(scope: Scope, now: datetime) -> Select[Any]:
    """Permits by the closing day they were told last."""
    latest = func.row_number().over(
        partition_by=reminders.c.permit_id, order_by=reminders.c.message_id.desc()
    )
    told = (
        _in_open_groups(scope, now, *PLACE, reminders.c.told_on, latest.label("latest"))
        .where(
            reminders.c.told_on.is_not(None),
            reminders.c.state.not_in(UNHEARD),
        )
        .subquery()
    )
    place = (told.c.series, told.c.authority, told.c.expires_on, told.c.told_on)
    return (
        select(*place, func.count().label("n"))
        .where(told.c.latest == 1)
        .group_by(*place)
    )


def _in_open_groups(
    scope: Scope, now: datetime, *columns: ColumnElement[Any]
) -> Select[Any]:
    """Reminders of permits that still run, or of which a step is still to come.

    Only groups that ever had a slot expanded have any.
    """
    expanded = (
        select(slots.c.series, slots.c.authority, slots.c.expires_on)
        .where(
            in_scope(slots, scope),
            slots.c.expanded_at.is_not(None) | slots.c.reminded.is_(True),
        )
        .group_by(slots.c.series, slots.c.authority, slots.c.expires_on)
        .having(
            (slots.c.expires_on >= now.date() - DAY)
            | (func.max(slots.c.until_at) > now)
        )
        .subquery()
    )
    return (
        select(*columns)
        .select_from(expanded)
        .join(permits, and_(*map(eq, PLACE, expanded.c)))
        .join(reminders, _THEIRS)
        .where(_REMINDED)
    )


def _due(scope: Scope) -> Select[Any]:
    """Permits by their due steps, whether they are still reminded or not."""
    return (
        select(*PLACE, reminders.c.step, func.count().label("n"))
        .join_from(reminders, permits, _THEIRS)
        .where(IS_DUE, in_scope(permits, scope))
        .group_by(*PLACE, reminders.c.step)
    )


def in_scope(table: FromClause, scope: Scope) -> ColumnElement[bool]:
    """The rows of a table with series and authority that a change may touch."""
    chosen = table.c.series.in_(scope.series)
    if scope.offices is None:
        return chosen
    return chosen & table.c.authority.in_(scope.offices)
