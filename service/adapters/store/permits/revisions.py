"""The revision of a stored permit, against which a change of it is checked."""

from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.permits.permit_rows import (
    NO_CONTACTS,
    PermitKey,
    permit_revision,
    permits_by_key,
)
from service.adapters.store.permits.recipients import recipients_of


async def stored_revision(connection: AsyncConnection, key: PermitKey) -> str | None:
    """The revision of a permit as it is stored; None if it is unknown."""
    row = (await permits_by_key(connection, [key])).get(key)
    if row is None:
        return None
    contacts = await recipients_of(connection, [row.id])
    return permit_revision(row, contacts.get(row.id, NO_CONTACTS))
