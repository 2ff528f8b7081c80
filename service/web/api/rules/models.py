"""Models of rules: parameters, request bodies, answers."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from service.domain.formats.rule_file import HolderKind
from service.domain.formats.version_file import (
    Confidence,
    CountsFrom,
    GovernsBy,
    NewTerm,
)
from service.domain.law.rule import LateFiling, NeverBecause
from service.web.api.law_change.models import ChangeQuery
from service.web.api.pages import CodePageQuery, Page
from service.web.api.parameter_types import Day, Flag, TextLine
from service.web.api.request_input import Parameters

_STRICT = ConfigDict(extra="forbid")

A_PERIOD = 'a period such as "30 working days before expiry"'


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


class Words(BaseModel):
    """The same words in both languages."""

    model_config = _STRICT

    zh: str = Field(description="Chinese")
    en: str = Field(description="English")


class ReferenceFields(BaseModel):
    """The legal source of a version."""

    model_config = _STRICT

    title: str = Field(description="the title of the law")
    article: str = Field(description="the article")
    checked_on: Day = Field(description="the day on which somebody checked it")
    confidence: Confidence = Field(
        description="how reliable it is; `read`: somebody read the clause itself"
    )


class ConflictFields(BaseModel):
    """Another source in force that says otherwise."""

    model_config = _STRICT

    title: str = Field(description="the title of the other source")
    closes: str = Field(description=A_PERIOD)
    note: Words = Field(description="what the difference is")


class StepFields(BaseModel):
    """A step: when to send a text, and which template."""

    model_config = _STRICT

    name: str = Field(description="the name of the step, unique in the version")
    at: str = Field(description='when it is due, such as "60 days before closing"')
    template: str = Field(description="the name of its template")
    until: str | None = Field(
        default=None, description='until when it is current, such as "on expiry"'
    )
    after_closing: bool | None = Field(
        default=None, description="must be true for a step that is due after closing"
    )
    replaces: list[str] | str | None = Field(
        default=None,
        description="the steps of the previous version that this step replaces",
    )


class VersionFields(BaseModel):
    """A version, as in a rule file; null counts as absent."""

    model_config = _STRICT

    in_force_from: Day = Field(description="the first day on which it holds")
    closes: str = Field(description=A_PERIOD)
    steps: list[StepFields] = Field(description="the steps, in order")
    reference: ReferenceFields = Field(description="where the dates come from")
    opens: str | None = Field(default=None, description=A_PERIOD)
    in_force_until: Day | None = Field(
        default=None, description="the last day on which it holds"
    )
    governs: GovernsBy | None = Field(
        default=None,
        description="whether the expiry date or the issue date chooses the version; "
        "expiry by default",
    )
    late: Words | None = Field(
        default=None, description="what applying late costs, as worded in texts"
    )
    new_term: NewTerm | None = Field(
        default=None, description="from when the renewed term runs"
    )
    conflicts: list[ConflictFields] | None = Field(
        default=None, description="other sources that are in force and say otherwise"
    )
    late_filing: LateFiling | None = Field(
        default=None,
        description="whether the law accepts applications after closing",
    )
    counts_from: CountsFrom | Day | None = Field(
        default=None, description="the day from which periods count; expiry by default"
    )
    jurisdiction: str | None = Field(
        default=None,
        description="the code of the authority for which alone this version applies",
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


class Never(BaseModel):
    """Why a permit type never reminds."""

    because: NeverBecause = Field(description="the kind of reason")
    why: Words = Field(description="the reason in words")
    reference: ReferenceFields = Field(description="the source of the reason")


class RuleSummary(BaseModel):
    """A permit type in the list."""

    code: str = Field(description="the code of the permit type")
    name: Words = Field(description="the name of the permit type")
    certificate: Words = Field(description="the name printed on the certificate")
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
    name: Words = Field(description="the name of the permit type")
    certificate: Words = Field(description="the name printed on the certificate")
    action: Words = Field(description="what the holder applies for, such as renewal")
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
    never: Never | None = Field(description="why it never reminds; null if it does")
    versions: list[Version] = Field(description="its active and shadow versions")
    history: list[InstalledVersion] = Field(
        description="every version ever installed, oldest first"
    )
