"""Permits of which no phone takes texts."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from service.domain.permits.phone import Line as PhoneLine
from service.flow.permits.unreachable import unreached
from service.web.api.endpoint import endpoint
from service.web.api.parameter_types import Cursor, Limit, Line
from service.web.api.request_input import Parameters
from service.web.services import Desk


class DeadPhone(BaseModel):
    """A phone that takes no texts, masked."""

    model_config = ConfigDict(from_attributes=True)

    phone: str
    line: PhoneLine
    unreachable_at: datetime | None = Field(description="since when, where it is so")
    unreachable_by: str | None = Field(description="the provider's code")


class Unreached(BaseModel):
    """A permit whose holder no text reaches; numbers that tell of people are masked."""

    model_config = ConfigDict(from_attributes=True)

    authority: str
    rule: str
    number: str
    holder: str
    phones: list[DeadPhone] = Field(description="in order of preference")
    why: str = Field(description="in plain English, each reason once")
    closes_on: date
    expires_on: date


class UnreachedPage(BaseModel):
    """Such permits in the order of registration."""

    items: list[Unreached]
    next: str | None = Field(description="`after` of the next page; null on the last")


class UnreachableQuery(Parameters):
    """Whose permits, and how many at once."""

    authority: Line | None = Field(
        default=None, description="the code of an office; with all below it"
    )
    after: Cursor | None = Field(default=None, description="`next` of the page before")
    limit: Limit = 100


@endpoint("GET", "/v1/unreachable", {200: UnreachedPage}, refusals=(404,))
async def list_unreachable(desk: Desk, query: UnreachableQuery) -> UnreachedPage:
    """List the permits that are reminded and of which no phone takes texts.

    Of all offices or one with those below it, page by page.
    """
    law = await desk.laws.law()
    offices = law.below(query.authority) if query.authority else tuple(law.authorities)
    found = await unreached(offices, desk.reach, query.after, query.limit + 1)
    items = found[: query.limit]
    return UnreachedPage(
        items=[Unreached.model_validate(one) for one in items],
        next=items[-1].id if len(found) > len(items) else None,
    )
