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

    authority: str | None = Field(default=None, max_length=64)
    rule: str | None = Field(default=None, max_length=64)
    number: str | None = Field(default=None, max_length=64)
    holder: str = Field(min_length=1, max_length=200)
    holder_code: str | None = Field(
        default=None, max_length=64, description="统一社会信用代码 for organisations"
    )
    phones: list[Annotated[str, Field(max_length=64)]] | str | None = Field(
        default=None, description="at most 10, in order of preference"
    )
    language: Language | None = None
    issued_on: Day | None = None
    expires_on: Day
    status: PermitStatus | None = None
    renewal_filed_on: Day | None = None
    replaces: str | None = Field(
        default=None, max_length=64, description="the number of the permit it renews"
    )


class PhoneModel(BaseModel):
    """A phone, masked."""

    phone: str
    line: PhoneLine


class Reminder(BaseModel):
    """One step of a permit, and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    step: str
    expires_on: date
    due_at: datetime
    state: ReminderState
    reason: str | None
    hold_reason: str | None
    next_at: datetime | None
    sent_at: datetime | None


def _phone_models(phones: object) -> object:
    if not isinstance(phones, tuple):
        return phones
    return [PhoneModel(phone=phone, line=line) for phone, line in phones]


class Permit(BaseModel):
    """A permit as it is stored; numbers that tell of people are masked."""

    model_config = ConfigDict(from_attributes=True)

    authority: str
    rule: str
    number: str
    holder: str
    holder_code: str | None
    phones: Annotated[list[PhoneModel], BeforeValidator(_phone_models)]
    language: Language | None
    issued_on: date | None
    expires_on: date
    status: PermitStatus
    renewal_filed_on: date | None
    replaced: bool = Field(description="another permit has replaced it")
    version: str = Field(description="the version of the rule it falls under")
    reminders: list[Reminder] = Field(description="in the order they fell due")


class PermitPage(BaseModel):
    """Permits in the order of registration."""

    items: list[Permit]
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
