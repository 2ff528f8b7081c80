"""Models of messages: parameters, request body, answers."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from service.domain.delivery.status import MessageState, ReminderState
from service.domain.law.rule import Language
from service.flow.reports.message_views import Decider
from service.web.api.pages import AFTER, Page, PageQuery
from service.web.api.parameter_types import Flag, Id, Reason, TextLine
from service.web.api.reminders.models import ListedReminder
from service.web.api.request_input import Parameters


class MessagePath(Parameters):
    """Which message."""

    id: Id = Field(
        description="the id of a message",
        examples=["019aaf39-3c5e-7d0c-8a6e-0c6d5f1f0142"],
    )


_State = Annotated[
    MessageState, WithJsonSchema({"type": "string", "enum": list(MessageState)})
]


class MessagesQuery(PageQuery):
    """Which messages, and which page of them."""

    state: _State | None = Field(
        default=None, description=f"one of {', '.join(MessageState)}"
    )
    authority: TextLine | None = Field(
        default=None, description="the code of an authority; all below it are included"
    )
    open: Flag = Field(
        default=False,
        description="true or false: true lists only those without an outcome yet",
    )
    after: Id | None = Field(default=None, description=AFTER)


class ReasonFields(BaseModel):
    """The reason of a decision."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "not in their log"}]},
    )

    reason: Reason = Field(
        description="one line, stored with the name of the API key",
    )


class Message(BaseModel):
    """One SMS; the phone it went to is masked."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(description="our id of the message")
    authority: str = Field(
        description="the code of the authority that issued the permit of its first "
        "reminder"
    )
    office: str = Field(description="the code of the authority that sends")
    rule: str = Field(
        description="the code of its first reminder's permit type; (test) for a test"
    )
    template: str = Field(description="the name of its template")
    template_version: int = Field(
        description="the version of that template; 0 is the shipped one"
    )
    language: Language = Field(description="the language of its text")
    to: str = Field(description="the phone it was sent to, masked")
    segments: int = Field(description="number of billed segments")
    provider: str = Field(description="sandbox, twilio or outbox")
    provider_id: str | None = Field(
        description="the provider's id; null until we know it"
    )
    state: MessageState = Field(description="see docs/states.md for each state")
    reason: str | None = Field(
        description="why it is in this state; null if the state says enough"
    )
    kind: str | None = Field(description="the kind of failure; null if there is none")
    code: str | None = Field(
        description="the provider's error code; null if there is none"
    )
    attempt: int = Field(
        description="the number of the attempt for its reminders, from 1"
    )
    claimed_at: datetime = Field(description="when a worker claimed it")
    posted_at: datetime | None = Field(
        description="when it was sent, by the provider's date: it counts on this day; "
        "null until we know that the provider accepted it"
    )
    accepted_at: datetime | None = Field(
        description="when we learned that the provider accepted it"
    )
    final_at: datetime | None = Field(
        description="when the provider's final receipt came"
    )
    waits_for: Decider | None = Field(
        description="who decides its unknown outcome; null if it is known"
    )


class MessagePage(Page[Message]):
    """Messages in the order in which they were claimed."""


class ReminderTransition(BaseModel):
    """A change of state of one of its reminders."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime = Field(description="when it happened")
    rule: str = Field(description="the code of its permit type")
    number: str = Field(
        description="the permit number; masked if it contains an identity number"
    )
    step: str = Field(description="the step of the reminder")
    state: ReminderState = Field(description="the new state of the reminder")
    reason: str | None = Field(description="why; null if the state says enough")


class MessageReceipt(BaseModel):
    """A receipt of the provider."""

    model_config = ConfigDict(from_attributes=True)

    received_at: datetime = Field(description="when it was received")
    provider_id: str = Field(description="the provider's id of the message")
    state: MessageState | None = Field(
        description="the state it reports; null for an unknown status"
    )
    code: str | None = Field(description="the provider's error code")
    moved: bool = Field(description="whether it changed the state of the message")
    raw: dict[str, Any] = Field(
        description="the receipt as it was received, with phones masked"
    )


class MessageAction(BaseModel):
    """An operator's action on the message, or an alarm."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime = Field(description="when it happened")
    by: str = Field(description="the API key, or the part of the service")
    what: str = Field(description="the name of the action or alarm")
    detail: dict[str, Any] = Field(description="further details, such as the reason")


class MessageDetails(BaseModel):
    """Everything that is stored about a message; each list is oldest first."""

    model_config = ConfigDict(from_attributes=True)

    message: Message = Field(description="the message itself")
    body: str = Field(description="its text")
    reminders: list[ListedReminder] = Field(
        description="the reminders that it is about"
    )
    moves: list[ReminderTransition] = Field(
        description="state changes of those reminders while it was their latest message"
    )
    receipts: list[MessageReceipt] = Field(description="every receipt of the provider")
    acts: list[MessageAction] = Field(description="actions of operators, and alarms")
