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

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=200)


class Message(BaseModel):
    """One SMS; the phone it went to is masked."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    authority: str
    office: str = Field(description="the authority that sends")
    rule: str
    template: str
    template_version: int
    language: Language
    to: str
    segments: int
    provider: str
    provider_id: str | None
    state: MessageState
    reason: str | None
    kind: str | None = Field(description="why it was not taken or not carried")
    code: str | None = Field(description="the same as the provider's number")
    attempt: int
    claimed_at: datetime
    accepted_at: datetime | None
    final_at: datetime | None
    waits_for: Decider | None = Field(
        description="who decides its unknown outcome; null where none is"
    )


class MessagePage(BaseModel):
    """Messages in the order of their claims."""

    items: list[Message]
    next: str | None = Field(description="`after` of the next page; null on the last")


class TransitionModel(BaseModel):
    """What one of its reminders became."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    rule: str
    number: str
    step: str
    state: ReminderState
    reason: str | None


class ReceiptModel(BaseModel):
    """A word of the provider's."""

    model_config = ConfigDict(from_attributes=True)

    received_at: datetime
    provider_id: str
    state: MessageState | None = Field(description="null for a word nobody knows")
    code: str | None
    moved: bool
    raw: dict[str, Any] = Field(description="as it came, but for phones")


class ActionModel(BaseModel):
    """What somebody did about it, or what must alarm somebody."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    by: str
    what: str
    detail: dict[str, Any]


class MessageDetailsModel(BaseModel):
    """Everything that is kept about a message, each list oldest first."""

    model_config = ConfigDict(from_attributes=True)

    message: Message
    body: str
    reminders: list[ListedReminder]
    moves: list[TransitionModel]
    receipts: list[ReceiptModel]
    acts: list[ActionModel]
