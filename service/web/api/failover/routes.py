"""What became of a failover, and the decision on what cannot be asked about."""

from typing import Annotated

from service.flow.sending.failover.decide import send_held
from service.web.api.endpoint import endpoint
from service.web.api.failover.models import Failover, FailoverDecision
from service.web.api.request_input import JsonObject
from service.web.services import Services


@endpoint("GET", "/v1/failover", {200: Failover})
async def failover(services: Services) -> Failover:
    """The server of the database, and what may have been sent before a change of it."""
    return await _status(services)


@endpoint("POST", "/v1/failover", {200: Failover}, error_statuses=(409,))
async def send_after_failover(
    services: Services, body: Annotated[JsonObject, FailoverDecision], caller: str
) -> Failover:
    """Send all that may have been sent before, and nobody can be asked about.

    409 if nothing is to be decided.
    """
    await send_held(body, services.failover_deps, services.clock, caller)
    return await _status(services)


async def _status(services: Services) -> Failover:
    found = await services.failover_deps.store.status()
    server = found.standing.asked_first()
    return Failover(
        server=found.standing.present,
        found_at=server.found_at if server else None,
        doubt=found.standing.doubt,
        asked=found.asked,
        held=found.held,
    )
