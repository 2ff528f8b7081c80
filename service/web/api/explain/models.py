"""Models of explanations: parameters and answer."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from service.domain.law.rule import LateFiling
from service.formats.rule import NeverFile
from service.formats.version_parts import ReferenceFile
from service.web.api.parameter_types import Day, PermitNumber, TextLine
from service.web.api.permits.models import Permit
from service.web.api.request_input import Parameters


class ExplainQuery(Parameters):
    """A rule with an expiry date, or one permit."""

    rule: TextLine | None = Field(
        default=None,
        description="the code of a rule; with permit it chooses between permits of "
        "one number",
        examples=["cn-food-production-license"],
    )
    expires: Day | None = Field(
        default=None,
        description="an expiry date such as 2026-12-31, with rule",
        examples=["2026-12-31"],
    )
    permit: PermitNumber | None = Field(
        default=None, description="a permit's number, instead of rule and expires"
    )
    authority: TextLine | None = Field(
        default=None,
        description="the code of an authority; the one in the settings by default",
    )
    issued: Day | None = Field(
        default=None,
        description="an issue date, with rule; some rules choose the version by it",
    )
    version: str | None = Field(
        default=None,
        min_length=1,
        max_length=120,
        description="the key of a former, future or shadow version of the rule",
        examples=["cn-food-production-license@2020-03-01.1"],
    )


class SlotAnswer(BaseModel):
    """A step of this expiry date."""

    step: str = Field(description="the name of the step")
    due_at: datetime = Field(description="the instant from which it may be sent")
    template: str = Field(description="the name of its template")


class ShadowAnswer(BaseModel):
    """The dates that a shadow version would give; nothing is sent by them."""

    version: str = Field(description="the key of the shadow version")
    opens_on: date | None = Field(
        description="the first day to apply; null if the law names none"
    )
    closes_on: date = Field(description="the last day to apply by the strict reading")
    closes_on_lenient: date = Field(
        description="the last day to apply by the lenient reading"
    )
    provisional: bool = Field(
        description="true while a notice of holidays to come may move a day"
    )
    slots: list[SlotAnswer] = Field(description="the steps and when each is due")


class StepAnswer(BaseModel):
    """The outcome of one step of the permit's present expiry date."""

    step: str = Field(description="the name of the step")
    due_at: datetime | None = Field(
        description="when it is due; null for a step that is left out"
    )
    outcome: str = Field(description="one sentence: when it was sent, or why not")


class HistoryEntryAnswer(BaseModel):
    """One event of a reminder."""

    at: datetime = Field(description="when it happened")
    what: str = Field(description="what happened, in words")


class ReminderHistoryAnswer(BaseModel):
    """The events of one reminder."""

    step: str = Field(description="the name of the step")
    expires_on: date = Field(description="the expiry date that it reminds of")
    moves: list[HistoryEntryAnswer] = Field(description="the events, oldest first")


class Explanation(BaseModel):
    """The dates that follow from an expiry date, and how they were computed."""

    rule: str = Field(description="the code of the permit type")
    version: str = Field(description="the key of the version that gives the dates")
    authority: str = Field(
        description="the code of the authority that issued the permit"
    )
    expires_on: date = Field(description="the expiry date")
    opens_on: date | None = Field(
        description="the first day to apply; null if the law names none"
    )
    closes_on: date = Field(
        description="the last day to apply by the strict reading, which texts announce"
    )
    closes_on_lenient: date = Field(
        description="the last day to apply by the lenient reading"
    )
    provisional: bool = Field(
        description="true while a notice of holidays to come may move a day"
    )
    slots: list[SlotAnswer] = Field(description="the steps and when each is due")
    trace: list[str] = Field(description="how the dates were computed, line by line")
    zone: str = Field(
        description="the time zone of the sending office; instants are in UTC"
    )
    reference: ReferenceFile = Field(description="where the dates come from")
    late_filing: LateFiling | None = Field(
        description="whether the law accepts applications after closing; null if it "
        "does not say"
    )
    never: NeverFile | None = Field(
        default=None, description="present if this permit type never reminds"
    )
    shadow: ShadowAnswer | None = Field(
        default=None, description="what a shadow version would give instead"
    )
    permit: Permit | None = Field(
        default=None, description="the permit, if the request named one"
    )
    steps: list[StepAnswer] | None = Field(
        default=None,
        description="the outcome of each step; only with a permit and without "
        "`version`",
    )
    history: list[ReminderHistoryAnswer] | None = Field(
        default=None, description="every reminder of the permit; only with a permit"
    )
