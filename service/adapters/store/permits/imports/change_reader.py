"""What imports changed, read in the order in which they changed it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import import_changes, permits, recipients
from service.domain.masked_text import mask_text
from service.domain.permits.permit_change import ChangeKind
from service.flow.permits.import_record import ChangeCursor, ImportChange


class _Stored(NamedTuple):
    row: Row[Any]
    at: int
    permit_id: str
    kind: str
    fields: dict[str, Any]


async def read_changes(
    connection: AsyncConnection,
    import_id: str | None,
    after: ChangeCursor | None,
    limit: int,
) -> list[ImportChange]:
    """Changes of one import, or of all, that follow a cursor."""
    found = await _load(connection, import_id, after or (0, 0), limit)
    shown = await _permits(connection, {one.permit_id for one in found})
    masked = await _masked_phones(connection, found)
    return [
        ImportChange(
            cursor=(row.id, at),
            import_id=row.import_id,
            at=row.at,
            by=row.by,
            authority=shown[permit_id].authority,
            rule=shown[permit_id].rule,
            number=shown[permit_id].shown_number,
            kind=ChangeKind(kind),
            fields={
                name: values and _show(name, values, masked)
                for name, values in fields.items()
            },
        )
        for row, at, permit_id, kind, fields in found
    ]


async def _load(
    connection: AsyncConnection, import_id: str | None, after: ChangeCursor, limit: int
) -> list[_Stored]:
    """The stored changes behind (row, place in it); no more rows than are needed."""
    wanted = select(import_changes).order_by(import_changes.c.id)
    wanted = wanted.where(import_changes.c.id >= after[0])
    if import_id is not None:
        wanted = wanted.where(import_changes.c.import_id == import_id)
    found = list[_Stored]()
    async with connection.stream(wanted) as rows:
        async for row in rows:
            found += [
                _Stored(row, at, *change)
                for at, change in enumerate(row.changes, start=1)
                if (row.id, at) > after
            ]
            if len(found) >= limit:
                break
    return found[:limit]


async def _permits(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Any]:
    columns = permits.c.authority, permits.c.rule, permits.c.shown_number
    wanted = select(permits.c.id, *columns).where(permits.c.id.in_(ids))
    return {row.id: row for row in (await connection.execute(wanted)).all()}


async def _masked_phones(
    connection: AsyncConnection, found: Iterable[_Stored]
) -> dict[str, str]:
    """The masked phones of all recipients in these changes, by their ids."""
    ids = {
        recipient_id
        for one in found
        for recipient_ids in one.fields.get("phones", ())
        for recipient_id in recipient_ids
    }
    wanted = select(recipients.c.id, recipients.c.masked).where(
        recipients.c.id.in_(ids)
    )
    return {row.id: row.masked for row in await connection.execute(wanted)}


def _show(
    name: str, values: Sequence[Any], masked: Mapping[str, str]
) -> tuple[object, object]:
    before, after = values
    if name == "phones":
        return [masked[one] for one in before], [masked[one] for one in after]
    if name == "register":
        return mask_text(before), mask_text(after)
    return before, after
