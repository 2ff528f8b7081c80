"""What permits were told and are due for, counted by the place of their slots."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import eq
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import permits, reminders, slots
from service.adapters.store.reminders.transitions import IS_DUE
from service.domain.calendars.calendar import DAY
from service.domain.delivery.status import NEVER_TEXTED, NOT_ARRIVED
from service.domain.permits.permit import PermitStatus

GroupKey = tuple[str, str, date]
"""(series, authority, expires_on)."""


@dataclass(slots=True)
class GroupTexts:
    """Reminders of one group that matter: texted, due, and what was told last."""

    texted: Counter[str] = field(default_factory=Counter)
    due: Counter[str] = field(default_factory=Counter)
    announced_closings: Counter[date] = field(default_factory=Counter)


NO_TEXTS = GroupTexts()


@dataclass(frozen=True, slots=True)
class SeriesScope:
    """Which permits a change may touch: by series, and by authority (None: all)."""

    series: Collection[str]
    offices: Collection[str] | None
    issue_series: Collection[str]


async def count_texts(
    connection: AsyncConnection, scope: SeriesScope, now: datetime
) -> dict[GroupKey, GroupTexts]:
    """Count reminders by place: texted and told in open groups, due in all."""
    found = defaultdict[GroupKey, GroupTexts](GroupTexts)
    for row in await connection.execute(_select_texted(scope, now)):
        found[row.series, row.authority, row.expires_on].texted[row.step] += row.n
    for row in await connection.execute(_select_due(scope)):
        found[row.series, row.authority, row.expires_on].due[row.step] += row.n
    for row in await connection.execute(_select_announced(scope, now)):
        found[row.series, row.authority, row.expires_on].announced_closings[
            row.told_on
        ] += row.n
    return found


PERMIT_GROUP_COLUMNS = (permits.c.series, permits.c.authority, permits.c.expires_on)

_IS_ACTIVE_PERMIT = (permits.c.status == PermitStatus.ACTIVE) & permits.c.replaced.is_(
    False
)

_REMINDER_OF_PERMIT = (reminders.c.permit_id == permits.c.id) & (
    reminders.c.expires_on == permits.c.expires_on
)


def _select_texted(scope: SeriesScope, now: datetime) -> Select[Any]:
    """Permits by the steps they were texted in, or may have been."""
    return (
        _select_in_open_groups(
            scope, now, *PERMIT_GROUP_COLUMNS, reminders.c.step, func.count().label("n")
        )
        .where(reminders.c.state.not_in(NEVER_TEXTED))
        .group_by(*PERMIT_GROUP_COLUMNS, reminders.c.step)
    )


def _select_announced(scope: SeriesScope, now: datetime) -> Select[Any]:
    """Permits by the closing day they were told last."""
    latest = func.row_number().over(
        partition_by=reminders.c.permit_id, order_by=reminders.c.message_id.desc()
    )
    told = (
        _select_in_open_groups(
            scope,
            now,
            *PERMIT_GROUP_COLUMNS,
            reminders.c.told_on,
            latest.label("latest"),
        )
        .where(
            reminders.c.told_on.is_not(None),
            reminders.c.state.not_in(NOT_ARRIVED),
        )
        .subquery()
    )
    place = (told.c.series, told.c.authority, told.c.expires_on, told.c.told_on)
    return (
        select(*place, func.count().label("n"))
        .where(told.c.latest == 1)
        .group_by(*place)
    )


def _select_in_open_groups(
    scope: SeriesScope, now: datetime, *columns: ColumnElement[Any]
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
        .join(permits, and_(*map(eq, PERMIT_GROUP_COLUMNS, expanded.c)))
        .join(reminders, _REMINDER_OF_PERMIT)
        .where(_IS_ACTIVE_PERMIT)
    )


def _select_due(scope: SeriesScope) -> Select[Any]:
    """Permits by their due steps, whether they are still reminded or not."""
    return (
        select(*PERMIT_GROUP_COLUMNS, reminders.c.step, func.count().label("n"))
        .join_from(reminders, permits, _REMINDER_OF_PERMIT)
        .where(IS_DUE, in_scope(permits, scope))
        .group_by(*PERMIT_GROUP_COLUMNS, reminders.c.step)
    )


def in_scope(table: FromClause, scope: SeriesScope) -> ColumnElement[bool]:
    """The rows of a table with series and authority that a change may touch."""
    chosen = table.c.series.in_(scope.series)
    if scope.offices is None:
        return chosen
    return chosen & table.c.authority.in_(scope.offices)
