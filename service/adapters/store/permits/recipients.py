"""Recipients: one row per phone, looked up by its keyed digest."""

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
    """The ids of these phones by digest; inserts the phones that are new.

    The line follows what is known of the number now: a release may read more of it.
    """
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
    insert = insert_into(connection, recipients)
    insert = insert.on_conflict_do_update(
        index_elements=[recipients.c.digest],
        set_={"line": insert.excluded.line},
        where=recipients.c.line != insert.excluded.line,
    )
    found: dict[bytes, str] = {}
    for chunk in in_chunks(list(new)):
        await connection.execute(
            insert,
            [new[digest] for digest in chunk],
        )
        rows = await connection.execute(
            select(recipients.c.digest, recipients.c.id).where(
                recipients.c.digest.in_(chunk)
            )
        )
        found |= {row.digest: row.id for row in rows}
    return found


async def recipients_of(
    connection: AsyncConnection, permit_ids: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """The recipient ids of each permit, in order of preference."""
    found: dict[str, tuple[str, ...]] = {}
    for chunk in in_chunks(permit_ids):
        rows = await connection.execute(
            select(permit_recipients)
            .where(permit_recipients.c.permit_id.in_(chunk))
            .order_by(permit_recipients.c.permit_id, permit_recipients.c.position)
        )
        for row in rows:
            before = found.get(row.permit_id, ())
            found[row.permit_id] = (*before, row.recipient_id)
    return found


async def recipient_id_of(connection: AsyncConnection, digest: bytes) -> str | None:
    """The id of the recipient with this phone digest; None if it is unknown."""
    wanted = select(recipients.c.id).where(recipients.c.digest == digest)
    return (await connection.execute(wanted)).scalar()


async def permits_of(connection: AsyncConnection, recipient_id: str) -> list[str]:
    """The ids of the permits that list a recipient."""
    wanted = select(permit_recipients.c.permit_id).where(
        permit_recipients.c.recipient_id == recipient_id
    )
    return list((await connection.execute(wanted)).scalars())
