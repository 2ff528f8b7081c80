"""Joining what belongs to one group: a series, an authority, an expiry date."""

from typing import Any

from sqlalchemy import ColumnElement, and_


def same_group(one: Any, other: Any) -> ColumnElement[bool]:  # noqa: ANN401 - columns, or values
    """Whether a row, of permits or slots, belongs to the same group as another."""
    return and_(
        one.series == other.series,
        one.authority == other.authority,
        one.expires_on == other.expires_on,
    )
