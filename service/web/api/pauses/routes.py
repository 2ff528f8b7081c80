"""Pausing and resuming what is sent."""

from typing import Annotated

from service.flow.sending.pause import pause_sending, resume_sending
from service.web.api.endpoint import endpoint
from service.web.api.pauses.models import Pause, PauseFields, Pauses, ResumeFields
from service.web.api.request_input import JsonObject
from service.web.services import Services


@endpoint("POST", "/v1/pause", {200: Pauses}, error_statuses=(404, 409))
async def pause(
    services: Services, body: Annotated[JsonObject, PauseFields], caller: str
) -> Pauses:
    """Pause sending of everything, a rule, an authority or an office; or re-sends.

    409 if it is paused already.
    """
    await pause_sending(body, services.pause_deps, caller)
    return await _pauses(services)


@endpoint("POST", "/v1/resume", {200: Pauses}, error_statuses=(404, 409))
async def resume(
    services: Services, body: Annotated[JsonObject, ResumeFields], caller: str
) -> Pauses:
    """Resume what a person, the breaker, the volume or the resend guard paused.

    Resuming an office that the volume guard paused confirms its day. Resuming `all`
    also tries again what is held because no route led to its number. 409 if there is
    nothing of either.
    """
    await resume_sending(body, services.pause_deps, caller)
    return await _pauses(services)


async def _pauses(services: Services) -> Pauses:
    paused = await services.pause_deps.store.list_pauses()
    return Pauses(paused=[Pause.model_validate(one) for one in paused])
