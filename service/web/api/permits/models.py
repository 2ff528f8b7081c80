"""Models of permits: parameters, request body, answers."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from service.domain.law.rule import Language
from service.domain.permits.permit import PermitStatus
from service.domain.permits.phone import ContactRole, PhoneLine
from service.web.api.pages import Page, UuidPageQuery
from service.web.api.parameter_types import (
    Day,
    OptionalCode,
    PermitNumber,
    TextLine,
)
from service.web.api.patterns import line_schema
from service.web.api.reminders.models import Reminder
from service.web.api.request_input import Parameters

DistrictCode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
DistrictDigits = Annotated[str, Field(pattern=r"^[0-9]{2}([0-9]{2}){0,2}$")]


class PermitPath(Parameters):
    """Which permit of an authority."""

    rule: TextLine = Field(
        description="the code of a rule", examples=["cn-food-production-license"]
    )
    number: PermitNumber = Field(
        description="the permit's number, at most 64 characters",
        examples=["SC10199000000142"],
    )


class AuthorityQuery(Parameters):
    """Which authority issued the permit."""

    authority: TextLine | None = Field(
        default=None,
        description="the code of an authority; the one in the settings by default",
    )


PhoneText = Annotated[str, Field(max_length=64)]


class Contact(BaseModel):
    """A phone, and whose it is."""

    model_config = ConfigDict(extra="forbid")

    phone: PhoneText = Field(description="the number")
    role: ContactRole = Field(description="whose phone it is")


class PermitFields(BaseModel):
    """The fields of a permit; null and an empty text count as absent.

    Only an `expires_on` of null says something: that the permit has no expiry date.
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

    authority: OptionalCode | None = Field(
        default=None,
        description="the code of the authority that issued it; may repeat the query",
    )
    rule: OptionalCode | None = Field(
        default=None,
        description="the code of its permit type; may repeat the address",
    )
    number: OptionalCode | None = Field(
        default=None,
        description="the permit number; may repeat the address",
    )
    holder: Annotated[str, WithJsonSchema(line_schema(200))] = Field(
        description="the name of the holder"
    )
    holder_code: OptionalCode | None = Field(
        default=None, description="统一社会信用代码 for organisations"
    )
    phones: list[PhoneText | Contact] | str | None = Field(
        default=None,
        description="at most 10, in order of preference, each as dialled in the "
        "country of the authority; a number that cannot get texts is accepted. An "
        "object may stand for one, to say its role",
    )
    language: Language | None = Field(
        default=None,
        description="the language of its texts; the authority's by default",
    )
    issued_on: Day | None = Field(
        default=None,
        description="the day of issue; some rules choose the version by it",
    )
    expires_on: Day | None = Field(
        description="the last day on which it is valid; put a later day for a renewal. "
        "Null: it has no end, and nothing reminds of it"
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
    replaces: OptionalCode | None = Field(
        default=None,
        description="the number of the permit that this one renews: of this office and "
        "type, else wherever the same holder has it",
    )
    district: DistrictCode | None = Field(
        default=None, description="the district, a code of GB/T 2260"
    )


class MaskedPhone(BaseModel):
    """A phone of a permit, masked."""

    model_config = ConfigDict(from_attributes=True)

    phone: str = Field(description="the number, masked, such as +1212***0142")
    line: PhoneLine = Field(
        description="the kind of line; only mobile numbers get texts"
    )
    role: ContactRole | None = Field(
        description="whose phone it is; null: the register does not say"
    )
    is_texted: bool = Field(
        description="true for the one that is texted: the first reachable mobile one, "
        "unless it has opted out"
    )


class Renewal(BaseModel):
    """The renewal of a term, and the reminder that was sent last before it."""

    model_config = ConfigDict(from_attributes=True)

    expires_on: date = Field(description="the expiry date that it puts off")
    filed_on: date | None = Field(description="when the holder applied, if known")
    renewed_on: date | None = Field(
        description="when it was granted, or else when the register said so; null: it "
        "is only filed"
    )
    renewed_until: date | None = Field(
        description="the new expiry date; null: none, or not renewed yet"
    )
    renewed_by: str | None = Field(
        description="the number of the permit that renews it under a new one"
    )
    step: str | None = Field(
        description="the step of the last reminder sent before it was filed, or else "
        "renewed; null: none was"
    )
    sent_at: datetime | None = Field(description="when that reminder was POSTed")
    days: int | None = Field(description="the local days from then to it")


class Permit(BaseModel):
    """A registered permit; numbers that identify people are masked."""

    model_config = ConfigDict(from_attributes=True)

    authority: str = Field(description="the code of the authority that issued it")
    rule: str = Field(description="the code of its permit type")
    number: str = Field(
        description="the permit number; masked if it contains an identity number"
    )
    holder: str = Field(description="the name of the holder")
    holder_code: str | None = Field(description="统一社会信用代码 for organisations")
    phones: list[MaskedPhone] = Field(description="the phones, in order of preference")
    language: Language | None = Field(
        description="the language of its texts; null: the authority's"
    )
    issued_on: date | None = Field(description="the day of issue")
    expires_on: date | None = Field(
        description="the last day on which the permit is valid; null: it has no end"
    )
    status: PermitStatus = Field(description="active, suspended or withdrawn")
    status_reason: str | None = Field(
        description='"absent from register" if a full export of its register does not '
        "name it; null if the register says its status"
    )
    renewal_filed_on: date | None = Field(
        description="the day on which the holder applied for renewal"
    )
    replaced: bool = Field(description="true if another permit has replaced it")
    district: str | None = Field(
        description="the district, a code of GB/T 2260; null: the register names none"
    )
    version: str = Field(description="the key of the rule version that gives its dates")
    reminders: list[Reminder] = Field(
        description="its reminders, in the order in which they fell due"
    )
    renewals: list[Renewal] = Field(
        description="the renewals of its terms, each once, with what reminded of it"
    )


class PermitPage(Page[Permit]):
    """Permits in the order of registration."""


class PermitsQuery(UuidPageQuery):
    """Which permits, and which page of them."""

    authority: TextLine | None = Field(
        default=None, description="the code of an authority"
    )
    rule: TextLine | None = Field(default=None, description="the code of a rule")
    district: DistrictDigits | None = Field(
        default=None,
        description="a district: its code, or the first two digits of a province's "
        "codes, or four of a prefecture's",
    )
