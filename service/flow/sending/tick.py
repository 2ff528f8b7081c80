"""One full pass of the journey: every row due by now, whatever was missed before."""

from dataclasses import dataclass
from datetime import timedelta

from service.flow.ports import ExpandStore, ReceiveStore, SettleStore
from service.flow.sending.breaker import watch
from service.flow.sending.expand import expand
from service.flow.sending.receive import poll
from service.flow.sending.send import Sending, send
from service.flow.sending.settle import settle
from service.flow.sending.volume_guard import Guarding, foresee, look


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass needs.

    `settle_after` is how long after the last moment of a POST a provider's list
    proves absence; `poll_after`, on the business clock, how long a callback may take
    before the provider is asked instead.
    """

    sending: Sending
    guarding: Guarding
    expanding: ExpandStore
    settling: SettleStore
    receiving: ReceiveStore
    settle_after: timedelta
    poll_after: timedelta


@dataclass(frozen=True, slots=True)
class Passed:
    """What one pass did; `open` outcomes are unknown, or another process's."""

    born: int
    posted: int
    moved: int
    open: int

    @property
    def busy(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.born or self.posted or self.moved or self.open)


async def tick(to: Pass) -> Passed:
    """Expand, settle, send, and ask after receipts that never came.

    The volume guard writes forecasts down before the first and looks before the third,
    and so after every turn of sending. Told to stop, it ends what is under way and
    begins nothing more.
    """
    clock, posting = to.sending.clock, to.sending.posting
    watching, stopping = to.sending.watching, posting.stopping
    born, posted, moved, more = 0, 0, 0, True
    while more:
        await foresee(to.guarding)
        born += await expand(to.expanding, clock, stopping)
        await settle(
            to.settling,
            provider=posting.provider,
            vault=posting.vault,
            clock=clock,
            patience=to.settle_after,
            stopping=stopping,
        )
        looked = await look(to.guarding)
        sent = await send(to.sending, looked)
        posted, more = posted + sent.posted, sent.more and not stopping()
        moved += await poll(
            posting.provider, to.receiving, clock, to.poll_after, stopping
        )
        await watch(watching, clock)
        if not stopping():
            await watching.ticked()
    return Passed(born, posted, moved, await to.settling.open())
