"""An authority as the API takes and shows it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from service.domain.go_live.go_live import GoLiveState
from service.domain.law.authority import UnqualifiedDays
from service.domain.law.rule import Language
from service.web.api.parameter_types import Limit, TextLine
from service.web.api.request_input import Parameters
from service.web.api.rules.models import Words

Weekday = Literal[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
]


class AuthorityPath(Parameters):
    """Which authority."""

    code: TextLine = Field(description="the code of an authority", examples=["990000"])


class AuthoritiesQuery(Parameters):
    """Which authorities, and how many at once."""

    after: TextLine | None = Field(
        default=None, description="`next` of the page before"
    )
    limit: Limit = 100


class AuthorityFields(BaseModel):
    """An authority as it stands in a file; null counts as absent."""

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
    signature: Words = Field(description="the bare name, without 【】")
    apply_at: Words = Field(description="where holders apply, as a text says it")
    helpline: str = Field(description="whom to call, as a text says it")
    opt_out: Words = Field(description="how to opt out, as a text says it")
    sends_from: str | None = Field(
        default=None, description="local time from which it texts, such as 09:30"
    )
    sends_until: str | None = Field(
        default=None, description="local time until which it texts, such as 17:30"
    )
    sending_days: Literal["working"] | list[Weekday] | None = Field(
        default=None,
        description="working: working days of its calendar; or days of the week",
    )
    language: Language | None = Field(
        default=None,
        description="the language of texts where a permit names none; zh by default",
    )
    unqualified_days: UnqualifiedDays | None = Field(
        default=None, description="how a bare 日 in a law is counted"
    )
    margin_working_days: int | None = Field(
        default=None, description="how many working days earlier closings are told"
    )
    sent_from: str | None = Field(
        default=None, description="the number or service texts come from"
    )
    messages_per_second: float | None = Field(
        default=None, description="how many texts its sender may start a second"
    )
    segments_per_second: float | None = Field(
        default=None, description="how many segments its sender may start a second"
    )
    daily_limit: int | None = Field(default=None, description="texts a day at most")
    recipient_daily_limit: int | None = Field(
        default=None, description="texts a day to one phone; 2 unless said"
    )
    parent: str | None = Field(default=None, description="the code of the one above")
    sends: bool | None = Field(
        default=None, description="false: the nearest above that does sends for it"
    )
    code: str | None = Field(default=None, description="may repeat the address")


class AuthoritySummary(BaseModel):
    """An authority in the list."""

    code: str = Field(description="its code")
    name: Words = Field(description="its name")
    parent: str | None = Field(description="the code of the one above; null at the top")
    sends: bool = Field(description="whether it texts itself")


class AuthorityPage(BaseModel):
    """Authorities in the order of their codes."""

    items: list[AuthoritySummary] = Field(description="the authorities of this page")
    next: str | None = Field(description="`after` of the next page; null on the last")


class Stage(BaseModel):
    """How a permit type stands in an authority."""

    rule: str = Field(description="the code of the permit type")
    state: GoLiveState = Field(
        description="draft: nothing is sent; trial: only staff is texted; live"
    )
    since: datetime | None = Field(description="null for a draft")
    approved_by: str | None = Field(description="who approved going live")
    catch_up_days: int = Field(
        description="over how many sending days the steps current at the start were "
        "spread; 0: they were not texted"
    )
    hindrance: str | None = Field(description="why it cannot go live")


class Authority(AuthorityFields):
    """An authority as it is installed, and what it reminds of."""

    model_config = ConfigDict(json_schema_extra=None)

    sender: str = Field(description="the code of the one that texts for it")
    staff: int = Field(description="how many phones its trials may text")
    rules: list[Stage] = Field(
        description="how each permit type of its calendar stands there"
    )
