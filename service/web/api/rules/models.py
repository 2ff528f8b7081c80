"""Models of rules: parameters, request bodies, answers."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from service.domain.law.rule import HolderKind, NeverBecause
from service.formats.field_types import Bilingual
from service.formats.rule import NeverFile
from service.formats.version import VersionFields
from service.web.api.law_change.models import ChangeQuery
from service.web.api.pages import CodePageQuery, Page
from service.web.api.parameter_types import Flag, TextLine
from service.web.api.request_input import Parameters


class RulePath(Parameters):
    """Which rule."""

    code: TextLine = Field(
        description="the code of a rule", examples=["cn-food-production-license"]
    )


class RulesQuery(CodePageQuery):
    """Which page of the permit types."""


class VersionQuery(ChangeQuery):
    """How to install a version."""

    shadow: Flag = Field(
        default=False,
        description="true or false: true only computes its dates; nothing is sent by "
        "them",
    )


class Version(VersionFields):
    """An active version, or a shadow version that is only computed."""

    key: str = Field(description="the key of the version: rule, first day and revision")
    state: Literal["active", "shadow"] = Field(
        description="active: permits get their dates from it; shadow: nothing is "
        "sent by it"
    )


class InstalledVersion(BaseModel):
    """A version that was installed at some time."""

    key: str = Field(description="the key of the version: rule, first day and revision")
    state: Literal["active", "former", "shadow", "retired"] = Field(
        description="former: replaced by a later revision; retired: reverted"
    )
    applied_at: datetime = Field(description="when it was installed")
    applied_by: str = Field(
        description="who installed it: an API key, a command, a user"
    )


class RuleSummary(BaseModel):
    """A permit type in the list."""

    code: str = Field(description="the code of the permit type")
    name: Bilingual = Field(description="the name of the permit type")
    certificate: Bilingual = Field(description="the name printed on the certificate")
    calendar: str = Field(description="the code of its calendar")
    holder: HolderKind = Field(description="who holds such permits")
    never: NeverBecause | None = Field(
        description="why it never reminds; null if it does"
    )
    versions: list[str] = Field(description="the keys of its active versions")


class RulePage(Page[RuleSummary]):
    """Permit types in the order of their codes."""


class Rule(BaseModel):
    """An installed rule of a permit type."""

    code: str = Field(description="the code of the permit type")
    name: Bilingual = Field(description="the name of the permit type")
    certificate: Bilingual = Field(description="the name printed on the certificate")
    action: Bilingual = Field(
        description="what the holder applies for, such as renewal"
    )
    calendar: str = Field(description="the code of its calendar")
    holder: HolderKind = Field(description="who holds such permits")
    validity: str = Field(description="the usual term, in words")
    number_tail: str = Field(
        description="which characters of the permit number a text contains"
    )
    number_is_personal: bool = Field(
        description="true if permit numbers contain an identity number and are masked"
    )
    min_gap_days: int = Field(
        description="the fewest days between two texts about one permit"
    )
    merges: bool = Field(
        description="true if its reminders may share a text with others"
    )
    apply_at: Bilingual | None = Field(
        description="where its holders apply; null if at the office that texts"
    )
    helpline: str | None = Field(
        description="the number to call about it; null if that of the office"
    )
    never: NeverFile | None = Field(description="why it never reminds; null if it does")
    versions: list[Version] = Field(description="its active and shadow versions")
    history: list[InstalledVersion] = Field(
        description="every version ever installed, oldest first"
    )
