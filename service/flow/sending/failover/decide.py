"""A person's decision on what may have been sent before a failover."""

from collections.abc import Mapping

from service.domain.delivery.operator_request import parse_operator_request
from service.flow.ports import Clock
from service.flow.sending.failover.ask_first import FailoverDeps


async def send_held(
    request: Mapping[str, object], deps: FailoverDeps, clock: Clock, by: str
) -> int:
    """Send all that the provider cannot be asked about; count what was held for that.

    Raises `InvalidError` without a reason, and `ConflictError` where nothing is to be
    decided.
    """
    reason = parse_operator_request(request, "reason")["reason"]
    return await deps.store.release(by, reason, clock.now())
