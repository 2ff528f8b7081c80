"""Models of authorities: parameters, request body, answers."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from service.domain.go_live.go_live import GoLiveState
from service.formats.authority import AuthorityFields
from service.formats.field_types import Bilingual, Slug
from service.web.api.pages import CodePageQuery, Page
from service.web.api.parameter_types import TextLine
from service.web.api.request_input import Parameters


class AuthorityPath(Parameters):
    """Which authority."""

    code: TextLine = Field(description="the code of an authority", examples=["990000"])


class AuthoritiesQuery(CodePageQuery):
    """Which page of the authorities."""


class AuthorityBody(AuthorityFields):
    """The settings of an authority, as in its file; null counts as absent."""

    model_config = ConfigDict(
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

    code: Slug | None = Field(
        default=None, description="may repeat the code in the address"
    )


class AuthoritySummary(BaseModel):
    """An authority in the list."""

    code: str = Field(description="the code of the authority")
    name: Bilingual = Field(description="the name of the authority")
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

    code: str = Field(description="the code of the authority")
    sender: str = Field(description="the code of the authority that sends for it")
    staff: int = Field(description="number of staff phones that trials may text")
    rules: list[Stage] = Field(description="the permit types of its calendar")
