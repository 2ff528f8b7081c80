"""Models of opt-outs: request body, answers, parameters."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from service.flow.permits.opt_outs import Via
from service.web.api.pages import Page, UuidPageQuery
from service.web.api.parameter_types import LONGEST_CODE, OptionalReason


class OptOutFields(BaseModel):
    """A phone to opt out or in again; null and an empty text count as absent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"phone": "+12125550142", "reason": "asked by telephone"}]
        },
    )

    phone: str = Field(
        min_length=1,
        max_length=LONGEST_CODE,
        examples=["+12125550142"],
        description="the number, as it is dialled in the authority's country",
    )
    reason: OptionalReason | None = Field(
        default=None,
        description="one line, stored with the name of the API key",
    )


class OptOut(BaseModel):
    """A phone that gets no more texts."""

    model_config = ConfigDict(from_attributes=True)

    phone: str = Field(description="the phone number, masked")
    since: datetime = Field(description="when it opted out")
    via: Via = Field(
        description="inbound: the phone texted STOP; provider: the provider refuses to "
        "text it; api or command: an operator opted it out"
    )


class OptOutPage(Page[OptOut]):
    """Opt-outs in the order in which their phones were first stored."""


class OptOutsQuery(UuidPageQuery):
    """Which page of the opt-outs."""
