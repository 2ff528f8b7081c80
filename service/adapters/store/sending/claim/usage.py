"""What phones, offices and senders have had already, and when senders are free."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonValues
from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import messages, rates, recipients
from service.adapters.store.db.types import database_now, database_now_plus
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.reminders.candidates import CandidateRow
from service.adapters.store.sending.claim.own_phone import IS_TO_HOLDER
from service.domain.delivery.status import ENDED_UNACCEPTED, MessageState
from service.domain.reminders.limits import Limits, Usage

_TWO_DAYS: Final = timedelta(days=2)
"""In every time zone, today began less than two days ago."""


async def count_usage(
    connection: AsyncConnection,
    candidates: Iterable[CandidateRow],
    limits: Limits,
    now: datetime,
) -> Usage:
    """Count texts by phone and by office, and read when each sender is free.

    Other claims with the same phone or sender wait until this one is committed. Phones
    are locked before senders, both in the order of their keys: none waits in a circle.
    """
    phones = {one.recipient.id for one in candidates if one.recipient is not None}
    await _LOCKED_PHONES.run(connection, _RECIPIENTS.bind(connection.dialect, phones))
    return Usage(
        texts_by_phone=await _texts_by_phone(connection, phones, now - _TWO_DAYS),
        texts_by_office={
            office: await _count_texts(connection, office, since)
            for office, since in limits.day_starts.items()
        },
        sender_waits=await _sender_waits(connection, limits.sender_intervals),
    )


_UNSENT = ENDED_UNACCEPTED - {MessageState.GIVEN_UP}
_COUNTS_AS_SENT = IS_TO_HOLDER & messages.c.state.not_in(_UNSENT)

_RECIPIENTS = JsonValues(recipients.c.id, "recipients")

_LOCKED_PHONES = Prepared(
    select(recipients.c.id)
    .where(recipients.c.id.in_(_RECIPIENTS.values))
    .order_by(recipients.c.id)
    .with_for_update(key_share=True)
)

_PHONES = JsonValues(messages.c.recipient_id, "phones")

_TEXTS = Prepared(
    select(messages.c.recipient_id, messages.c.claimed_at).where(
        messages.c.recipient_id.in_(_PHONES.values),
        messages.c.claimed_at >= bindparam("since", type_=messages.c.claimed_at.type),
        _COUNTS_AS_SENT,
    )
)


async def _texts_by_phone(
    connection: AsyncConnection, phones: Iterable[str], since: datetime
) -> Mapping[str, Sequence[datetime]]:
    parameters = _PHONES.bind(connection.dialect, phones) | {"since": since}
    found = defaultdict[str, list[datetime]](list)
    for row in await _TEXTS.run(connection, parameters):
        found[row.recipient_id].append(row.claimed_at)
    return found


async def _count_texts(
    connection: AsyncConnection, office: str, since: datetime
) -> int:
    counted = select(func.count()).where(
        messages.c.office == office, messages.c.claimed_at >= since, _COUNTS_AS_SENT
    )
    return int((await connection.execute(counted)).scalar_one())


_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a sender is free that never sent."""


async def _sender_waits(
    connection: AsyncConnection, senders: Collection[str]
) -> Mapping[str, float]:
    """Seconds until each sender is free; other workers' turns count, too."""
    if not senders:
        return {}
    await connection.execute(
        insert_into(connection, rates).on_conflict_do_nothing(),
        [{"sender": one, "free_at": _ALWAYS} for one in sorted(senders)],
    )
    wanted = (
        select(rates.c.sender, rates.c.free_at, database_now().label("now"))
        .where(rates.c.sender.in_(list(senders)))
        .order_by(rates.c.sender)
        .with_for_update()
    )
    rows = await connection.execute(wanted)
    return {row.sender: (row.free_at - row.now).total_seconds() for row in rows}


async def save_sender_turns(
    connection: AsyncConnection, seconds_until_free: Mapping[str, float]
) -> None:
    """Save in how many seconds each sender is free again."""
    for sender, seconds in seconds_until_free.items():
        free_at = database_now_plus(literal(seconds))
        await connection.execute(
            insert_into(connection, rates)
            .values(sender=sender, free_at=free_at)
            .on_conflict_do_update(index_elements=["sender"], set_={"free_at": free_at})
        )
