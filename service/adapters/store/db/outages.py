"""The providers that are out, as their circuits say."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import circuits
from service.domain.delivery.circuit import CircuitState, Outage


async def list_outages(connection: AsyncConnection) -> list[Outage]:
    """The providers whose circuit is open, with what is known about it."""
    wanted = select(circuits).where(circuits.c.state != CircuitState.CLOSED)
    return [
        Outage(row.provider, row.reason or "", row.changed_at, row.probe_at)
        for row in await connection.execute(wanted.order_by(circuits.c.provider))
    ]
