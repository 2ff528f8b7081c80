"""A rule as the API takes and shows it."""

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
from service.web.api.parameter_types import Day, Flag, Limit, TextLine
from service.web.api.request_input import Parameters

_STRICT = ConfigDict(extra="forbid")

A_PERIOD = 'such as "30 working days before expiry"'


class RulePath(Parameters):
    """Which rule."""

    code: TextLine = Field(
        description="the code of a rule", examples=["cn-food-production-license"]
    )


class RulesQuery(Parameters):
    """Which rules, and how many at once."""

    after: TextLine | None = Field(
        default=None, description="`next` of the page before"
    )
    limit: Limit = 100


class VersionQuery(ChangeQuery):
    """How a version is meant."""

    shadow: Flag = Field(
        default=False,
        description="true or false: only compute it beside what is active",
    )


class Words(BaseModel):
    """The same words in both languages."""

    model_config = _STRICT

    zh: str
    en: str


class ReferenceFields(BaseModel):
    """Where it stands, and how sure that is."""

    model_config = _STRICT

    title: str
    article: str
    checked_on: Day
    confidence: Confidence


class ConflictFields(BaseModel):
    """Another live source that says otherwise."""

    model_config = _STRICT

    title: str
    closes: str = Field(description=A_PERIOD)
    note: Words


class StepFields(BaseModel):
    """When to text, and with which template."""

    model_config = _STRICT

    name: str
    at: str = Field(description='such as "60 days before closing"')
    template: str
    until: str | None = Field(default=None, description='such as "on expiry"')
    after_closing: bool | None = None
    replaces: list[str] | str | None = Field(
        default=None, description="steps of the version before"
    )


class VersionFields(BaseModel):
    """A version as it stands in a rule file; null counts as absent."""

    model_config = _STRICT

    in_force_from: Day
    closes: str = Field(description=A_PERIOD)
    steps: list[StepFields]
    reference: ReferenceFields
    opens: str | None = Field(default=None, description=A_PERIOD)
    in_force_until: Day | None = None
    governs: GovernsBy | None = None
    late: Words | None = None
    new_term: NewTerm | None = None
    conflicts: list[ConflictFields] | None = None
    late_filing: LateFiling | None = None
    counts_from: CountsFrom | Day | None = None
    jurisdiction: str | None = Field(
        default=None, description="the code of the authority whose own version it is"
    )


class Version(VersionFields):
    """A version that stands: by it permits are dated, or beside it as a shadow."""

    key: str
    state: Literal["active", "shadow"]


class InstalledVersion(BaseModel):
    """A version that was installed once, and by whom."""

    key: str
    state: Literal["active", "former", "shadow", "retired"] = Field(
        description="former: a later revision stands; retired: taken back"
    )
    applied_at: datetime
    applied_by: str


class Never(BaseModel):
    """Why nobody is ever reminded."""

    because: NeverBecause
    why: Words
    reference: ReferenceFields


class RuleSummary(BaseModel):
    """A permit type in the list."""

    code: str
    name: Words
    certificate: Words
    calendar: str
    holder: HolderKind
    never: NeverBecause | None = Field(description="why nobody is ever reminded")
    versions: list[str] = Field(description="the keys of those that stand")


class RulePage(BaseModel):
    """Permit types in the order of their codes."""

    items: list[RuleSummary]
    next: str | None = Field(description="`after` of the next page; null on the last")


class Rule(BaseModel):
    """A permit type as it is installed."""

    code: str
    name: Words
    certificate: Words
    action: Words
    calendar: str
    holder: HolderKind
    validity: str
    number_tail: str
    number_is_personal: bool
    min_gap_days: int
    merges: bool = Field(description="its reminders may share a text")
    never: Never | None
    versions: list[Version]
    history: list[InstalledVersion] = Field(description="in the order of their making")
