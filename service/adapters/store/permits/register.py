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
from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import permit_recipients, permits, registers
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.law.corrections import create_correction
from service.adapters.store.law.load import refuse_stale
from service.adapters.store.permits.follow_up import (
    create_current_reminders,
    end_ineligible_reminders,
)
from service.adapters.store.permits.recipients import (
    ensure_recipient_ids,
    recipients_of,
)
from service.adapters.store.reminders.redate import redate_due_of_permits
from service.adapters.store.slots.expand import insert_missing_slots
from service.adapters.store.slots.frozen_forecasts import instant_after_count
from service.domain.permits.permit import PermitStatus
from service.flow.permits.register import DatedPermit, RegisterSource

_KEY = (permits.c.authority, permits.c.rule, permits.c.number_key)

PermitKey = tuple[str, str, str]

_renewals = permits.alias()

_IS_RENEWED = exists().where(
    _renewals.c.authority == permits.c.authority,
    _renewals.c.rule == permits.c.rule,
    _renewals.c.replaces == permits.c.number_key,
    _renewals.c.status != PermitStatus.WITHDRAWN,
    or_(
        _renewals.c.expires_on > permits.c.expires_on,
        and_(
            _renewals.c.expires_on == permits.c.expires_on,
            _renewals.c.id > permits.c.id,
        ),
    ),
)
"""Whether a later permit, not withdrawn, says that it renews this one.

Later, so that permits which name each other do not both fall silent.
"""


@dataclass(frozen=True, slots=True)
class _PermitChange:
    """A permit to be written: its row as it was, its recipients in order."""

    entry: DatedPermit
    id: str
    old: Row[Any] | None
    phones: tuple[str, ...]


class SqlRegisterStore:
    """`RegisterStore` on the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(
        self,
        dated_permits: Sequence[DatedPermit],
        source: RegisterSource,
        now: datetime,
        law_digest: str,
    ) -> list[str]:
        """Store a chunk in one transaction; what became of each entry, in order."""
        outcomes = []
        async with self._database.write() as connection:
            await refuse_stale(connection, law_digest)
            now = await instant_after_count(connection, now)
            await _upsert_register(connection, source, now)
            for run in _without_repeats(dated_permits):
                done, touched = await _compare(connection, run, source)
                await _write(connection, touched, source, now)
                outcomes += done
        return outcomes


def _without_repeats(entries: Sequence[DatedPermit]) -> Iterator[list[DatedPermit]]:
    """Runs in which no permit stands twice: its later word meets its earlier one."""
    run: dict[PermitKey, DatedPermit] = {}
    for entry in entries:
        if _key(entry) in run:
            yield [*run.values()]
            run.clear()
        run[_key(entry)] = entry
    yield [*run.values()]


async def _compare(
    connection: AsyncConnection, entries: Sequence[DatedPermit], source: RegisterSource
) -> tuple[list[str], list[_PermitChange]]:
    known = await _known(connection, map(_key, entries))
    phones_of = await recipients_of(connection, [row.id for row in known.values()])
    kept = [one for one in entries if _key(one) in known or not one.skip_reason]
    ids = await ensure_recipient_ids(
        connection, [one for e in kept for one in e.recipients]
    )
    await _set_register(connection, [row.id for row in known.values()], source)
    outcomes, touched = [], []
    for entry in entries:
        old = known.get(_key(entry))
        if old is None and entry.skip_reason:
            outcomes.append(entry.skip_reason)
            continue
        phones = tuple(ids[one.digest] for one in entry.recipients)
        if old is None:
            outcomes.append("registered")
            touched.append(_PermitChange(entry, str(uuid7()), None, phones))
        elif _entry_values(entry) == _stored_values(old) and phones == phones_of.get(
            old.id, ()
        ):
            outcomes.append("unchanged")
        else:
            outcomes.append("changed")
            touched.append(_PermitChange(entry, old.id, old, phones))
    return outcomes, touched


async def _write(
    connection: AsyncConnection,
    touched: Sequence[_PermitChange],
    source: RegisterSource,
    now: datetime,
) -> None:
    if not touched:
        return
    if new := [_new_values(one, source, now) for one in touched if one.old is None]:
        await connection.execute(insert(permits), new)
    if old := [
        _changed_values(one, source, now) for one in touched if one.old is not None
    ]:
        await connection.execute(_UPDATE, old)
    await _write_recipients(connection, touched)
    await insert_missing_slots(connection, [one.entry for one in touched])
    ids = [one.id for one in touched] + await _mark_replaced(connection, touched, now)
    await end_ineligible_reminders(connection, ids, now)
    await redate_due_of_permits(connection, ids, now)
    await create_current_reminders(connection, ids, now)
    for one in touched:
        if one.old is not None:
            await create_correction(connection, one.id, one.entry, now)


def _key(entry: DatedPermit) -> PermitKey:
    return entry.permit.authority, entry.permit.rule, entry.number_key


_REGISTER_COLUMNS = (
    "holder",
    "holder_code",
    "language",
    "issued_on",
    "expires_on",
    "status",
    "renewal_filed_on",
)
"""The columns a register's word sets as it stands; equal ones: nothing changed."""

