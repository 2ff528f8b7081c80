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

    authority: str
    rule: str
    number: str
    step: str
    expires_on: date
    due_at: datetime
    until_at: datetime
    state: ReminderState
    reason: str | None
    hold_reason: str | None = Field(description="why one that is due still waits")
    next_at: datetime | None = Field(description="until when it waits")
    sent_at: datetime | None
    message: str | None = Field(description="the id of its latest message")


class ReminderPage(BaseModel):
    """Reminders by permit, in the order of registration."""

    items: list[ListedReminder]
    next: str | None = Field(description="`after` of the next page; null on the last")
