"""What belongs to one group: a series, an authority, an expiry date."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import json_rows_like
from service.adapters.store.db.schema import permits, slots
from service.domain.reminders.births import DueGroup

SLOT_GROUP_COLUMNS = (slots.c.series, slots.c.authority, slots.c.expires_on)

GroupKey = tuple[str, str, date]


def group_key(group: DueGroup) -> GroupKey:
    """What a group is told by."""
    return group.series, group.authority, group.expires_on


def same_group(one: Any, other: Any) -> ColumnElement[bool]:  # noqa: ANN401 - columns, or values
    """Whether a row, of permits or slots, belongs to the same group as another."""
    return and_(
        one.series == other.series,
        one.authority == other.authority,
        one.expires_on == other.expires_on,
    )


_KEYS = json_rows_like(slots, ("series", "authority", "expires_on"))

SLOT_IN_GROUPS = same_group(slots.c, _KEYS.table.c)
"""Says of slots that they are of the groups named by `of_groups`."""

PERMIT_IN_GROUPS = same_group(permits.c, _KEYS.table.c)
"""Says so of permits."""

GroupParams = dict[str, str]
"""The parameter of a statement that says either."""


def group_params(
    connection: AsyncConnection, keys: Collection[GroupKey]
) -> GroupParams:
    """Name groups, each once, to statements about them."""
    return _KEYS.bind(connection.dialect, keys)