_DATING_COLUMNS = ("expires_on", "series")
"""Those that decide which slots a permit is in."""

_UPDATE = (
    update(permits)
    .where(permits.c.id == bindparam("old_id"))
    .values(
        {name: bindparam(name) for name in (*_REGISTER_COLUMNS, "replaces", "series")}
    )
    .values({name: bindparam(name) for name in ("register", "changed_at", "dated_at")})
)


def _entry_values(entry: DatedPermit) -> dict[str, Any]:
    told = {name: getattr(entry.permit, name) for name in _REGISTER_COLUMNS}
    return told | {"replaces": entry.replaces_key, "series": entry.series}


def _stored_values(row: Row[Any]) -> dict[str, Any]:
    return {
        name: getattr(row, name) for name in (*_REGISTER_COLUMNS, "replaces", "series")
    }


def _new_values(
    one: _PermitChange, source: RegisterSource, now: datetime
) -> dict[str, Any]:
    return _entry_values(one.entry) | {
        "id": one.id,
        "authority": one.entry.permit.authority,
        "rule": one.entry.permit.rule,
        "number_key": one.entry.number_key,
        "number": one.entry.encrypted_number,
        "shown_number": one.entry.shown_number,
        "tail": one.entry.tail,
        "replaced": False,
        "register": source.name,
        "registered_at": now,
        "changed_at": now,
        "dated_at": now,
    }


def _changed_values(
    one: _PermitChange, source: RegisterSource, now: datetime
) -> Mapping[str, Any]:
    told, old = _entry_values(one.entry), one.old
    same = old is not None and all(
        told[name] == getattr(old, name) for name in _DATING_COLUMNS
    )
    return told | {
        "old_id": one.id,
        "register": source.name,
        "changed_at": now,
        "dated_at": old.dated_at if old is not None and same else now,
    }


async def _write_recipients(
    connection: AsyncConnection, touched: Sequence[_PermitChange]
) -> None:
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


async def _mark_replaced(
    connection: AsyncConnection, touched: Sequence[_PermitChange], now: datetime
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
    for piece in in_chunks(list(keys)):
        done = await connection.execute(
            update(permits)
            .where(_with_keys(piece), permits.c.replaced != _IS_RENEWED)
            .values(replaced=_IS_RENEWED, changed_at=now)
            .returning(permits.c.id)
        )
        changed += done.scalars()
    return changed


def _with_keys(keys: Sequence[PermitKey]) -> ColumnElement[bool]:
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
    for piece in in_chunks(list(keys)):
        rows = await connection.execute(select(permits).where(_with_keys(piece)))
        found |= {(row.authority, row.rule, row.number_key): row for row in rows}
    return found


async def _set_register(
    connection: AsyncConnection, ids: Sequence[str], source: RegisterSource
) -> None:
    """A permit lives by the register that spoke of it last, changed or not."""
    for piece in in_chunks(ids):
        await connection.execute(
            update(permits)
            .where(permits.c.id.in_(piece), permits.c.register != source.name)
            .values(register=source.name)
        )


async def _upsert_register(
    connection: AsyncConnection, source: RegisterSource, now: datetime
) -> None:
    values = {"max_age_days": source.max_age_days, "loaded_at": now}
    await connection.execute(
        insert_into(connection, registers)
        .values(name=source.name, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )
