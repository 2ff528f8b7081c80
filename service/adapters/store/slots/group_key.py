"""Groups in queries: rows of one series, one authority and one expiry date."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import json_rows_like
from service.adapters.store.db.schema import permits, slots
from service.domain.deadlines.slot import GroupKey

SLOT_GROUP_COLUMNS = (slots.c.series, slots.c.authority, slots.c.expires_on)

PERMIT_GROUP_COLUMNS = (permits.c.series, permits.c.authority, permits.c.expires_on)


def group_key(row: Any) -> GroupKey:  # noqa: ANN401 - a Row, or a DueGroup
    """The group of a row that has the columns of a group."""
    return row.series, row.authority, row.expires_on


def same_group(one: Any, other: Any) -> ColumnElement[bool]:  # noqa: ANN401 - columns, or values
    """Whether two rows of permits or slots belong to one group."""
    return and_(
        one.series == other.series,
        one.authority == other.authority,
        one.expires_on == other.expires_on,
    )


_KEYS = json_rows_like(slots, ("series", "authority", "expires_on"))

GROUPS = _KEYS.table
"""The groups that `group_params` binds to the statement."""

SLOT_IN_GROUPS = same_group(slots.c, GROUPS.c)
"""Slots of the groups that `group_params` binds to the statement."""

PERMIT_IN_GROUPS = same_group(permits.c, GROUPS.c)
"""Permits of the groups that `group_params` binds to the statement."""

GroupParams = dict[str, str]
"""Parameters of a statement with `SLOT_IN_GROUPS` or `PERMIT_IN_GROUPS`."""


def group_params(
    connection: AsyncConnection, keys: Collection[GroupKey]
) -> GroupParams:
    """Bind groups, each named once, to a statement."""
    return _KEYS.bind(connection.dialect, keys)
