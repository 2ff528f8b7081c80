"""Recipients: one row a phone, looked up by its keyed digest."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import permit_recipients, recipients
from service.adapters.store.db.upsert import insert_into
from service.flow.permits.encryption import Recipient


async def ensure_recipient_ids(
    connection: AsyncConnection, phones: Sequence[Recipient]
) -> dict[bytes, str]:
    """The ids of some phones by digest; rows are made for new ones."""
    new = {
        one.digest: {
            "id": str(uuid7()),
            "digest": one.digest,
            "phone": one.encrypted_phone,
            "masked": one.masked,
            "line": one.line,
        }
        for one in phones
    }
    found: dict[bytes, str] = {}
    for piece in in_chunks(list(new)):
        await connection.execute(
            insert_into(connection, recipients).on_conflict_do_nothing(),
            [new[digest] for digest in piece],
        )
        rows = await connection.execute(
            select(recipients.c.digest, recipients.c.id).where(
                recipients.c.digest.in_(piece)
            )
        )
        found |= {row.digest: row.id for row in rows}
    return found


async def recipients_of(
    connection: AsyncConnection, permit_ids: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """The recipients of some permits, each in order of preference."""
    found: dict[str, tuple[str, ...]] = {}
    for piece in in_chunks(permit_ids):
        rows = await connection.execute(
            select(permit_recipients)
            .where(permit_recipients.c.permit_id.in_(piece))
            .order_by(permit_recipients.c.permit_id, permit_recipients.c.position)
        )
        for row in rows:
            before = found.get(row.permit_id, ())
            found[row.permit_id] = (*before, row.recipient_id)
    return found


async def id_of(connection: AsyncConnection, digest: bytes) -> str | None:
    """The id of a phone, where it is known."""
    wanted = select(recipients.c.id).where(recipients.c.digest == digest)
    return (await connection.execute(wanted)).scalar()


async def permits_of(connection: AsyncConnection, recipient: str) -> list[str]:
    """The permits that name a phone."""
    wanted = select(permit_recipients.c.permit_id).where(
        permit_recipients.c.recipient_id == recipient
    )
    return list((await connection.execute(wanted)).scalars())
