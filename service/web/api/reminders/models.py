"""A reminder in a list of its own, as the API shows it."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from service.domain.delivery.status import ReminderState
from service.web.api.parameter_types import Flag, Limit, ReminderCursor, TextLine
from service.web.api.request_input import Parameters

_State = Annotated[
    ReminderState, WithJsonSchema({"type": "string", "enum": list(ReminderState)})
]


class RemindersQuery(Parameters):
    """Which reminders, and how many at once."""

    state: _State | None = Field(
        default=None, description=f"one of {', '.join(ReminderState)}"
    )
    rule: TextLine | None = Field(default=None, description="the code of a rule")
    authority: TextLine | None = Field(
        default=None, description="the code of an office, with all below it"
    )
    held: Flag | None = Field(
        default=None, description="true or false: whether something holds it back"
    )
    after: ReminderCursor | None = Field(
        default=None, description="`next` of the page before"
    )
    limit: Limit = 100


class ListedReminder(BaseModel):
    """One permit in one step; its number is masked where it is personal."""

    model_config = ConfigDict(from_attributes=True)

    authority: str = Field(description="the code of the authority that issued it")
    rule: str = Field(description="the code of its permit type")
    number: str = Field(
        description="the permit number; masked if it contains an identity number"
    )
    step: str = Field(description="the name of the step in the rule's version")
    expires_on: date = Field(description="the expiry date that it reminds of")
    due_at: datetime = Field(description="the instant from which it may be sent")
    until_at: datetime = Field(description="the instant at which its step ends")
    state: ReminderState = Field(description="see docs/states.md for each state")
    reason: str | None = Field(
        description="why it ended so; null where the state says enough"
    )
    hold_reason: str | None = Field(description="why one that is due still waits")
    next_at: datetime | None = Field(description="until when it waits")
    sent_at: datetime | None = Field(
        description="when a provider first accepted a message for it"
    )
    message: str | None = Field(description="the id of its latest message")


class ReminderPage(BaseModel):
    """Reminders by permit, in the order of registration."""

    items: list[ListedReminder] = Field(description="the reminders of this page")
    next: str | None = Field(description="`after` of the next page; null on the last")
