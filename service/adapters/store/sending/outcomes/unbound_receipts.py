"""Receipts of messages that the ledger does not know: a failover may have lost them."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import receipts
from service.domain.delivery.outcome import Receipt
from service.domain.delivery.status import MessageState

LONGEST_UNBOUND: Final = timedelta(days=90)
"""How long a receipt waits for its message to become known."""


async def forget_old_receipts(connection: AsyncConnection, now: datetime) -> None:
    """Delete receipts whose message nobody will find any more."""
    its = receipts.c
    old = its.message_id.is_(None) & (its.received_at < now - LONGEST_UNBOUND)
    await connection.execute(delete(receipts).where(old))


async def take_unbound(
    connection: AsyncConnection, provider: str, provider_ids: Collection[str]
) -> list[Receipt]:
    """Take out the receipts of messages just bound, to be applied as if received now.

    Leaves those of failures: what follows depends on its kind, which a poll brings.
    """
    its = receipts.c
    taken = await connection.execute(
        delete(receipts)
        .where(
            its.message_id.is_(None),
            its.provider == provider,
            its.provider_id.in_(provider_ids),
            its.code.is_(None),
            its.state.is_not(None),
        )
        .returning(receipts)
    )
    return [
        Receipt(provider, row.provider_id, MessageState(row.state), row.raw)
        for row in sorted(taken.all(), key=lambda row: row.id)
    ]
