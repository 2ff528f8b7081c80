"""What offices, phones and senders have had: counted before a claim is planned."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonValues
from service.adapters.store.db.schema import messages, rates
from service.adapters.store.db.types import database_now, database_now_plus
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.reminders.candidates import CandidateRow
from service.domain.delivery.status import ENDED_UNACCEPTED, MessageState
from service.domain.reminders.limits import Limits, Usage, clamp_sender_waits

_TWO_DAYS = timedelta(days=2)
"""Wherever an office is, its day began less than two days ago."""


async def count_usage(
    connection: AsyncConnection,
    candidates: Iterable[CandidateRow],
    limits: Limits,
    now: datetime,
) -> Usage:
    """Count what `limits` ask for, and the texts of the phones of these reminders."""
    phones = {it.recipient.id for it in candidates if it.recipient is not None}
    return Usage(
        texts_by_phone=await _texts(connection, phones, now - _TWO_DAYS),
        texts_by_office={
            office: await _count_today(connection, office, since)
            for office, since in limits.day_starts.items()
        },
        sender_waits=clamp_sender_waits(
            await _sender_waits(connection, limits.sender_intervals), limits
        ),
    )


_PHONES = JsonValues(messages.c.recipient_id, "phones")

_TEXTS = select(messages.c.recipient_id, messages.c.claimed_at).where(
    messages.c.recipient_id.in_(_PHONES.values),
    messages.c.claimed_at >= bindparam("since", type_=messages.c.claimed_at.type),
    messages.c.state.not_in(ENDED_UNACCEPTED - {MessageState.GIVEN_UP}),
)


async def _texts(
    connection: AsyncConnection, phones: Iterable[str], since: datetime
) -> Mapping[str, Sequence[datetime]]:
    listed = _PHONES.bind(connection.dialect, phones)
    found = defaultdict[str, list[datetime]](list)
    for row in await connection.execute(_TEXTS, listed | {"since": since}):
        found[row.recipient_id].append(row.claimed_at)
    return found


async def _count_today(
    connection: AsyncConnection, office: str, since: datetime
) -> int:
    counted = select(func.count()).where(
        messages.c.office == office,
        messages.c.claimed_at >= since,
        messages.c.state.not_in(ENDED_UNACCEPTED - {MessageState.GIVEN_UP}),
    )
    return int((await connection.execute(counted)).scalar_one())


async def _sender_waits(
    connection: AsyncConnection, senders: Collection[str]
) -> Mapping[str, float]:
    """Seconds until each sender is free; replicas see each other's turns here."""
    if not senders:
        return {}
    wanted = (
        select(rates.c.sender, rates.c.free_at, database_now().label("now"))
        .where(rates.c.sender.in_(list(senders)))
        .with_for_update()
    )
    rows = await connection.execute(wanted)
    return {row.sender: (row.free_at - row.now).total_seconds() for row in rows}


async def save_sender_turns(
    connection: AsyncConnection, seconds_until_free: Mapping[str, float]
) -> None:
    """Keep from when on each sender may send its next text."""
    for sender, seconds in seconds_until_free.items():
        free_at = database_now_plus(literal(seconds))
        await connection.execute(
            insert_into(connection, rates)
            .values(sender=sender, free_at=free_at)
            .on_conflict_do_update(index_elements=["sender"], set_={"free_at": free_at})
        )
