"""One full pass: expand, settle, send, ask, poll; every row that is due by now."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from service.domain.errors import StorageError
from service.flow.monotonic import monotonic_now
from service.flow.permits.ask_registers import LookupDeps, ask_registers
from service.flow.sending.breaker import check_breaker
from service.flow.sending.circuit import CircuitAccess, open_access
from service.flow.sending.expand import ExpandStore, expand
from service.flow.sending.failover.ask_first import FailoverDeps, ask_first
from service.flow.sending.leases import LeaseStore, RoundsStore
from service.flow.sending.outcomes.receive import ReceiveStore, poll_receipts
from service.flow.sending.outcomes.settle import SettleStore, settle
from service.flow.sending.send import SendDeps, SendResult, send
from service.flow.sending.volume_guard import (
    BEFORE_ALL,
    VolumeGuardDeps,
    check_volume,
    open_day,
)


@dataclass(frozen=True, slots=True)
class TickDeps:
    """The ports of a pass.

    A provider's list proves absence `settle_after` the last moment of a POST. A receipt
    that has not come `poll_after` the acceptance, on the business clock, is polled for.
    Without a `rounds_store` the pass does all by itself; otherwise it leaves to the
    worker that has the rounds what one does for all.
    """

    send_deps: SendDeps
    lookup_deps: LookupDeps
    volume_guard_deps: VolumeGuardDeps
    expand_store: ExpandStore
    lease_store: LeaseStore
    settle_store: SettleStore
    receive_store: ReceiveStore
    failover_deps: FailoverDeps
    settle_after: timedelta
    poll_after: timedelta
    rounds_store: RoundsStore | None = None


@dataclass(frozen=True, slots=True)
class TickResult:
    """Counts of one pass.

    `late` counts messages that were claimed and could not be POSTed in time.
    `open_outcomes` counts messages that are unknown or under way in another process.
    """

    created: int
    posted: int
    late: int
    moved: int
    open_outcomes: int

    @property
    def has_activity(self) -> bool:
        """Whether the pass did anything."""
        return bool(self.created or self.posted or self.moved)

    @property
    def shortfall(self) -> str | None:
        """What the pass could not do, in one line; None if nothing kept it from it.

        If some were posted in time, a slow provider may be why others were not.
        """
        if self.posted or not self.late:
            return None
        return f"0 of {self.late:,} posted in time: the machine is too slow"


async def tick(deps: TickDeps) -> TickResult:
    """Expand, settle, send, and poll for receipts that did not come.

    While the provider is out, it is neither asked nor sent anything, but for a probe.
    The volume guard stores forecasts before expanding and checks the day before each
    turn of sending. After a failover, what may have been sent before is asked about
    first. Registers are asked about permits that sending left for that; the
    next turn sends what they answered. When the process has to stop, the step under way
    ends and no other begins. Where it fails, another worker may make the rounds.
    """
    try:
        return await _pass(deps)
    except Exception:
        if deps.rounds_store is not None:
            with suppress(StorageError):
                await deps.rounds_store.give_up()
        raise


async def _pass(deps: TickDeps) -> TickResult:
    created, posted, late, moved, more = 0, 0, 0, 0, True
    clock, poster = deps.send_deps.clock, deps.send_deps.poster
    breaker_store, is_stopping = deps.send_deps.breaker_store, poster.is_stopping
    while more:
        has_rounds = deps.rounds_store is None or await deps.rounds_store.take()
        if has_rounds:
            await open_day(deps.volume_guard_deps)
            created += await expand(deps.expand_store, clock, is_stopping)
        await deps.lease_store.expire_leases(clock.now())
        checked_until = await _checked_until(deps, has_rounds=has_rounds)
        sent, asked = SendResult(), 0
        access = await _open_access(deps)
        if access and not access.is_probe and has_rounds:
            await settle(
                deps.settle_store,
                provider=poster.provider,
                vault=poster.vault,
                clock=clock,
                settle_after=deps.settle_after,
                is_stopping=is_stopping,
            )
        if access and await ask_first(
            deps.failover_deps, deps.send_deps, checked_until, access
        ):
            sent = await send(deps.send_deps, checked_until, access)
        if access:
            asked = await ask_registers(deps.lookup_deps, is_stopping)
        if access and not access.is_probe and has_rounds:
            moved += await poll_receipts(
                poster.provider, deps.receive_store, clock, deps.poll_after, is_stopping
            )
        posted, late = posted + sent.posted, late + sent.late
        more = (sent.more_due or asked > 0) and not is_stopping()
        await check_breaker(breaker_store, clock)
        if not is_stopping():
            await breaker_store.record_tick()
    open_outcomes = await deps.settle_store.count_open()
    return TickResult(created, posted, late, moved, open_outcomes)


async def _checked_until(deps: TickDeps, *, has_rounds: bool) -> datetime:
    """Until when created reminders passed the volume guard."""
    if has_rounds or deps.rounds_store is None:
        return await check_volume(deps.volume_guard_deps)
    return await deps.rounds_store.checked_until() or BEFORE_ALL


async def _open_access(deps: TickDeps) -> CircuitAccess | None:
    """The right to send in this pass; None while the provider is out."""
    poster = deps.send_deps.poster
    if poster.is_stopping() or not poster.pace.allowed_at(monotonic_now()):
        return None
    return await open_access(
        deps.send_deps.circuit_store,
        poster.provider,
        owner=str(uuid4()),
        lease=deps.send_deps.lease,
    )
