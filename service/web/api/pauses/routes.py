"""Stopping and resuming sending."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.flow.sending.pause import pause_sending, resume_sending
from service.web.api.endpoint import endpoint
from service.web.api.request_input import JsonObject
from service.web.services import Services

_SCOPE = Field(
    default="all",
    max_length=130,
    pattern=r"^(all|(rule|authority|office):.+)$",
    description="all, rule:CODE, authority:CODE or office:CODE",
)


class PauseFields(BaseModel):
    """What is stopped, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "scope": "rule:cn-food-production-license",
                    "reason": "the wording is being checked",
                }
            ]
        },
    )

    scope: str | None = _SCOPE
    reason: str = Field(
        min_length=1,
        max_length=200,
        description="one line, stored with the name of the API key",
    )


class ResumeFields(BaseModel):
    """What is sent again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"scope": "rule:cn-food-production-license"}]},
    )

    scope: str | None = _SCOPE


class Pause(BaseModel):
    """Something that is not sent now."""

    model_config = ConfigDict(from_attributes=True)

    scope: str = Field(description="what is paused")
    since: datetime = Field(description="since when")
    by: str = Field(
        description="the API key or user; breaker or volume guard: the service itself"
    )
    reason: str = Field(description="why")


class Pauses(BaseModel):
    """All that is not sent now, the oldest first."""

    paused: list[Pause] = Field(description="every pause in force")


@endpoint("POST", "/v1/pause", {200: Pauses}, error_statuses=(404, 409))
async def pause(
    services: Services, body: Annotated[JsonObject, PauseFields], caller: str
) -> Pauses:
    """Pause sending of everything, a rule, an authority or an office.

    409 if it is paused already.
    """
    await pause_sending(body, services.pause_deps, caller)
    return await _pauses(services)


@endpoint("POST", "/v1/resume", {200: Pauses}, error_statuses=(404, 409))
async def resume(
    services: Services, body: Annotated[JsonObject, ResumeFields], caller: str
) -> Pauses:
    """Resume what a person, the breaker or the volume guard paused.

    Resuming an office that the volume guard paused confirms its day. Resuming `all`
    also tries again what is held because no route led to its number. 409 if there is
    nothing of either.
    """
    await resume_sending(body, services.pause_deps, caller)
    return await _pauses(services)


async def _pauses(services: Services) -> Pauses:
    paused = await services.pause_deps.store.list_pauses()
    return Pauses(paused=[Pause.model_validate(one) for one in paused])
