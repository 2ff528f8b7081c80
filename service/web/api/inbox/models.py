"""Models of the inbox: parameters and answers."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from service.web.api.pages import AFTER, Page, PageQuery
from service.web.api.parameter_types import TextLine
from service.web.api.request_input import Parameters


class TextPath(Parameters):
    """Which text."""

    id: TextLine = Field(
        description="the id of a text in the inbox",
        examples=["SM00000000000000000000000000000142"],
    )


class InboxQuery(PageQuery):
    """Which texts, and which page of them."""

    authority: TextLine | None = Field(
        default=None,
        description="the code of an authority: only texts about permits that it or one "
        "below it issued; by default all",
    )
    after: TextLine | None = Field(default=None, description=AFTER)


class InboxPermit(BaseModel):
    """A permit that a text may be about."""

    model_config = ConfigDict(from_attributes=True)

    authority: str = Field(description="the code of the authority that issued it")
    rule: str = Field(description="the code of its permit type")
    number: str = Field(
        description="the permit number; masked if it contains an identity number"
    )
    holder: str = Field(description="the name of the holder")


class InboxText(BaseModel):
    """A text to us that waits for a person."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(description="the provider's id of the text")
    provider: str = Field(description="sandbox or twilio")
    received_at: datetime = Field(description="when it was received")
    phone: str | None = Field(
        description="the phone it came from, masked; null if an earlier release "
        "received the text, which stored no phone that no register had"
    )
    text: str = Field(
        description="what it says, in one line: phones in it are masked, control "
        "characters escaped"
    )
    permits: list[InboxPermit] = Field(
        description="the permits of our last text to the phone, or if there was none, "
        "those registered with it; at most 20"
    )


class InboxPage(Page[InboxText]):
    """Texts that wait for a person, the oldest first."""
