"""Permits in: a chunk is upserted, its slots made, its reminders ended or born."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import in_pieces
from service.adapters.store.db.schema import permit_recipients, permits, registers
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.law.corrections import correct_one
from service.adapters.store.law.load import refuse_stale
from service.adapters.store.permits.follow_up import bear_current, end_overtaken
from service.adapters.store.permits.recipients import ids_of, recipients_of
from service.adapters.store.reminders.redate import align_due
from service.adapters.store.slots.expand import insert_missing
from service.adapters.store.slots.frozen_forecasts import after_counting
from service.domain.permits.permit import PermitStatus
from service.flow.rows import Entry, Register

_KEY = (permits.c.authority, permits.c.rule, permits.c.number_key)

PermitKey = tuple[str, str, str]

_newer = permits.alias()

_RENEWED = exists().where(
    _newer.c.authority == permits.c.authority,
    _newer.c.rule == permits.c.rule,
    _newer.c.replaces == permits.c.number_key,
    _newer.c.status != PermitStatus.WITHDRAWN,
    or_(
        _newer.c.expires_on > permits.c.expires_on,
        and_(_newer.c.expires_on == permits.c.expires_on, _newer.c.id > permits.c.id),
    ),
)
"""Whether a later permit, not withdrawn, says that it renews this one.

Later, so that permits which name each other do not both fall silent.
"""


@dataclass(frozen=True, slots=True)
class _Touched:
    """A permit to be written: its row as it was, its recipients in order."""

    entry: Entry
    id: str
    old: Row[Any] | None
    phones: tuple[str, ...]


class PermitStore:
    """`RegisterStore` on the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(
        self, entries: Sequence[Entry], source: Register, now: datetime, law: str
    ) -> list[str]:
        """Store a chunk in one transaction; what became of each entry, in order."""
        outcomes = []
        async with self._database.write() as connection:
            await refuse_stale(connection, law)
            now = await after_counting(connection, now)
            await _heard_from(connection, source, now)
            for run in _without_repeats(entries):
                done, touched = await _compare(connection, run, source)
                await _write(connection, touched, source, now)
                outcomes += done
        return outcomes


def _without_repeats(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Runs in which no permit stands twice: its later word meets its earlier one."""
    run: dict[PermitKey, Entry] = {}
    for entry in entries:
        if _key(entry) in run:
            yield [*run.values()]
            run.clear()
        run[_key(entry)] = entry
    yield [*run.values()]


async def _compare(
    connection: AsyncConnection, entries: Sequence[Entry], source: Register
) -> tuple[list[str], list[_Touched]]:
    known = await _known(connection, map(_key, entries))
    phones_of = await recipients_of(connection, [row.id for row in known.values()])
    kept = [one for one in entries if _key(one) in known or not one.left_out]
    ids = await ids_of(connection, [one for e in kept for one in e.recipients])
    await _hear_of(connection, [row.id for row in known.values()], source)
    outcomes, touched = [], []
    for entry in entries:
        old = known.get(_key(entry))
        if old is None and entry.left_out:
            outcomes.append(entry.left_out)
            continue
        phones = tuple(ids[one.digest] for one in entry.recipients)
        if old is None:
            outcomes.append("registered")
            touched.append(_Touched(entry, str(uuid7()), None, phones))
        elif _told(entry) == _stored(old) and phones == phones_of.get(old.id, ()):
            outcomes.append("unchanged")
        else:
            outcomes.append("changed")
            touched.append(_Touched(entry, old.id, old, phones))
    return outcomes, touched


async def _write(
    connection: AsyncConnection,
    touched: Sequence[_Touched],
    source: Register,
    now: datetime,
) -> None:
    if not touched:
        return
    if new := [_row(one, source, now) for one in touched if one.old is None]:
        await connection.execute(insert(permits), new)
    if old := [_change(one, source, now) for one in touched if one.old is not None]:
        await connection.execute(_UPDATE, old)
    await _link(connection, touched)
    await insert_missing(connection, [one.entry for one in touched])
    ids = [one.id for one in touched] + await _replace(connection, touched, now)
    await end_overtaken(connection, ids, now)
    await align_due(connection, ids, now)
    await bear_current(connection, ids, now)
    for one in touched:
        if one.old is not None:
            await correct_one(connection, one.id, one.entry, now)


def _key(entry: Entry) -> PermitKey:
    return entry.permit.authority, entry.permit.rule, entry.number_key


_TOLD = (
    "holder",
    "holder_code",
    "language",
    "issued_on",
    "expires_on",
    "status",
    "renewal_filed_on",
)
"""The columns a register's word sets as it stands; equal ones: nothing changed."""

_DATING = ("expires_on", "series")
"""Those that decide which slots a permit is in."""

_UPDATE = (
    update(permits)
    .where(permits.c.id == bindparam("old_id"))
    .values({name: bindparam(name) for name in (*_TOLD, "replaces", "series")})
    .values({name: bindparam(name) for name in ("register", "changed_at", "dated_at")})
)


def _told(entry: Entry) -> dict[str, Any]:
    told = {name: getattr(entry.permit, name) for name in _TOLD}
    return told | {"replaces": entry.replaces_key, "series": entry.series}


def _stored(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*_TOLD, "replaces", "series")}


