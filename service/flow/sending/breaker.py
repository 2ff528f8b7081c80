"""Check the newest outcomes, and stop sending after too many refusals."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from service.domain.delivery.breaker import JudgedMessage, trip_reason
from service.flow.ports import Clock

log = logging.getLogger(__name__)


class BreakerStore(Protocol):
    """The newest outcomes, the breaker, and the time of the last tick."""

    async def newest_outcomes(self, now: datetime) -> Sequence[Sequence[JudgedMessage]]:
        """Messages with an outcome since sending was last resumed, newest first.

        Two lists: those that were answered, and those that the provider accepted long
        enough ago for a receipt. Empty while everything is paused.
        """

    async def open_breaker(self, reason: str, now: datetime) -> bool:
        """Open the breaker, with an alarm; False if everything is paused already."""

    async def record_tick(self) -> None:
        """Store, on the database's clock, that a tick has ended."""


async def check_breaker(store: BreakerStore, clock: Clock) -> None:
    """Open the breaker if too many of the newest messages were refused or failed."""
    now = clock.now()
    for latest in await store.newest_outcomes(now):
        reason = trip_reason(latest)
        if reason is not None and await store.open_breaker(reason, now):
            log.error("breaker: sending stops: %s", reason)
