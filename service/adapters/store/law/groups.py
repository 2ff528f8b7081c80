"""Permits that the law dates alike, counted as they stand."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import golives, permits, slots, versions
from service.adapters.store.law.told import (
    NO_TEXTS,
    GroupKey,
    GroupTexts,
    SeriesScope,
    count_texts,
    in_scope,
)
from service.adapters.store.slots.expand import slot_of
from service.domain.law_change.group import PermitGroup
from service.domain.lawbook.law import Law
from service.domain.permits.permit import PermitStatus


@dataclass(frozen=True, slots=True)
class _StoredGroups:
    """What is stored of the groups in scope, and which series govern by issue."""

    slots: Mapping[GroupKey, Sequence[Row[Any]]]
    texts: Mapping[GroupKey, GroupTexts]
    live: Collection[tuple[str, str]]
    issue_series: Collection[str]


async def scope_of(
    connection: AsyncConnection,
    laws: Collection[Law],
    rules: Collection[str] | None,
    offices: Collection[str] | None,
) -> SeriesScope:
    """Find the series of some rules, or of all, in force or not.

    Those of a rule that governs by issue before or after the change tell permits
    apart by their issue date.
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
    return SeriesScope([row.series for row in rows], offices, by_issue)


async def load_groups(
    connection: AsyncConnection, scope: SeriesScope, now: datetime
) -> list[PermitGroup]:
    """Every group in scope, also those of which only slots are left."""
    known = _StoredGroups(
        await _slots(connection, scope),
        await count_texts(connection, scope, now),
        await _live(connection),
        scope.issue_series,
    )
    found = [
        _group((row.series, row.authority, row.expires_on), known, row)
        for row in await connection.execute(_members(scope))
    ]
    seen = {(one.series, one.authority, one.expires_on) for one in found}
    return found + [_group(key, known) for key in known.slots if key not in seen]


def _members(scope: SeriesScope) -> Select[Any]:
    active = (permits.c.status == PermitStatus.ACTIVE) & permits.c.replaced.is_(False)
    key = (permits.c.series, permits.c.authority, permits.c.expires_on)
    issued_on: ColumnElement[Any] = null()
    if scope.issue_series:
        issued_on = case(
            (permits.c.series.in_(scope.issue_series), permits.c.issued_on)
        )
    return (
        select(
            *key,
            issued_on.label("issued_on"),
            func.count().label("members"),
            func.sum(case((active, 1), else_=0)).label("permits"),
        )
        .where(in_scope(permits, scope))
        .group_by(*key, *([issued_on] if scope.issue_series else []))
    )


def _group(
    key: GroupKey, known: _StoredGroups, row: Row[Any] | None = None
) -> PermitGroup:
    series, authority, expires_on = key
    rule = series.partition("@")[0]
    rows, told = known.slots.get(key, ()), known.texts.get(key, NO_TEXTS)
    return PermitGroup(
        rule=rule,
        series=series,
        authority=authority,
        expires_on=expires_on,
        issued_on=row.issued_on if row else None,
        governed_by_issue=series in known.issue_series,
        members=row.members if row else 0,
        active_permits=row.permits if row else 0,
        slots=tuple(map(slot_of, rows)),
        dated_by_version=rows[0].version_id if rows else None,
        expanded_at={one.step: one.expanded_at for one in rows if one.expanded_at},
        redated_at={one.step: one.redated_at for one in rows if one.redated_at},
        has_reminders=any(one.reminded or one.expanded_at for one in rows),
        texted_by_step=told.texted,
        due_by_step=told.due,
        announced_closings=told.announced_closings,
        is_live=(authority, rule) in known.live,
    )


async def _slots(
    connection: AsyncConnection, scope: SeriesScope
) -> dict[GroupKey, list[Row[Any]]]:
    found = defaultdict[GroupKey, list[Row[Any]]](list)
    wanted = select(slots).where(in_scope(slots, scope)).order_by(slots.c.due_at)
    for row in await connection.execute(wanted):
        found[row.series, row.authority, row.expires_on].append(row)
    return found


async def _live(connection: AsyncConnection) -> set[tuple[str, str]]:
    wanted = select(golives.c.authority, golives.c.rule).where(
        golives.c.state == "live"
    )
    rows = await connection.execute(wanted)
    return {(row.authority, row.rule) for row in rows}
