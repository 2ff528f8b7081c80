"""What belongs to one group: a series, an authority, an expiry date."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, tuple_

from service.adapters.store.schema import slots
from service.flow.rows import DueGroup

GROUP = (slots.c.series, slots.c.authority, slots.c.expires_on)

GroupKey = tuple[str, str, date]


def key_of(group: DueGroup) -> GroupKey:
    """What a group is told by."""
    return group.series, group.authority, group.expires_on


def same_group(one: Any, other: Any) -> ColumnElement[bool]:  # noqa: ANN401 - columns, or values
    """Whether a row, of permits or slots, belongs to the same group as another."""
    return and_(
        one.series == other.series,
        one.authority == other.authority,
        one.expires_on == other.expires_on,
    )


def in_groups(keys: Collection[GroupKey]) -> ColumnElement[bool]:
    """The slots of these groups.

    Series and authorities are named besides: SQLite seeks no list of several columns
    in an index.
    """
    series, authorities = {key[0] for key in keys}, {key[1] for key in keys}
    return and_(
        slots.c.series.in_(series),
        slots.c.authority.in_(authorities),
        tuple_(*GROUP).in_(list(keys)),
    )
