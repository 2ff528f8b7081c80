"""Models of the list of reminders: parameters and answer."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from service.domain.delivery.status import ReminderState
from service.web.api.pages import AFTER, Page, PageQuery
from service.web.api.parameter_types import Flag, ReminderCursor, TextLine

_State = Annotated[
    ReminderState, WithJsonSchema({"type": "string", "enum": list(ReminderState)})
]


class RemindersQuery(PageQuery):
    """Which reminders, and which page of them."""

    state: _State | None = Field(
        default=None, description=f"one of {', '.join(ReminderState)}"
    )
    rule: TextLine | None = Field(default=None, description="the code of a rule")
    authority: TextLine | None = Field(
        default=None, description="the code of an authority; all below it are included"
    )
    held: Flag | None = Field(
        default=None,
        description="true or false: only those that are held, or only those that are "
        "not",
    )
    after: ReminderCursor | None = Field(default=None, description=AFTER)


class Reminder(BaseModel):
    """A reminder of a permit, and its state."""

    model_config = ConfigDict(from_attributes=True)

    step: str = Field(description="the name of the step in the rule's version")
    expires_on: date = Field(
        description="the expiry date of the permit for this reminder"
    )
    due_at: datetime = Field(description="the instant from which it may be sent")
    state: ReminderState = Field(description="the state; docs/states.md explains each")
    reason: str | None = Field(
        description="why it ended; null if the state says enough"
    )
    hold_reason: str | None = Field(
        description="why a due reminder is not sent yet; null if nothing holds it"
    )
    next_at: datetime | None = Field(
        description="when a waiting reminder is checked again"
    )
    sent_at: datetime | None = Field(
        description="when a provider first accepted a message for it"
    )


class ListedReminder(Reminder):
    """A reminder in a list of those of many permits."""

    authority: str = Field(description="the code of the authority that issued it")
    rule: str = Field(description="the code of its permit type")
    number: str = Field(
        description="the permit number; masked if it contains an identity number"
    )
    until_at: datetime = Field(description="the instant at which its step ends")
    message: str | None = Field(
        description="the id of its latest message; null if it has none"
    )


class ReminderPage(Page[ListedReminder]):
    """Reminders in the order in which their permits were registered."""
