"""Models of unreachable permits: parameters and answer."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from service.domain.permits.phone import PhoneLine
from service.web.api.pages import Page, UuidPageQuery
from service.web.api.parameter_types import TextLine


class UnreachablePhone(BaseModel):
    """A phone that cannot get texts."""

    model_config = ConfigDict(from_attributes=True)

    phone: str = Field(description="the number, masked, such as +1212***0142")
    line: PhoneLine = Field(description="the kind of line")
    unreachable_at: datetime | None = Field(
        description="when the provider found it unreachable; null if it did not"
    )
    unreachable_by: str | None = Field(description="the error code of the provider")


class UnreachablePermit(BaseModel):
    """A permit whose holder no SMS reaches."""

    model_config = ConfigDict(from_attributes=True)

    authority: str = Field(description="the code of the authority that issued it")
    rule: str = Field(description="the code of its permit type")
    number: str = Field(
        description="the permit number; masked if it contains an identity number"
    )
    holder: str = Field(description="the name of the holder")
    phones: list[UnreachablePhone] = Field(
        description="the phones, in order of preference"
    )
    why: str = Field(description="the reasons, in English")
    closes_on: date = Field(description="the last day to apply that texts announce")
    expires_on: date = Field(description="the last day on which the permit is valid")


class UnreachablePage(Page[UnreachablePermit]):
    """Unreachable permits in the order of registration."""


class UnreachableQuery(UuidPageQuery):
    """Which permits, and which page of them."""

    authority: TextLine | None = Field(
        default=None, description="the code of an authority; all below it are included"
    )
