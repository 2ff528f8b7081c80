"""Renewals of terms, one row each, with the reminder that came last before."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, and_, delete, select, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.insert_rows import insert_rows
from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import authorities, permits, reminders, renewals
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.permits.permit_rows import (
    PermitChange,
    filed_on_after,
    renews,
)
from service.domain.delivery.status import ReminderState
from service.domain.permits.renewal import SentReminder, find_reminder_before

_SENT: Final = (ReminderState.SENT, ReminderState.DELIVERED)


@dataclass(frozen=True, slots=True)
class NewTerm:
    """The term that a renewal grants; of another permit if it has a new number."""

    expires_on: date | None
    issued_on: date | None
    permit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Renewal:
    """What becomes known of the renewal of a permit's term that ends on `expires_on`.

    Without a `new_term` it is filed only.
    """

    permit_id: str
    expires_on: date
    filed_on: date | None = None
    new_term: NewTerm | None = None


async def record_renewals(
    connection: AsyncConnection, found: Sequence[Renewal], now: datetime
) -> None:
    """Store renewals, each term's once; what is known of one already is completed.

    Its day is that of its filing, else that of the new issue, else the day on which
    the register said so.
    """
    for chunk in in_chunks(found):
        ids = [one.permit_id for one in chunk]
        known = await _known(connection, ids)
        zones = await _zones(connection, ids)
        sent = await _sent_reminders(connection, ids)
        rows = dict[tuple[str, date], dict[str, Any]]()
        for one in chunk:
            key = one.permit_id, one.expires_on
            zone = zones[one.permit_id]
            facts = _merge(one, known.get(key), now.astimezone(zone).date())
            acted_on = facts["filed_on"] or facts["renewed_on"]
            before = find_reminder_before(sent.get(key, ()), acted_on, zone)
            rows[key] = facts | {
                "permit_id": one.permit_id,
                "expires_on": one.expires_on,
                "step": before and before.step,
                "posted_at": before and before.posted_at,
                "days": before and before.days,
                "recorded_at": now,
            }
        await insert_rows(connection, _upsert(connection), [*rows.values()])


def _upsert(connection: AsyncConnection) -> Insert:
    statement = insert_into(connection, renewals)
    key = renewals.primary_key.columns.keys()
    others = [name for name in renewals.c.keys() if name not in key]  # noqa: SIM118 - not a dict
    values = {name: statement.excluded[name] for name in others}
    return statement.on_conflict_do_update(index_elements=key, set_=values)


async def forget_filings(
    connection: AsyncConnection, permit_ids: Collection[str]
) -> None:
    """Forget filings of terms that are not renewed: they were withdrawn or refused."""
    for chunk in in_chunks([*permit_ids]):
        await connection.execute(
            delete(renewals).where(
                renewals.c.permit_id.in_(chunk), renewals.c.renewed_on.is_(None)
            )
        )


async def forget_successors(
    connection: AsyncConnection, permit_ids: Collection[str]
) -> None:
    """Forget renewals by other permits: those have been withdrawn, or name others."""
    await _forget(
        connection,
        and_(
            renewals.c.permit_id.in_([*permit_ids]), renewals.c.renewed_by.is_not(None)
        ),
    )


async def record_terms(
    connection: AsyncConnection, changes: Sequence[PermitChange], now: datetime
) -> None:
    """Store what permits that are written say of renewals of their former terms."""
    found, unfiled = list[Renewal](), list[str]()
    corrected = dict[str, tuple[date | None, date | None]]()
    for one, stored in _with_terms(changes):
        permit, before = one.dated_permit.permit, stored.renewal_filed_on
        filed_on = filed_on_after(one.dated_permit, stored)
        if renews(one.dated_permit, stored):
            term = NewTerm(permit.expires_on, later(permit.issued_on, stored.issued_on))
            found.append(Renewal(one.id, stored.expires_on, before, term))
            continue
        if permit.expires_on != stored.expires_on:
            corrected[one.id] = stored.expires_on, permit.expires_on
        elif filed_on == before:
            continue
        if filed_on is None:
            unfiled.append(one.id)
        elif permit.expires_on:
            found.append(Renewal(one.id, permit.expires_on, filed_on))
    for permit_id in await _find_renewed(connection, [*corrected]):
        await _correct(connection, permit_id, *corrected[permit_id], now)
    await forget_filings(connection, unfiled)
    await record_renewals(connection, found, now)


def _with_terms(
    changes: Sequence[PermitChange],
) -> Iterator[tuple[PermitChange, Row[Any]]]:
    """The permits that have rows, with them, and not those that had and have no end."""
    for one in changes:
        if one.stored and (one.stored.expires_on or one.dated_permit.permit.expires_on):
            yield one, one.stored


def later(issued_on: date | None, before: date | None) -> date | None:
    """The day of issue of a new term; None where it is that of the one before."""
    return issued_on if issued_on and before and issued_on > before else None


async def _find_renewed(
    connection: AsyncConnection, permit_ids: Sequence[str]
) -> list[str]:
    """The permits that have a stored renewal; most have none."""
    renewed = list[str]()
    for chunk in in_chunks(permit_ids):
        stored = select(renewals.c.permit_id).where(renewals.c.permit_id.in_(chunk))
        renewed += (await connection.execute(stored.distinct())).scalars()
    return renewed


async def _correct(
    connection: AsyncConnection,
    permit_id: str,
    wrong_on: date | None,
    right_on: date | None,
    now: datetime,
) -> None:
    """Let renewals follow an expiry date that was corrected; None is without end."""
    mine = renewals.c.permit_id == permit_id
    is_renewed = and_(
        renewals.c.renewed_on.is_not(None), renewals.c.renewed_by.is_(None)
    )
    last = and_(mine, is_renewed, renewals.c.renewed_until == wrong_on)
    if right_on is not None:
        await _forget(connection, and_(last, renewals.c.expires_on >= right_on))
    await connection.execute(
        update(renewals).where(last).values(renewed_until=right_on)
    )
    filed = select(renewals.c.filed_on).where(
        mine, renewals.c.expires_on == wrong_on, renewals.c.renewed_on.is_(None)
    )
    if right_on and (filed_on := (await connection.execute(filed)).scalar()):
        await forget_filings(connection, [permit_id])
        await record_renewals(connection, [Renewal(permit_id, right_on, filed_on)], now)


async def _forget(connection: AsyncConnection, condition: ColumnElement[bool]) -> None:
    """Forget that terms were renewed, but not that it was filed for."""
    await connection.execute(
        delete(renewals).where(condition, renewals.c.filed_on.is_(None))
    )
    nothing = {"renewed_on": None, "renewed_until": None, "renewed_by": None}
    await connection.execute(update(renewals).where(condition).values(nothing))


def _merge(one: Renewal, known: Row[Any] | None, today: date) -> dict[str, Any]:
    filed_on = one.filed_on or (known.filed_on if known else None)
    term = one.new_term
    if term is None:
        names = ("renewed_on", "renewed_until", "renewed_by")
        facts = {name: getattr(known, name) if known else None for name in names}
        return {"filed_on": filed_on, **facts}
    issued_on = term.issued_on
    said_on = issued_on if issued_on and issued_on <= today else today
    return {
        "filed_on": filed_on,
        "renewed_on": known.renewed_on if known and known.renewed_on else said_on,
        "renewed_until": term.expires_on,
        "renewed_by": term.permit_id,
    }


async def _known(
    connection: AsyncConnection, ids: Sequence[str]
) -> dict[tuple[str, date], Row[Any]]:
    wanted = select(renewals).where(renewals.c.permit_id.in_(ids))
    rows = (await connection.execute(wanted)).all()
    return {(row.permit_id, row.expires_on): row for row in rows}


async def _zones(
    connection: AsyncConnection, ids: Sequence[str]
) -> Mapping[str, ZoneInfo]:
    wanted = (
        select(permits.c.id, authorities.c.document["zone"].as_string())
        .join_from(permits, authorities)
        .where(permits.c.id.in_(ids))
    )
    return {id_: ZoneInfo(zone) for id_, zone in await connection.execute(wanted)}


async def _sent_reminders(
    connection: AsyncConnection, ids: Sequence[str]
) -> Mapping[tuple[str, date], list[SentReminder]]:
    found = defaultdict[tuple[str, date], list[SentReminder]](list)
    wanted = select(reminders).where(
        reminders.c.permit_id.in_(ids),
        reminders.c.posted_at.is_not(None),
        reminders.c.state.in_(_SENT),
    )
    for row in await connection.execute(wanted):
        sent = SentReminder(row.step, row.posted_at)
        found[row.permit_id, row.expires_on].append(sent)
    return found
