"""One full pass of the journey: every row due by now, whatever was missed before."""

from dataclasses import dataclass
from datetime import timedelta

from service.flow.sending.breaker import check_breaker
from service.flow.sending.expand import ExpandStore, expand
from service.flow.sending.receive import ReceiveStore, poll_receipts
from service.flow.sending.send import SendDeps, send
from service.flow.sending.settle import SettleStore, settle
from service.flow.sending.volume_guard import VolumeGuardDeps, check_volume, open_day


@dataclass(frozen=True, slots=True)
class TickDeps:
    """What a pass needs.

    `settle_after` is how long after the last moment of a POST a provider's list
    proves absence; `poll_after`, on the business clock, how long a callback may take
    before the provider is asked instead.
    """

    send_deps: SendDeps
    volume_guard_deps: VolumeGuardDeps
    expand_store: ExpandStore
    settle_store: SettleStore
    receive_store: ReceiveStore
    settle_after: timedelta
    poll_after: timedelta


@dataclass(frozen=True, slots=True)
class TickResult:
    """What one pass did; `open` outcomes are unknown, or another process's."""

    created: int
    posted: int
    moved: int
    open_outcomes: int

    @property
    def has_activity(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.created or self.posted or self.moved or self.open_outcomes)


async def tick(deps: TickDeps) -> TickResult:
    """Expand, settle, send, and ask after receipts that never came.

    The volume guard writes forecasts down before the first and looks before the third,
    and so after every turn of sending. Told to stop, it ends what is under way and
    begins nothing more.
    """
    clock, posting = deps.send_deps.clock, deps.send_deps.poster
    watching, stopping = deps.send_deps.breaker_store, posting.is_stopping
    born, posted, moved, more = 0, 0, 0, True
    while more:
        await open_day(deps.volume_guard_deps)
        born += await expand(deps.expand_store, clock, stopping)
        await settle(
            deps.settle_store,
            provider=posting.provider,
            vault=posting.vault,
            clock=clock,
            settle_after=deps.settle_after,
            is_stopping=stopping,
        )
        looked = await check_volume(deps.volume_guard_deps)
        sent = await send(deps.send_deps, looked)
        posted, more = posted + sent.posted, sent.more_due and not stopping()
        moved += await poll_receipts(
            posting.provider, deps.receive_store, clock, deps.poll_after, stopping
        )
        await check_breaker(watching, clock)
        if not stopping():
            await watching.record_tick()
    return TickResult(born, posted, moved, await deps.settle_store.count_open())
