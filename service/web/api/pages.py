"""Pages of lists: what a request asks for, and the shape of the answer."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, Field

from service.web.api.parameter_types import Limit, TextLine, UuidCursor
from service.web.api.request_input import Parameters

AFTER = "`next` of the previous page; the first page by default"

Item = TypeVar("Item")


class PageQuery(Parameters):
    """How many rows a page may have; each list adds its own `after`."""

    limit: Limit = 100


class UuidPageQuery(PageQuery):
    """Which page of a list whose rows have a UUID."""

    after: UuidCursor | None = Field(default=None, description=AFTER)


class CodePageQuery(PageQuery):
    """Which page of a list in the order of codes or names."""

    after: TextLine | None = Field(default=None, description=AFTER)


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item] = Field(description="the rows of this page")
    next: str | None = Field(
        description="`after` of the next page; null on the last page"
    )

    @classmethod
    def from_rows(
        cls,
        rows: Sequence[object],
        limit: int,
        cursor: Callable[[Any], str] = attrgetter("id"),
    ) -> Self:
        """The first `limit` rows; a page follows if there is one row more than that.

        `cursor` gives the value of `after` that continues behind a row.
        """
        items = rows[:limit]
        following = cursor(items[-1]) if len(rows) > limit else None
        return cls.model_validate(
            {"items": items, "next": following}, from_attributes=True
        )
