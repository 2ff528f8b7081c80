"""Claims go round the offices: one with much to send does not delay the others.

A claim locks the offices that it serves until it ends. So several workers claim side by
side, and what is counted by office is counted exactly.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Integer, Row, bindparam, func, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonQuery, JsonValues
from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import authorities, reminders, turns
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.sending.claim.claim_conditions import DueKind, is_due
from service.adapters.store.sending.claim.due_reminders import (
    AUTHORITIES,
    ClaimScope,
    select_due,
)
from service.adapters.store.sending.claim.insert_messages import ClaimOwner
from service.adapters.store.sending.leases import take_lease
from service.domain.law.authority import Authority
from service.domain.reminders.limits import sender_key

MOST_OFFICES: Final = 50
"""Offices that one claim serves, at most."""


@dataclass(frozen=True, slots=True)
class SenderLines:
    """The lines of exclusive senders that a worker takes for its claim."""

    connection: AsyncConnection
    owner: ClaimOwner

    async def take(self, office: Authority) -> bool:
        """Take the line of an office's sender, for as long as messages are claimed."""
        name = f"line {sender_key(office)}"
        worker, seconds = self.owner.worker, self.owner.lease_seconds
        return await take_lease(self.connection, name, worker, seconds)


async def take_turns(
    connection: AsyncConnection,
    scope: ClaimScope,
    limit: int,
    lines: SenderLines | None = None,
) -> tuple[Sequence[Row[Any]], Collection[str]]:
    """Take due reminders of the offices whose turn it is; the offices are locked.

    Those that other workers serve just now are left to them. Waits for one of them
    where there is no other: it may have more than one claim takes. With exclusive
    senders, also leaves to them what goes through their `lines`.
    """
    waiting = dict(await _find_waiting(connection, scope))
    rows, served = list[Row[Any]](), list[str]()
    offices = {its.code: its for its in scope.offices.values()}
    await _enrol(connection, waiting)
    while waiting and len(rows) < limit and len(served) < MOST_OFFICES:
        office = await _lock_next(connection, waiting, may_wait=not served)
        if office is None:
            break
        codes = waiting.pop(office)
        if lines and not await lines.take(offices[office]):
            continue
        served.append(office)
        for authority in codes:
            if len(rows) < limit:
                left = limit - len(rows)
                rows += await _load_first(connection, scope, authority, left)
    if rows:
        await _SERVED.run(connection, _OFFICES.bind(connection.dialect, served))
    return rows, served


async def _find_waiting(
    connection: AsyncConnection, scope: ClaimScope
) -> Mapping[str, Sequence[str]]:
    """The authorities with something due, by office; what closes soonest first."""
    known = AUTHORITIES.bind(connection.dialect, scope.offices)
    found = [
        row
        for kind in scope.kinds()
        for row in await _first_closing(kind).run(connection, scope.parameters | known)
    ]
    waiting = defaultdict[str, dict[str, None]](dict)
    for row in sorted(found, key=attrgetter("closes_at", "code")):
        waiting[scope.offices[row.code].code][row.code] = None
    return {office: [*codes] for office, codes in waiting.items()}


async def _load_first(
    connection: AsyncConnection, scope: ClaimScope, authority: str, limit: int
) -> list[Row[Any]]:
    """Load what closes soonest in an authority: each state by its own index."""
    parameters = scope.parameters | {"limit": limit, "of_authority": authority}
    found = [
        row
        for kind in scope.kinds()
        for row in await _first_due(kind).rows(connection, parameters)
    ]
    return sorted(found, key=attrgetter("closes_at", "permit_id"))[:limit]


async def _enrol(connection: AsyncConnection, offices: Iterable[str]) -> None:
    """Give a row to each office that has none: it is served next."""
    known = await _KNOWN.run(connection, _OFFICES.bind(connection.dialect, offices))
    new = {*offices} - {one.office for one in known}
    if new:
        await connection.execute(
            insert_into(connection, turns).on_conflict_do_nothing(),
            [{"office": office, "served": 0} for office in sorted(new)],
        )


async def _lock_next(
    connection: AsyncConnection, offices: Iterable[str], *, may_wait: bool
) -> str | None:
    """Lock the office that was served least recently; None if all are locked.

    Whoever has one locked may not wait for another, who may wait for that one.
    """
    parameters = _OFFICES.bind(connection.dialect, offices)
    found = await _NEXT_UNLOCKED.run(connection, parameters)
    if not found and may_wait:
        found = await _NEXT.run(connection, parameters)
    return str(found[0].office) if found else None


_OFFICES = JsonValues(turns.c.office, "offices")

_KNOWN = Prepared(select(turns.c.office).where(turns.c.office.in_(_OFFICES.values)))

_BY_TURN = (
    select(turns.c.office)
    .where(turns.c.office.in_(_OFFICES.values))
    .order_by(turns.c.served, turns.c.office)
    .limit(1)
)

_NEXT_UNLOCKED = Prepared(_BY_TURN.with_for_update(skip_locked=True, of=turns))
_NEXT = Prepared(_BY_TURN.with_for_update(of=turns))

_all = turns.alias()

_SERVED = Prepared(
    update(turns)
    .where(turns.c.office.in_(_OFFICES.values))
    .values(served=select(func.max(_all.c.served) + literal(1)).scalar_subquery())
)


@cache
def _first_closing(kind: DueKind) -> Prepared:
    """The query for authorities with something due, and what closes soonest there."""
    soonest = (
        select(reminders.c.closes_at)
        .where(reminders.c.authority == authorities.c.code, *is_due(kind))
        .order_by(reminders.c.closes_at, reminders.c.permit_id)
        .limit(1)
        .scalar_subquery()
    )
    wanted = authorities.c.code.in_(AUTHORITIES.values)
    found = select(authorities.c.code, soonest.label("closes_at")).where(wanted)
    return Prepared(select(found.subquery()).where(text("closes_at IS NOT NULL")))


@cache
def _first_due(kind: DueKind) -> JsonQuery:
    """The query for what closes soonest; cached, since each claim runs it."""
    of_authority = bindparam("of_authority", type_=reminders.c.authority.type)
    return JsonQuery(
        select_due(kind)
        .where(reminders.c.authority == of_authority)
        .order_by(reminders.c.closes_at, reminders.c.permit_id)
        .limit(bindparam("limit", type_=Integer()))
    )
