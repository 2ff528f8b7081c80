"""`ReceiveStore` on the ledger."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.answers import take_receipt
from service.adapters.store.changed import bear_current, end_overtaken
from service.adapters.store.database import Database
from service.adapters.store.moves import in_pieces
from service.adapters.store.schema import (
    inbounds,
    messages,
    permit_recipients,
    receipts,
    recipients,
)
from service.adapters.store.upsert import insert_into
from service.domain.outcome import Inbound, Receipt
from service.domain.status import RANK, MessageState
from service.flow.rows import Word

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OF_MESSAGE = receipts.c.message_id == messages.c.id


class ReceiveStore:
    """The provider's later word, and what recipients text back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def receive(self, receipts: Sequence[Receipt], now: datetime) -> int:
        """Keep each receipt raw; move messages up their rank; how many moved."""
        if not receipts:
            return 0
        async with self._database.write() as connection:
            return sum([await take_receipt(connection, one, now) for one in receipts])

    async def hear(
        self,
        inbound: Inbound,
        digest: bytes,
        body: bytes,
        intent: str | None,
        now: datetime,
    ) -> bool:
        """Keep a text from a recipient and its wish; False where it came before."""
        async with self._database.write() as connection:
            recipient = await _recipient(connection, digest)
            kept = await connection.execute(
                insert_into(connection, inbounds)
                .values(
                    provider=inbound.provider,
                    provider_id=inbound.provider_id,
                    recipient_id=recipient,
                    intent=intent,
                    body=body,
                    received_at=now,
                )
                .on_conflict_do_nothing()
            )
            if kept.rowcount and recipient and intent:
                await _heed(connection, recipient, intent, now)
            return bool(kept.rowcount)

    async def words(
        self, provider: str, ids: Collection[str]
    ) -> Mapping[str, set[Word]]:
        """What was received of those ids, theirs or ours, that are messages'."""
        told: dict[str, set[Word]] = {}
        async with self._database.read() as connection:
            for piece in in_pieces(list(ids)):
                told |= await _words(connection, provider, piece)
        return told

    async def silent(self) -> int:
        """How many accepted messages the provider has said nothing of since."""
        wanted = select(func.count()).where(messages.c.state == MessageState.ACCEPTED)
        async with self._database.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    async def unconfirmed(
        self, provider: str, before: datetime, since: datetime
    ) -> Mapping[str, int]:
        """Provider ids accepted in [since, before) without a final word, and rank."""
        wanted = (
            select(messages.c.provider_id, messages.c.rank)
            .where(
                messages.c.provider == provider,
                messages.c.accepted_at < before,
                messages.c.accepted_at >= since,
                messages.c.rank < RANK[MessageState.DELIVERED],
            )
            .order_by(messages.c.accepted_at)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(wanted)
            return {row.provider_id: row.rank for row in rows}


async def _words(
    connection: AsyncConnection, provider: str, ids: Sequence[str]
) -> dict[str, set[Word]]:
    ours = [one for one in ids if _UUID.fullmatch(one)]
    named = messages.c.provider_id.in_(ids) | messages.c.id.in_(ours)
    wanted = (
        select(messages.c.id, messages.c.provider_id, receipts.c.state, receipts.c.code)
        .join_from(messages, receipts, isouter=True, onclause=_OF_MESSAGE)
        .where(messages.c.provider == provider, named)
    )
    told: dict[str, set[Word]] = {}
    for row in await connection.execute(wanted):
        words = told.setdefault(row.id, set())
        if row.state:
            words.add((MessageState(row.state), row.code))
        if row.provider_id:
            told[row.provider_id] = words
    return told


async def _recipient(connection: AsyncConnection, digest: bytes) -> str | None:
    wanted = select(recipients.c.id).where(recipients.c.digest == digest)
    return (await connection.execute(wanted)).scalar()


async def _heed(
    connection: AsyncConnection, recipient: str, intent: str, now: datetime
) -> None:
    """STOP ends what is due to this phone; START reopens what is current."""
    stopped_at = now if intent == "stop" else None
    await connection.execute(
        update(recipients)
        .where(recipients.c.id == recipient)
        .values(opted_out_at=stopped_at)
    )
    wanted = select(permit_recipients.c.permit_id).where(
        permit_recipients.c.recipient_id == recipient
    )
    ids = list((await connection.execute(wanted)).scalars())
    await end_overtaken(connection, ids, now)
    await bear_current(connection, ids, now)
