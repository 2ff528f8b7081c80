"""A message as the API shows it, and the orders about one."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from service.domain.delivery.status import MessageState, ReminderState
from service.domain.law.rule import Language
from service.flow.reports.message_views import Decider
from service.web.api.parameter_types import Flag, Id, Limit, TextLine
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


class MessagesQuery(Parameters):
    """Which messages, and how many at once."""

    state: _State | None = Field(
        default=None, description=f"one of {', '.join(MessageState)}"
    )
    authority: TextLine | None = Field(
        default=None, description="the code of an office, with all below it"
    )
    open: Flag = Field(
        default=False, description="true or false: only those with no outcome yet"
    )
    after: Id | None = Field(default=None, description="`next` of the page before")
    limit: Limit = 100


class ReasonFields(BaseModel):
    """Why it is decided so."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "not in their log"}]},
    )

    reason: str = Field(
        min_length=1,
        max_length=200,
        description="one line, stored with the name of the API key",
    )


class Message(BaseModel):
    """One SMS; the phone it went to is masked."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(description="our id of the message")
    authority: str = Field(
        description="the authority that issued the first reminder's permit"
    )
    office: str = Field(description="the authority that sends")
    rule: str = Field(description="the permit type of its first reminder")
    template: str = Field(description="the name of its template")
    template_version: int = Field(
        description="the version of that template; 0 is the shipped one"
    )
    language: Language = Field(description="the language of its text")
    to: str = Field(description="the phone it was sent to, masked")
    segments: int = Field(description="the parts that are billed")
    provider: str = Field(description="sandbox, twilio or outbox")
    provider_id: str | None = Field(
        description="the provider's id; null until we know it"
    )
    state: MessageState = Field(description="see docs/states.md for each state")
    reason: str | None = Field(
        description="why it is in this state; null where the state says enough"
    )
    kind: str | None = Field(description="why it was not taken or not carried")
    code: str | None = Field(description="the same as the provider's number")
    attempt: int = Field(
        description="which try of its reminders it is, beginning with 1"
    )
    claimed_at: datetime = Field(description="when a worker claimed it")
    accepted_at: datetime | None = Field(description="when the provider accepted it")
    final_at: datetime | None = Field(
        description="when the provider's final receipt came"
    )
    waits_for: Decider | None = Field(
        description="who decides its unknown outcome; null where none is"
    )


class MessagePage(BaseModel):
    """Messages in the order of their claims."""

    items: list[Message] = Field(description="the messages of this page")
    next: str | None = Field(description="`after` of the next page; null on the last")


class TransitionModel(BaseModel):
    """What one of its reminders became."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime = Field(description="when")
    rule: str = Field(description="the code of its permit type")
    number: str = Field(
        description="the permit number; masked if it contains an identity number"
    )
    step: str = Field(description="the step of the reminder")
    state: ReminderState = Field(description="what the reminder became")
    reason: str | None = Field(description="why; null where the state says enough")


class ReceiptModel(BaseModel):
    """A word of the provider's."""

    model_config = ConfigDict(from_attributes=True)

    received_at: datetime = Field(description="when it came")
    provider_id: str = Field(description="the provider's id of the message")
    state: MessageState | None = Field(description="null for a word nobody knows")
    code: str | None = Field(description="the provider's error code")
    moved: bool = Field(description="whether it changed the message's state")
    raw: dict[str, Any] = Field(description="as it came, but for phones")


class ActionModel(BaseModel):
    """What somebody did about it, or what must alarm somebody."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime = Field(description="when")
    by: str = Field(description="the API key, or the part of the service")
    what: str = Field(description="the name of the act or alarm")
    detail: dict[str, Any] = Field(description="what belongs to it, such as a reason")


class MessageDetailsModel(BaseModel):
    """Everything that is kept about a message, each list oldest first."""

    model_config = ConfigDict(from_attributes=True)

    message: Message = Field(description="the message itself")
    body: str = Field(description="its text")
    reminders: list[ListedReminder] = Field(
        description="the reminders that it is about"
    )
    moves: list[TransitionModel] = Field(
        description="what those reminders became while it was their latest message"
    )
    receipts: list[ReceiptModel] = Field(
        description="everything the provider reported after its answer"
    )
    acts: list[ActionModel] = Field(description="what people did about it, and alarms")
