"""Reminders of each group counted: texted, due, and by the closing day announced."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Label,
    Select,
    and_,
    case,
    func,
    null,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import permits, reminders, slots
from service.adapters.store.reminders.transitions import IS_DUE
from service.adapters.store.slots.conditions import IS_ACTIVE, IS_REMINDED
from service.adapters.store.slots.group_key import (
    PERMIT_GROUP_COLUMNS,
    SLOT_GROUP_COLUMNS,
    group_key,
    same_group,
)
from service.adapters.store.slots.textable import textable
from service.domain.calendars.calendar import DAY
from service.domain.deadlines.slot import GroupKey
from service.domain.delivery.status import NEVER_TEXTED, NOT_ARRIVED, ReminderState
from service.domain.law_change.group import ReminderFate, StepFates
from service.domain.reminders.reasons import BEFORE_START


@dataclass(slots=True)
class GroupTexts:
    """Reminders of one group by step, and permits by the closing last announced.

    `fates` counts, by issue date, the permits whose reminders have the same ends.
    """

    texted: Counter[str] = field(default_factory=Counter)
    fates: dict[date | None, Counter[StepFates]] = field(default_factory=dict)
    due: Counter[str] = field(default_factory=Counter)
    announced_closings: Counter[date] = field(default_factory=Counter)


NO_TEXTS = GroupTexts()


@dataclass(frozen=True, slots=True)
class SeriesScope:
    """The permits that a change may affect: by series, and by authority (None: all).

    Permits of `issue_series` are distinguished by their issue date.
    """

    series: Collection[str]
    authorities: Collection[str] | None
    issue_series: Collection[str]


async def count_texts(
    connection: AsyncConnection, scope: SeriesScope, now: datetime
) -> dict[GroupKey, GroupTexts]:
    """Count by group: texted and announced in groups still open, due in all."""
    found = defaultdict[GroupKey, GroupTexts](GroupTexts)
    for row in await connection.execute(_select_fates(scope, now)):
        texts, fates = found[group_key(row)], _read_fates(row.fates)
        for step in (step for step, fate in fates if fate == "texted"):
            texts.texted[step] += row.n
        if row.is_textable:
            counts = texts.fates.setdefault(row.issued_on, Counter())
            counts[fates] += row.n
    for row in await connection.execute(_select_due(scope)):
        found[group_key(row)].due[row.step] += row.n
    for row in await connection.execute(_select_announced(scope, now)):
        found[group_key(row)].announced_closings[row.told_on] += row.n
    return found


_REMINDER_OF_PERMIT = (reminders.c.permit_id == permits.c.id) & (
    reminders.c.expires_on == permits.c.expires_on
)


_FATE: ColumnElement[ReminderFate] = case(
    (reminders.c.state.not_in(NEVER_TEXTED), "texted"),
    (reminders.c.state == ReminderState.DUE, "due"),
    (reminders.c.state == ReminderState.SUPPRESSED, "suppressed"),
    (reminders.c.reason == BEFORE_START, "before start"),
    else_="ended",
)


def _select_fates(scope: SeriesScope, now: datetime) -> Select[Any]:
    """Count permits by what became of their reminders in all steps together."""
    issued_on = issue_date(scope)
    of_each = (
        _select_in_open_groups(
            scope,
            now,
            *PERMIT_GROUP_COLUMNS,
            issued_on,
            may_be_texted(now).label("is_textable"),
            func.aggregate_strings(_FATE + ":" + reminders.c.step, ",").label("fates"),
        )
        .group_by(permits.c.id)
        .subquery()
    )
    return select(of_each, func.count().label("n")).group_by(*of_each.c)


def _read_fates(joined: str) -> StepFates:
    """Read "texted:prepare,due:last-call", in any order."""
    named = (one.partition(":") for one in joined.split(","))
    return frozenset((step, cast("ReminderFate", fate)) for fate, _, step in named)


_PHONES_COUNT_FOR: Final = timedelta(days=731)
"""Permits that expire later have no step in the weeks of a preview: whether their
phones can be texted is not looked up, which takes most of its time."""


def may_be_texted(now: datetime) -> ColumnElement[bool]:
    """Whether a permit is reminded of, and its phone can be texted."""
    far_off = permits.c.expires_on > now.date() + _PHONES_COUNT_FOR
    return and_(IS_REMINDED, or_(far_off, textable()))


def issue_date(scope: SeriesScope) -> Label[Any]:
    """The issue date of permits that are distinguished by it; null for others."""
    if not scope.issue_series:
        return null().label("issued_on")
    in_series = permits.c.series.in_(scope.issue_series)
    return case((in_series, permits.c.issued_on)).label("issued_on")


def _select_announced(scope: SeriesScope, now: datetime) -> Select[Any]:
    """Count permits by the closing day that their latest text announced."""
    latest = func.row_number().over(
        partition_by=reminders.c.permit_id, order_by=reminders.c.message_id.desc()
    )
    announced = (
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
    columns = [announced.c[name] for name in (*_GROUP_NAMES, "told_on")]
    return (
        select(*columns, func.count().label("n"))
        .where(announced.c.latest == 1)
        .group_by(*columns)
    )


_GROUP_NAMES = ("series", "authority", "expires_on")


def _select_in_open_groups(
    scope: SeriesScope, now: datetime, *columns: ColumnElement[Any]
) -> Select[Any]:
    """Select from reminders of groups that have not expired, or have a step to come.

    Starts from groups with an expanded slot: no other has reminders.
    """
    expanded = (
        select(*SLOT_GROUP_COLUMNS)
        .where(
            in_scope(slots, scope),
            slots.c.expanded_at.is_not(None) | slots.c.reminded.is_(True),
        )
        .group_by(*SLOT_GROUP_COLUMNS)
        .having(
            (slots.c.expires_on >= now.date() - DAY)
            | (func.max(slots.c.until_at) > now)
        )
        .subquery()
    )
    return (
        select(*columns)
        .select_from(expanded)
        .join(permits, same_group(permits.c, expanded.c))
        .join(reminders, _REMINDER_OF_PERMIT)
        .where(IS_ACTIVE)
    )


def _select_due(scope: SeriesScope) -> Select[Any]:
    """Count permits by their due steps, active or not."""
    return (
        select(*PERMIT_GROUP_COLUMNS, reminders.c.step, func.count().label("n"))
        .join_from(reminders, permits, _REMINDER_OF_PERMIT)
        .where(IS_DUE, in_scope(permits, scope))
        .group_by(*PERMIT_GROUP_COLUMNS, reminders.c.step)
    )


def in_scope(table: FromClause, scope: SeriesScope) -> ColumnElement[bool]:
    """Rows in scope; the table has the columns `series` and `authority`."""
    chosen = table.c.series.in_(scope.series)
    if scope.authorities is None:
        return chosen
    return chosen & table.c.authority.in_(scope.authorities)
