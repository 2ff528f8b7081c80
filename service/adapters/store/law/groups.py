"""Groups of permits that the law dates alike, as they are stored."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import golives, permits, slots, versions
from service.adapters.store.law.group_texts import (
    NO_TEXTS,
    GroupTexts,
    SeriesScope,
    count_texts,
    in_scope,
    issue_date,
    may_be_texted,
)
from service.adapters.store.slots.conditions import IS_ACTIVE, IS_LIVE
from service.adapters.store.slots.group_key import PERMIT_GROUP_COLUMNS, group_key
from service.adapters.store.slots.slot_rows import slot_of
from service.domain.deadlines.slot import GroupKey
from service.domain.law_change.group import PermitGroup
from service.domain.lawbook.law import Law


@dataclass(frozen=True, slots=True)
class _StoredGroups:
    """What is stored of the groups in scope."""

    slots: Mapping[GroupKey, Sequence[Row[Any]]]
    texts: Mapping[GroupKey, GroupTexts]
    live_since: Mapping[tuple[str, str], datetime]
    issue_series: Collection[str]


async def scope_of(
    connection: AsyncConnection,
    laws: Collection[Law],
    rules: Collection[str] | None,
    authorities: Collection[str] | None,
) -> SeriesScope:
    """The permits under some rules, or all, in some authorities, or all.

    `laws` are the law before and after the change: a rule that governs by issue date
    in either of them has `issue_series`.
    """
    wanted = select(versions.c.series, versions.c.rule).distinct()
    if rules is not None:
        wanted = wanted.where(versions.c.rule.in_(rules))
    rows = (await connection.execute(wanted)).all()
    issued = {
        version.rule
        for law in laws
        for rule in law.rules.values()
        for version in rule.versions
        if version.governs == "issue"
    }
    by_issue = [row.series for row in rows if row.rule in issued]
    return SeriesScope([row.series for row in rows], authorities, by_issue)


async def load_groups(
    connection: AsyncConnection, scope: SeriesScope, now: datetime
) -> list[PermitGroup]:
    """Every group in scope, also those without permits whose slots are left."""
    known = _StoredGroups(
        await _slots(connection, scope),
        await count_texts(connection, scope, now),
        await _live_since(connection),
        scope.issue_series,
    )
    found = [
        _group(group_key(row), known, row)
        for row in await connection.execute(_members(scope, now))
    ]
    with_permits = {*map(group_key, found)}
    empty = [key for key in known.slots if key not in with_permits]
    return found + [_group(key, known) for key in empty]


def _members(scope: SeriesScope, now: datetime) -> Select[Any]:
    issued_on = issue_date(scope)
    return (
        select(
            *PERMIT_GROUP_COLUMNS,
            issued_on,
            func.count().label("members"),
            func.sum(case((IS_ACTIVE, 1), else_=0)).label("permits"),
            func.sum(case((may_be_texted(now), 1), else_=0)).label("textable"),
        )
        .where(in_scope(permits, scope), permits.c.expires_on.is_not(None))
        .group_by(*PERMIT_GROUP_COLUMNS, *([issued_on] if scope.issue_series else []))
    )


def _group(
    key: GroupKey, known: _StoredGroups, row: Row[Any] | None = None
) -> PermitGroup:
    series, authority, expires_on = key
    rule = series.partition("@")[0]
    rows, texts = known.slots.get(key, ()), known.texts.get(key, NO_TEXTS)
    return PermitGroup(
        rule=rule,
        series=series,
        authority=authority,
        expires_on=expires_on,
        issued_on=row.issued_on if row else None,
        governed_by_issue=series in known.issue_series,
        members=row.members if row else 0,
        active_permits=row.permits if row else 0,
        textable_permits=row.textable if row else 0,
        permits_by_fates=texts.fates.get(row.issued_on if row else None, {}),
        slots=tuple(map(slot_of, rows)),
        dated_by_version=rows[0].version_id if rows else None,
        expanded_at={one.step: one.expanded_at for one in rows if one.expanded_at},
        redated_at={one.step: one.redated_at for one in rows if one.redated_at},
        has_reminders=any(one.reminded or one.expanded_at for one in rows),
        texted_by_step=texts.texted,
        due_by_step=texts.due,
        announced_closings=texts.announced_closings,
        live_from=known.live_since.get((authority, rule)),
    )


async def _slots(
    connection: AsyncConnection, scope: SeriesScope
) -> dict[GroupKey, list[Row[Any]]]:
    found = defaultdict[GroupKey, list[Row[Any]]](list)
    wanted = select(slots).where(in_scope(slots, scope)).order_by(slots.c.due_at)
    for row in await connection.execute(wanted):
        found[group_key(row)].append(row)
    return found


async def _live_since(
    connection: AsyncConnection,
) -> dict[tuple[str, str], datetime]:
    wanted = select(golives.c.authority, golives.c.rule, golives.c.live_from)
    rows = await connection.execute(wanted.where(IS_LIVE))
    return {(row.authority, row.rule): row.live_from for row in rows}
