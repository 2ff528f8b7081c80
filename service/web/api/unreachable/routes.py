"""Permits of which no phone takes texts."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from service.domain.permits.phone import PhoneLine
from service.flow.permits.unreachable import unreached
from service.web.api.endpoint import endpoint
from service.web.api.parameter_types import Limit, TextLine, UuidCursor
from service.web.api.request_input import Parameters
from service.web.services import Services


class UnreachablePhone(BaseModel):
    """A phone that takes no texts, masked."""

    model_config = ConfigDict(from_attributes=True)

    phone: str
    line: PhoneLine
    unreachable_at: datetime | None = Field(description="since when, where it is so")
    unreachable_by: str | None = Field(description="the provider's code")


class UnreachablePermit(BaseModel):
    """A permit whose holder no text reaches; numbers that tell of people are masked."""

    model_config = ConfigDict(from_attributes=True)

    authority: str
    rule: str
    number: str
    holder: str
    phones: list[UnreachablePhone] = Field(description="in order of preference")
    why: str = Field(description="in plain English, each reason once")
    closes_on: date
    expires_on: date


class UnreachablePage(BaseModel):
    """Such permits in the order of registration."""

    items: list[UnreachablePermit]
    next: str | None = Field(description="`after` of the next page; null on the last")


class UnreachableQuery(Parameters):
    """Whose permits, and how many at once."""

    authority: TextLine | None = Field(
        default=None, description="the code of an office; with all below it"
    )
    after: UuidCursor | None = Field(
        default=None, description="`next` of the page before"
    )
    limit: Limit = 100


@endpoint("GET", "/v1/unreachable", {200: UnreachablePage}, error_statuses=(404,))
async def list_unreachable(
    services: Services, query: UnreachableQuery
) -> UnreachablePage:
    """List the permits that are reminded and of which no phone takes texts.

    Of all offices or one with those below it, page by page.
    """
    law = await services.law_store.current_law()
    offices = (
        law.subtree(query.authority) if query.authority else tuple(law.authorities)
    )
    found = await unreached(
        offices, services.unreachable_deps, query.after, query.limit + 1
    )
    items = found[: query.limit]
    return UnreachablePage(
        items=[UnreachablePermit.model_validate(one) for one in items],
        next=items[-1].id if len(found) > len(items) else None,
    )
