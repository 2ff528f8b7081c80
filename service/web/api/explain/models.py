"""What `explain` is asked and what it answers, as models."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from service.domain.law.rule import LateFiling, NeverBecause
from service.web.api.parameter_types import Day, PermitNumber, TextLine
from service.web.api.permits.models import Permit
from service.web.api.request_input import Parameters


class ExplainQuery(Parameters):
    """An expiry date under a rule, or one permit."""

    rule: TextLine | None = Field(
        default=None,
        description="the code of a rule; beside permit only to tell several apart",
        examples=["cn-food-production-license"],
    )
    expires: Day | None = Field(
        default=None,
        description="the expiry date, like 2026-12-31, with rule",
        examples=["2026-12-31"],
    )
    permit: PermitNumber | None = Field(
        default=None, description="a permit's number, instead of rule and expires"
    )
    authority: TextLine | None = Field(
        default=None, description="the code of an office; the settings' one by default"
    )
    issued: Day | None = Field(
        default=None,
        description="the issue date, with rule: it picks the version of some rules",
    )
    version: str | None = Field(
        default=None,
        min_length=1,
        max_length=120,
        description="the key of another version of the rule: former, future or shadow",
        examples=["cn-food-production-license@2020-03-01.1"],
    )


class SlotAnswer(BaseModel):
    """A step on this expiry date."""

    step: str
    due_at: datetime
    template: str


class ShadowAnswer(BaseModel):
    """The dates that a version in the shadow would give; nothing is sent by them."""

    version: str
    opens_on: date | None
    closes_on: date
    closes_on_lenient: date
    provisional: bool
    slots: list[SlotAnswer]


class Source(BaseModel):
    """Where the dates of a version come from."""

    title: str
    article: str
    checked_on: date
    confidence: Literal["read", "second-hand", "example", "unverified"]


class BothLanguages(BaseModel):
    """The same words in Chinese and English."""

    zh: str
    en: str


class NeverAnswer(BaseModel):
    """Why nobody is reminded of this permit type."""

    because: NeverBecause
    why: BothLanguages
    reference: Source


class StepAnswer(BaseModel):
    """What became of a step of the permit's present expiry date."""

    step: str
    due_at: datetime | None = Field(description="null for a step that is left out")
    outcome: str = Field(description="one sentence: sent when, or why not")


class HistoryEntryAnswer(BaseModel):
    """What happened to a reminder at an instant."""

    at: datetime
    what: str


class ReminderHistoryAnswer(BaseModel):
    """A reminder from its birth on."""

    step: str
    expires_on: date
    moves: list[HistoryEntryAnswer]


class Explanation(BaseModel):
    """The dates that follow from an expiry date, and how they were found."""

    rule: str
    version: str
    authority: str
    expires_on: date
    opens_on: date | None
    closes_on: date = Field(description="the safe reading: what people are told")
    closes_on_lenient: date
    provisional: bool = Field(description="true until holidays are published")
    slots: list[SlotAnswer]
    trace: list[str] = Field(description="the reasoning, line by line")
    zone: str = Field(description="of the office that sends: instants are in UTC")
    reference: Source
    late_filing: LateFiling | None = Field(
        description="what the law makes of applying after closing; null: it is silent"
    )
    never: NeverAnswer | None = Field(
        default=None, description="where nobody is reminded of this permit type"
    )
    shadow: ShadowAnswer | None = Field(
        default=None, description="what a version in the shadow would give instead"
    )
    permit: Permit | None = Field(default=None, description="where one was asked for")
    steps: list[StepAnswer] | None = Field(
        default=None, description="with a permit, unless another version was asked for"
    )
    history: list[ReminderHistoryAnswer] | None = Field(
        default=None, description="with a permit: every reminder it ever had"
    )
