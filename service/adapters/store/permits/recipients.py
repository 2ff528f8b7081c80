"""Recipients: one row per phone, looked up by its keyed digest."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from service.adapters.store.db.insert_rows import insert_rows
from service.adapters.store.db.json_rows import JsonQuery, JsonValues, in_chunks
from service.adapters.store.db.schema import permit_recipients, recipients
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.permits.permit_rows import (
    NO_CONTACTS,
    Contacts,
    PermitChange,
)
from service.flow.permits.encryption import Recipient

_PERMIT_IDS: Final = JsonValues(permit_recipients.c.permit_id, "permits")

_RECIPIENTS_OF: Final = JsonQuery(
    select(
        permit_recipients.c.permit_id,
        permit_recipients.c.position,
        permit_recipients.c.recipient_id,
        permit_recipients.c.role,
    ).where(permit_recipients.c.permit_id.in_(_PERMIT_IDS.values))
)

_WITH_DIGESTS: Final = select(
    recipients.c.digest, recipients.c.id, recipients.c.line
).where(recipients.c.digest.in_(bindparam("digests", expanding=True)))


async def ensure_recipient_ids(
    connection: AsyncConnection, phones: Sequence[Recipient]
) -> dict[bytes, str]:
    """The ids of these phones by digest; inserts the phones that are new.

    The line follows what is known of the number now: a release may read more of it.
    """
    by_digest = {one.digest: one for one in phones}
    insert = insert_into(connection, recipients)
    insert = insert.on_conflict_do_update(
        index_elements=[recipients.c.digest],
        set_={"line": insert.excluded.line},
    )
    found: dict[bytes, str] = {}
    for chunk in in_chunks(list(by_digest)):
        known = await _known_recipients(connection, chunk)
        # The database has one writer: none of the others appears meanwhile.
        ids = {one: known[one].id if one in known else str(uuid7()) for one in chunk}
        rows = [
            _recipient_values(by_digest[one], ids[one])
            for one in chunk
            if one not in known or known[one].line != by_digest[one].line
        ]
        await insert_rows(connection, insert, rows)
        found |= ids
    return found


async def _known_recipients(
    connection: AsyncConnection, digests: Sequence[bytes]
) -> dict[bytes, Any]:
    rows = await connection.execute(_WITH_DIGESTS, {"digests": digests})
    return {row.digest: row for row in rows}


def _recipient_values(phone: Recipient, recipient_id: str) -> dict[str, object]:
    return {
        "id": recipient_id,
        "digest": phone.digest,
        "phone": phone.encrypted_phone,
        "masked": phone.masked,
        "line": phone.line,
    }


async def recipients_of(
    connection: AsyncConnection, permit_ids: Sequence[str]
) -> dict[str, Contacts]:
    """The recipients of each permit, in order of preference."""
    found: dict[str, Contacts] = {}
    asked = _PERMIT_IDS.bind(connection.dialect, permit_ids)
    rows = await _RECIPIENTS_OF.rows(connection, asked)
    for row in sorted(rows, key=itemgetter(0, 1)):
        ids, roles = found.get(row.permit_id, NO_CONTACTS)
        found[row.permit_id] = Contacts((*ids, row.recipient_id), (*roles, row.role))
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


async def write_recipients(
    connection: AsyncConnection, changes: Sequence[PermitChange]
) -> None:
    """Store the phones of permits, in order, instead of those that they had."""
    if ids := [one.id for one in changes if one.stored is not None]:
        await connection.execute(
            delete(permit_recipients).where(permit_recipients.c.permit_id.in_(ids))
        )
    rows = [
        {"permit_id": one.id, "position": at, "recipient_id": recipient, "role": role}
        for one in changes
        for at, (recipient, role) in enumerate(zip(*one.contacts, strict=True))
    ]
    await insert_rows(connection, insert(permit_recipients), rows)
