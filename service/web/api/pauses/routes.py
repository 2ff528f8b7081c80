"""Stopping and resuming sending."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.flow.sending.pause import pause as pause_sending
from service.flow.sending.pause import resume as resume_sending
from service.web.api.endpoint import endpoint
from service.web.api.request_input import Json
from service.web.services import Desk

_SCOPE = Field(
    default="all",
    max_length=130,
    pattern=r"^(all|(rule|authority|office):.+)$",
    description="all, rule:CODE, authority:CODE or office:CODE",
)


class PauseFields(BaseModel):
    """What is stopped, and why."""

    model_config = ConfigDict(extra="forbid")

    scope: str | None = _SCOPE
    reason: str = Field(min_length=1, max_length=200)


class ResumeFields(BaseModel):
    """What is sent again."""

    model_config = ConfigDict(extra="forbid")

    scope: str | None = _SCOPE


class Pause(BaseModel):
    """Something that is not sent now."""

    model_config = ConfigDict(from_attributes=True)

    scope: str
    since: datetime
    by: str = Field(description="breaker: the service itself")
    reason: str


class Pauses(BaseModel):
    """All that is not sent now, the oldest first."""

    paused: list[Pause]


@endpoint("POST", "/v1/pause", {200: Pauses}, refusals=(404, 409))
async def pause(desk: Desk, body: Annotated[Json, PauseFields], caller: str) -> Pauses:
    """Stop sending everything, a rule or an authority, in the name of the caller."""
    await pause_sending(body, desk.braking, caller)
    return await _pauses(desk)


@endpoint("POST", "/v1/resume", {200: Pauses}, refusals=(404, 409))
async def resume(
    desk: Desk, body: Annotated[Json, ResumeFields], caller: str
) -> Pauses:
    """Send again what was paused, by a person or by the breaker.

    Where all is meant, what no way led to is tried again.
    """
    await resume_sending(body, desk.braking, caller)
    return await _pauses(desk)


async def _pauses(desk: Desk) -> Pauses:
    paused = await desk.braking.store.paused()
    return Pauses(paused=[Pause.model_validate(one) for one in paused])
