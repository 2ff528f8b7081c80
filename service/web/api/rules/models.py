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

    zh: str = Field(description="Chinese")
    en: str = Field(description="English")


class ReferenceFields(BaseModel):
    """Where it stands, and how sure that is."""

    model_config = _STRICT

    title: str = Field(description="the title of the law")
    article: str = Field(description="the article")
    checked_on: Day = Field(description="the day on which it was read")
    confidence: Confidence = Field(
        description="how sure we are; read: somebody read the clause itself"
    )


class ConflictFields(BaseModel):
    """Another live source that says otherwise."""

    model_config = _STRICT

    title: str = Field(description="the title of the other source")
    closes: str = Field(description=A_PERIOD)
    note: Words = Field(description="what the difference is")


class StepFields(BaseModel):
    """When to text, and with which template."""

    model_config = _STRICT

    name: str = Field(description="the name of the step, unique in the version")
    at: str = Field(description='such as "60 days before closing"')
    template: str = Field(description="the name of its template")
    until: str | None = Field(default=None, description='such as "on expiry"')
    after_closing: bool | None = Field(
        default=None, description="true for a step that is due after closing"
    )
    replaces: list[str] | str | None = Field(
        default=None, description="steps of the version before"
    )


class VersionFields(BaseModel):
    """A version as it stands in a rule file; null counts as absent."""

    model_config = _STRICT

    in_force_from: Day = Field(description="the first day on which it holds")
    closes: str = Field(description=A_PERIOD)
    steps: list[StepFields] = Field(description="in order")
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
        default=None, description="what applying late costs, as a text says it"
    )
    new_term: NewTerm | None = Field(
        default=None, description="from when the renewed term runs"
    )
    conflicts: list[ConflictFields] | None = Field(
        default=None, description="other sources that are in force and say otherwise"
    )
    late_filing: LateFiling | None = Field(
        default=None,
        description="what the law makes of applying after closing: accepted or refused",
    )
    counts_from: CountsFrom | Day | None = Field(
        default=None, description="the day from which periods count; expiry by default"
    )
    jurisdiction: str | None = Field(
        default=None, description="the code of the authority whose own version it is"
    )


class Version(VersionFields):
    """A version that stands: by it permits are dated, or beside it as a shadow."""

    key: str = Field(description="rule, first day and revision")
    state: Literal["active", "shadow"] = Field(
        description="active: it dates permits; shadow: it sends nothing"
    )


class InstalledVersion(BaseModel):
    """A version that was installed once, and by whom."""

    key: str = Field(description="rule, first day and revision")
    state: Literal["active", "former", "shadow", "retired"] = Field(
        description="former: a later revision stands; retired: taken back"
    )
    applied_at: datetime = Field(description="when it was installed")
    applied_by: str = Field(
        description="who installed it: an API key, a command, a user"
    )


class Never(BaseModel):
    """Why nobody is ever reminded."""

    because: NeverBecause = Field(description="the kind of reason")
    why: Words = Field(description="the reason in words")
    reference: ReferenceFields = Field(description="where it stands")


class RuleSummary(BaseModel):
    """A permit type in the list."""

    code: str = Field(description="its code")
    name: Words = Field(description="the name of the item")
    certificate: Words = Field(description="the name printed on the paper")
    calendar: str = Field(description="the code of its calendar")
    holder: HolderKind = Field(description="who holds such permits")
    never: NeverBecause | None = Field(description="why nobody is ever reminded")
    versions: list[str] = Field(description="the keys of those that stand")


class RulePage(BaseModel):
    """Permit types in the order of their codes."""

    items: list[RuleSummary] = Field(description="the permit types of this page")
    next: str | None = Field(description="`after` of the next page; null on the last")


class Rule(BaseModel):
    """A permit type as it is installed."""

    code: str = Field(description="its code")
    name: Words = Field(description="the name of the item")
    certificate: Words = Field(description="the name printed on the paper")
    action: Words = Field(description="what the holder applies for, such as renewal")
    calendar: str = Field(description="the code of its calendar")
    holder: HolderKind = Field(description="who holds such permits")
    validity: str = Field(description="the usual term, in words")
    number_tail: str = Field(description="which characters of the number a text names")
    number_is_personal: bool = Field(
        description="whether the number contains an identity number and is masked"
    )
    min_gap_days: int = Field(
        description="the fewest days between two texts about one permit"
    )
    merges: bool = Field(description="its reminders may share a text")
    never: Never | None = Field(
        description="why nobody is ever reminded; null where people are"
    )
    versions: list[Version] = Field(description="those in force, and shadows")
    history: list[InstalledVersion] = Field(description="in the order of their making")
