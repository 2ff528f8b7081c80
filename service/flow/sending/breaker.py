"""Whether what was sent lately is refused so often that sending must stop."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from service.domain.delivery.breaker import JudgedMessage, trip_reason
from service.flow.ports import Clock

log = logging.getLogger(__name__)


class BreakerStore(Protocol):
    """What a pass leaves behind for those who watch it."""

    async def newest_outcomes(self, now: datetime) -> Sequence[Sequence[JudgedMessage]]:
        """The newest messages decided since sending was last resumed, newest first.

        Once those that were answered, once those that the provider took some time
        ago; nothing while everything is paused.
        """

    async def open_breaker(self, reason: str, now: datetime) -> bool:
        """Open the breaker, with an alarm; False where everything is paused already."""

    async def record_tick(self) -> None:
        """Note on the database's clock that a pass has come to its end."""


async def check_breaker(store: BreakerStore, clock: Clock) -> None:
    """Stop sending where too much of the latest was refused or failed."""
    now = clock.now()
    for latest in await store.newest_outcomes(now):
        reason = trip_reason(latest)
        if reason is not None and await store.open_breaker(reason, now):
            log.error("breaker: sending stops: %s", reason)
