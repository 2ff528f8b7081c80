"""A permit as the API takes and shows it."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from service.domain.delivery.status import ReminderState
from service.domain.law.rule import Language
from service.domain.permits.permit import PermitStatus
from service.domain.permits.phone import PhoneLine
from service.web.api.parameter_types import (
    Day,
    Limit,
    PermitNumber,
    TextLine,
    UuidCursor,
)
from service.web.api.request_input import Parameters


class PermitPath(Parameters):
    """Which permit, within an authority."""

    rule: TextLine = Field(
        description="the code of a rule", examples=["cn-food-production-license"]
    )
    number: PermitNumber = Field(
        description="the permit's number, at most 64 characters",
        examples=["SC10199000000142"],
    )


class AuthorityQuery(Parameters):
    """Whose permit."""

    authority: TextLine | None = Field(
        default=None, description="the code of an office; the settings' one by default"
    )


class PermitFields(BaseModel):
    """The fields of a permit; null and an empty text count as absent.

    `rule` and `number` may be repeated from the path, `authority` from the query.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "holder": "临江甜点有限公司",
                    "phones": ["+12125550142"],
                    "expires_on": "2026-12-31",
                }
            ]
        },
    )

    authority: str | None = Field(
        default=None,
        max_length=64,
        description="the code of the authority that issued it; may repeat the query",
    )
    rule: str | None = Field(
        default=None,
        max_length=64,
        description="the code of its permit type; may repeat the address",
    )
    number: str | None = Field(
        default=None,
        max_length=64,
        description="the permit number; may repeat the address",
    )
    holder: str = Field(
        min_length=1, max_length=200, description="the name of the holder"
    )
    holder_code: str | None = Field(
        default=None, max_length=64, description="统一社会信用代码 for organisations"
    )
    phones: list[Annotated[str, Field(max_length=64)]] | str | None = Field(
        default=None,
        description="at most 10, in order of preference, each as it is dialled in the"
        " authority's country; a number that takes no texts is no error",
    )
    language: Language | None = Field(
        default=None,
        description="the language of its texts; the authority's by default",
    )
    issued_on: Day | None = Field(
        default=None,
        description="the day of issue; some rules choose the version by it",
    )
    expires_on: Day = Field(
        description="the last day on which it is valid; a renewal is a later one"
    )
    status: PermitStatus | None = Field(
        default=None,
        description="active by default; nothing is sent for a suspended or withdrawn "
        "permit",
    )
    renewal_filed_on: Day | None = Field(
        default=None,
        description="when the holder applied for renewal; from then on nothing is sent",
    )
    replaces: str | None = Field(
        default=None,
        max_length=64,
        description="the number of the permit that this one renews",
    )


class PhoneModel(BaseModel):
    """A phone, masked."""

    phone: str = Field(description="masked, such as +1212***0142")
    line: PhoneLine = Field(
        description="the kind of line; only a mobile number is texted"
    )


class Reminder(BaseModel):
    """One step of a permit, and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    step: str = Field(description="the name of the step in the rule's version")
    expires_on: date = Field(description="the expiry date that it reminds of")
    due_at: datetime = Field(description="the instant from which it may be sent")
    state: ReminderState = Field(description="see docs/states.md for each state")
    reason: str | None = Field(
        description="why it ended so; null where the state says enough"
    )
    hold_reason: str | None = Field(
        description="why a reminder that is due is not sent now"
    )
    next_at: datetime | None = Field(
        description="when a reminder that waits is checked again"
    )
    sent_at: datetime | None = Field(
        description="when a provider first accepted a message for it"
    )


def _phone_models(phones: object) -> object:
    if not isinstance(phones, tuple):
        return phones
    return [PhoneModel(phone=phone, line=line) for phone, line in phones]


class Permit(BaseModel):
    """A permit as it is stored; numbers that tell of people are masked."""

    model_config = ConfigDict(from_attributes=True)

    authority: str = Field(description="the code of the authority that issued it")
    rule: str = Field(description="the code of its permit type")
    number: str = Field(
        description="the permit number; masked if it contains an identity number"
    )
    holder: str = Field(description="the name of the holder")
    holder_code: str | None = Field(description="统一社会信用代码 for organisations")
    phones: Annotated[list[PhoneModel], BeforeValidator(_phone_models)] = Field(
        description="in order of preference"
    )
    language: Language | None = Field(
        description="the language of its texts; null: the authority's"
    )
    issued_on: date | None = Field(description="the day of issue")
    expires_on: date = Field(description="the last day on which the permit is valid")
    status: PermitStatus = Field(description="active, suspended or withdrawn")
    renewal_filed_on: date | None = Field(
        description="the day on which the holder applied for renewal"
    )
    replaced: bool = Field(description="another permit has replaced it")
    version: str = Field(description="the version of the rule it falls under")
    reminders: list[Reminder] = Field(description="in the order they fell due")


class PermitPage(BaseModel):
    """Permits in the order of registration."""

    items: list[Permit] = Field(description="the permits of this page")
    next: str | None = Field(description="`after` of the next page; null on the last")


class PageQuery(Parameters):
    """Which permits, and how many at once."""

    authority: TextLine | None = Field(
        default=None, description="the code of an office"
    )
    rule: TextLine | None = Field(default=None, description="the code of a rule")
    after: UuidCursor | None = Field(
        default=None, description="`next` of the page before"
    )
    limit: Limit = 100
