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

    step: str = Field(description="the name of the step")
    due_at: datetime = Field(description="the instant from which it is sent")
    template: str = Field(description="the name of its template")


class ShadowAnswer(BaseModel):
    """The dates that a version in the shadow would give; nothing is sent by them."""

    version: str = Field(description="the key of the shadow version")
    opens_on: date | None = Field(
        description="the first day to apply; null where the law names none"
    )
    closes_on: date = Field(description="the last day to apply by the strict reading")
    closes_on_lenient: date = Field(
        description="the last day to apply by the lenient reading"
    )
    provisional: bool = Field(description="true until holidays are published")
    slots: list[SlotAnswer] = Field(description="its steps")


class Source(BaseModel):
    """Where the dates of a version come from."""

    title: str = Field(description="the title of the law")
    article: str = Field(description="the article")
    checked_on: date = Field(description="the day on which it was read")
    confidence: Literal["read", "second-hand", "example", "unverified"] = Field(
        description="how sure we are; read: somebody read the clause itself"
    )


class BothLanguages(BaseModel):
    """The same words in Chinese and English."""

    zh: str = Field(description="Chinese")
    en: str = Field(description="English")


class NeverAnswer(BaseModel):
    """Why nobody is reminded of this permit type."""

    because: NeverBecause = Field(description="the kind of reason")
    why: BothLanguages = Field(description="the reason in words")
    reference: Source = Field(description="where it stands")


class StepAnswer(BaseModel):
    """What became of a step of the permit's present expiry date."""

    step: str = Field(description="the name of the step")
    due_at: datetime | None = Field(description="null for a step that is left out")
    outcome: str = Field(description="one sentence: sent when, or why not")


class HistoryEntryAnswer(BaseModel):
    """What happened to a reminder at an instant."""

    at: datetime = Field(description="when")
    what: str = Field(description="in words")


class ReminderHistoryAnswer(BaseModel):
    """A reminder from its birth on."""

    step: str = Field(description="the name of the step")
    expires_on: date = Field(description="the expiry date that it reminds of")
    moves: list[HistoryEntryAnswer] = Field(description="from its creation on")


class Explanation(BaseModel):
    """The dates that follow from an expiry date, and how they were found."""

    rule: str = Field(description="the code of the permit type")
    version: str = Field(description="the key of the version that gives the dates")
    authority: str = Field(description="the code of the authority")
    expires_on: date = Field(description="the expiry date")
    opens_on: date | None = Field(
        description="the first day to apply; null where the law names none"
    )
    closes_on: date = Field(
        description="the last day to apply by the safe (strict) reading, which texts "
        "announce"
    )
    closes_on_lenient: date = Field(
        description="the last day to apply by the lenient reading"
    )
    provisional: bool = Field(description="true until holidays are published")
    slots: list[SlotAnswer] = Field(description="the steps and when each is due")
    trace: list[str] = Field(description="the reasoning, line by line")
    zone: str = Field(description="of the office that sends: instants are in UTC")
    reference: Source = Field(description="where the dates come from")
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
