"""Models of authorities: parameters, request body, answers."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from service.domain.go_live.go_live import GoLiveState
from service.domain.law.authority import UnqualifiedDays
from service.domain.law.rule import Language
from service.web.api.pages import CodePageQuery, Page
from service.web.api.parameter_types import TextLine
from service.web.api.request_input import Parameters
from service.web.api.rules.models import Words

Weekday = Literal[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
]


class AuthorityPath(Parameters):
    """Which authority."""

    code: TextLine = Field(description="the code of an authority", examples=["990000"])


class AuthoritiesQuery(CodePageQuery):
    """Which page of the authorities."""


class AuthorityFields(BaseModel):
    """The settings of an authority, as in its file; null counts as absent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": {"zh": "临江省市场监督管理局", "en": "Linjiang Province"},
                    "zone": "Asia/Shanghai",
                    "calendar": "CN",
                    "signature": {"zh": "临江省市场监管局", "en": "LINJIANG-AMR"},
                    "apply_at": {"zh": "省政务服务网", "en": "the online portal"},
                    "helpline": "12345",
                    "opt_out": {"zh": "拒收请回复R", "en": "Reply R to opt out"},
                }
            ]
        },
    )

    name: Words = Field(description="the name of the office")
    zone: str = Field(description="an IANA time zone such as Asia/Shanghai")
    calendar: str = Field(description="the code of a calendar")
    signature: Words = Field(description="the SMS signature, without 【】")
    apply_at: Words = Field(description="where holders apply, as worded in texts")
    helpline: str = Field(description="the number to call, as worded in texts")
    opt_out: Words = Field(description="how to opt out, as worded in texts")
    sends_from: str | None = Field(
        default=None, description="local time from which it texts, such as 09:30"
    )
    sends_until: str | None = Field(
        default=None, description="local time until which it texts, such as 17:30"
    )
    sending_days: Literal["working"] | list[Weekday] | None = Field(
        default=None,
        description="`working` for the working days of its calendar, or a list of "
        "weekdays",
    )
    language: Language | None = Field(
        default=None,
        description="the language of texts for permits that name none; zh by default",
    )
    unqualified_days: UnqualifiedDays | None = Field(
        default=None,
        description="how to count 日 where the law does not say which days; working "
        "by default",
    )
    margin_working_days: int | None = Field(
        default=None,
        description="working days by which texts announce a closing earlier; 0 by "
        "default",
    )
    sent_from: str | None = Field(
        default=None,
        description="the phone number or messaging service that texts come from",
    )
    messages_per_second: float | None = Field(
        default=None, description="the most texts that its sender may send per second"
    )
    segments_per_second: float | None = Field(
        default=None,
        description="the most segments that its sender may send per second",
    )
    daily_limit: int | None = Field(default=None, description="the most texts per day")
    recipient_daily_limit: int | None = Field(
        default=None, description="the most texts per day to one phone; 2 by default"
    )
    parent: str | None = Field(
        default=None, description="the code of the parent authority"
    )
    sends: bool | None = Field(
        default=None,
        description="false if its nearest ancestor with `true` sends for it; true by "
        "default",
    )
    code: str | None = Field(
        default=None, description="may repeat the code in the address"
    )


class AuthoritySummary(BaseModel):
    """An authority in the list."""

    code: str = Field(description="the code of the authority")
    name: Words = Field(description="the name of the authority")
    parent: str | None = Field(
        description="the code of the parent authority; null at the top"
    )
    sends: bool = Field(description="whether it sends texts itself")


class AuthorityPage(Page[AuthoritySummary]):
    """Authorities in the order of their codes."""


class Stage(BaseModel):
    """The go-live state of a permit type in an authority."""

    rule: str = Field(description="the code of the permit type")
    state: GoLiveState = Field(
        description="draft: nothing is sent; trial: only staff get texts; live: "
        "holders do"
    )
    since: datetime | None = Field(
        description="when that state began; null for a draft"
    )
    approved_by: str | None = Field(description="who approved going live")
    catch_up_days: int = Field(
        description="sending days over which the steps that were current at the start "
        "are spread; 0 if they get no text"
    )
    hindrance: str | None = Field(description="why it cannot go live; null if it can")


class Authority(AuthorityFields):
    """An installed authority, and the state of each permit type there."""

    model_config = ConfigDict(json_schema_extra=None)

    sender: str = Field(description="the code of the authority that sends for it")
    staff: int = Field(description="number of staff phones that trials may text")
    rules: list[Stage] = Field(description="the permit types of its calendar")