def _row(one: _Touched, source: Register, now: datetime) -> dict[str, Any]:
    return _told(one.entry) | {
        "id": one.id,
        "authority": one.entry.permit.authority,
        "rule": one.entry.permit.rule,
        "number_key": one.entry.number_key,
        "number": one.entry.number,
        "shown_number": one.entry.shown_number,
        "tail": one.entry.tail,
        "replaced": False,
        "register": source.name,
        "registered_at": now,
        "changed_at": now,
        "dated_at": now,
    }


def _change(one: _Touched, source: Register, now: datetime) -> Mapping[str, Any]:
    told, old = _told(one.entry), one.old
    same = old is not None and all(told[name] == getattr(old, name) for name in _DATING)
    return told | {
        "old_id": one.id,
        "register": source.name,
        "changed_at": now,
        "dated_at": old.dated_at if old is not None and same else now,
    }


async def _link(connection: AsyncConnection, touched: Sequence[_Touched]) -> None:
    ids = [one.id for one in touched if one.old is not None]
    await connection.execute(
        delete(permit_recipients).where(permit_recipients.c.permit_id.in_(ids))
    )
    rows = [
        {"permit_id": one.id, "position": position, "recipient_id": phone}
        for one in touched
        for position, phone in enumerate(one.phones)
    ]
    if rows:
        await connection.execute(insert(permit_recipients), rows)


async def _replace(
    connection: AsyncConnection, touched: Sequence[_Touched], now: datetime
) -> list[str]:
    keys = {_key(one.entry) for one in touched}
    for one in touched:
        office, rule, _ = _key(one.entry)
        before = one.old.replaces if one.old is not None else None
        keys |= {(office, rule, key) for key in (before, one.entry.replaces_key) if key}
    return await mark_renewed(connection, keys, now)


async def mark_renewed(
    connection: AsyncConnection, keys: Collection[PermitKey], now: datetime
) -> list[str]:
    """Mark which permits others renew under another number, whoever came first.

    Returns the ids of those for which that changed.
    """
    changed: list[str] = []
    for piece in in_pieces(list(keys)):
        done = await connection.execute(
            update(permits)
            .where(_named(piece), permits.c.replaced != _RENEWED)
            .values(replaced=_RENEWED, changed_at=now)
            .returning(permits.c.id)
        )
        changed += done.scalars()
    return changed


def _named(keys: Sequence[PermitKey]) -> ColumnElement[bool]:
    """The permits of these keys.

    Each column is named besides: SQLite seeks no list of several in an index.
    """
    each = (
        column.in_(set(found))
        for column, found in zip(_KEY, zip(*keys, strict=True), strict=True)
    )
    return and_(*each, tuple_(*_KEY).in_(keys))


async def _known(
    connection: AsyncConnection, keys: Iterable[PermitKey]
) -> dict[PermitKey, Row[Any]]:
    found: dict[PermitKey, Row[Any]] = {}
    for piece in in_pieces(list(keys)):
        rows = await connection.execute(select(permits).where(_named(piece)))
        found |= {(row.authority, row.rule, row.number_key): row for row in rows}
    return found


async def _hear_of(
    connection: AsyncConnection, ids: Sequence[str], source: Register
) -> None:
    """A permit lives by the register that spoke of it last, changed or not."""
    for piece in in_pieces(ids):
        await connection.execute(
            update(permits)
            .where(permits.c.id.in_(piece), permits.c.register != source.name)
            .values(register=source.name)
        )


async def _heard_from(
    connection: AsyncConnection, source: Register, now: datetime
) -> None:
    values = {"max_age_days": source.max_age_days, "loaded_at": now}
    await connection.execute(
        insert_into(connection, registers)
        .values(name=source.name, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )
