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

    phone: str = Field(description="masked, such as +1212***0142")
    line: PhoneLine = Field(description="the kind of line")
    unreachable_at: datetime | None = Field(description="since when, where it is so")
    unreachable_by: str | None = Field(description="the provider's code")


class UnreachablePermit(BaseModel):
    """A permit whose holder no text reaches; numbers that tell of people are masked."""

    model_config = ConfigDict(from_attributes=True)

    authority: str = Field(description="the code of the authority that issued it")
    rule: str = Field(description="the code of its permit type")
    number: str = Field(
        description="the permit number; masked if it contains an identity number"
    )
    holder: str = Field(description="the name of the holder")
    phones: list[UnreachablePhone] = Field(description="in order of preference")
    why: str = Field(description="in plain English, each reason once")
    closes_on: date = Field(description="the last day to apply that texts announce")
    expires_on: date = Field(description="the last day on which the permit is valid")


class UnreachablePage(BaseModel):
    """Such permits in the order of registration."""

    items: list[UnreachablePermit] = Field(description="the permits of this page")
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
    """List permits that are reminded and have no phone that takes texts.

    A phone may be unreachable, a fixed line or no valid number, or there may be none.
    Holders who have opted out are not listed.
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
