"""What an import changes: described, and stored in the transaction that does it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import import_changes
from service.adapters.store.permits.permit_rows import PermitChange, field_changes
from service.domain.permits.filing import FiledPermit
from service.domain.permits.permit import PermitStatus
from service.domain.permits.permit_change import (
    ChangeKind,
    FieldChanges,
    compare_fields,
    find_kind,
)
from service.flow.permits.register import RegisterSource

Change = tuple[str, ChangeKind, FieldChanges]
"""A permit's id, what happened to it, and its fields that changed."""


def describe_written(
    changes: Iterable[PermitChange], source: RegisterSource
) -> list[Change]:
    """Permits that are registered or changed."""
    return [
        _describe(one.id, field_changes(one, source))
        if one.stored is not None
        else (one.id, ChangeKind.REGISTERED, {})
        for one in changes
    ]


def describe_moved(rows: Iterable[Row[Any]], register: str) -> list[Change]:
    """Permits that only stand in another register now."""
    return [_describe(row.id, {"register": (row.register, register)}) for row in rows]


def describe_renewed(renewed: Mapping[str, bool]) -> list[Change]:
    """Permits, by their ids, that another one replaces from now on, or no longer."""
    return [
        _describe(permit_id, {"replaced": (not replaced, replaced)})
        for permit_id, replaced in renewed.items()
    ]


def describe_filed(
    before: Mapping[str, FiledPermit], after: Mapping[str, FiledPermit]
) -> list[Change]:
    """Permits, by their ids, whose renewal is filed from now on, or no longer."""
    name = "renewal_filed_on"
    return [
        _describe(
            id_,
            compare_fields(
                {name: before[id_].renewal_filed_on}, {name: one.renewal_filed_on}
            ),
        )
        for id_, one in after.items()
    ]


def describe_withdrawn(row: Row[Any], reason: str | None = None) -> Change:
    """A permit that is withdrawn, for a reason if no row says so."""
    before = {"status": row.status, "status_reason": row.status_reason}
    after = {"status": PermitStatus.WITHDRAWN, "status_reason": reason}
    return _describe(row.id, compare_fields(before, after))


def _describe(permit_id: str, fields: FieldChanges) -> Change:
    return permit_id, find_kind(fields), fields


async def record_changes(
    connection: AsyncConnection,
    import_id: str,
    by: str,
    changes: Sequence[Change],
    now: datetime,
) -> None:
    """Store what an import changes, as part of the transaction that changes it."""
    if changes:
        row = {"import_id": import_id, "by": by, "at": now, "changes": changes}
        await connection.execute(insert(import_changes).values(row))
