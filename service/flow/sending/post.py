"""POSTs claimed messages, several at once: as many as the provider takes."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from service.domain.delivery.concurrency import ConcurrencyLimit
from service.flow.ports import Vault
from service.flow.sending.post_round import PostRound, RecordAndBegin
from service.flow.sending.provider import Outgoing, Provider
from service.flow.stop_signal import StopSignal, never_stop

MAX_IN_FLIGHT: Final = 20
"""POSTs under way at once: Twilio refuses concurrency, not rate (error 20429)."""


@dataclass(frozen=True, slots=True)
class PostResult:
    """Messages POSTed, messages that came too late, and whether the round was blocked.

    `late`: the deadline had passed, so they were not POSTed. `is_blocked`: the provider
    takes nothing for now.
    """

    posted: int
    late: int
    is_blocked: bool


@dataclass(slots=True)
class Poster:
    """POSTs to one provider; remembers from round to round how many at once it takes.

    When it has to stop, it starts no more POSTs and waits some seconds for those under
    way.
    """

    provider: Provider
    vault: Vault
    pace: ConcurrencyLimit = field(
        default_factory=lambda: ConcurrencyLimit.start(MAX_IN_FLIGHT)
    )
    is_stopping: StopSignal = never_stop

    async def post(
        self,
        messages: Sequence[Outgoing],
        deadline: float,
        record_and_begin: RecordAndBegin,
    ) -> PostResult:
        """POST messages in their order, none after the deadline, and record outcomes.

        Stops early when the provider refuses the account, when several POSTs in a row
        fail, or when nothing may be begun. The deadline is an instant of
        `monotonic_now`.
        """
        round_ = PostRound(
            provider=self.provider,
            vault=self.vault,
            pace=self.pace,
            is_stopping=self.is_stopping,
            queue=deque(messages),
            size=len(messages),
            deadline=deadline,
            record_and_begin=record_and_begin,
        )
        try:
            await round_.run()
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None  # one error, not a group of one
        finally:
            self.pace = round_.pace
        await self.provider.flush()
        await round_.record_rest()
        return PostResult(round_.posted, round_.late, round_.is_blocked)
