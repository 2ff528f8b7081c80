from datetime import timedelta

from service.adapters.store.sending.receive import SqlReceiveStore
from service.adapters.store.slots.expand import SqlExpandStore
from service.domain.delivery.outcome import Unknown
from service.domain.delivery.status import MessageState
from service.flow.sending.expand import expand
from service.flow.sending.outcomes.receive import poll_receipts
from service.flow.sending.outcomes.settle import settle
from service.flow.sending.post import Poster
from service.flow.sending.send import MAX_CLAIMED
from service.flow.stop_signal import StopSignal
from tests.flow.fakes import FakeProvider
from tests.flow.ledger import PREPARE, Ledger, permit

MANY = MAX_CLAIMED + 50


class Interrupting(FakeProvider):
    """Tells us to stop while it answers the POST of a certain number."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def told(self) -> bool:
        """Whether it has."""
        return len(self.posted) >= self.at


async def due(ledger: Ledger, count: int = MANY) -> None:
    """So many permits, each with a phone of its own, and a reminder that is due."""
    areas = ("212", "202", "213")
    await ledger.register(
        *(
            permit(f"SC-{at:04}", phones=(f"+1{areas[at // 100]}55501{at % 100:02}",))
            for at in range(count)
        )
    )
    await ledger.expand(PREPARE)


async def send(ledger: Ledger, provider: FakeProvider, told: StopSignal) -> int:
    """Send until told to stop; how many were POSTed."""
    return await ledger.send(poster=Poster(provider, ledger.vault, is_stopping=told))


def states(ledger: Ledger) -> dict[str, int]:
    """How many reminders are in each state."""
    rows = ledger.rows("SELECT state, count(*) AS n FROM reminders GROUP BY state")
    return {row["state"]: row["n"] for row in rows}


async def test_a_stop_before_sending_begins_claims_nothing(ledger: Ledger) -> None:
    await due(ledger, 3)
    assert await send(ledger, ledger.provider, lambda: True) == 0
    assert states(ledger) == {"due": 3}
    assert ledger.states() == []


async def test_a_stop_records_posted_messages_and_claims_no_more(
    ledger: Ledger,
) -> None:
    await due(ledger)
    stopping = Interrupting(MAX_CLAIMED)
    assert await send(ledger, stopping, stopping.told) == MAX_CLAIMED
    assert states(ledger) == {"due": MANY - MAX_CLAIMED, "sent": MAX_CLAIMED}
    assert await ledger.audit() == []


async def test_a_stop_in_the_middle_of_a_claim_makes_the_rest_due_again(
    ledger: Ledger,
) -> None:
    await due(ledger)
    stopping = Interrupting(30)
    posted = await send(ledger, stopping, stopping.told)
    assert posted == len(stopping.posted) == 30
    assert states(ledger) == {"due": MANY - 30, "sent": 30}
    assert len(ledger.states()) == 30, "what was not POSTed was no try"
    assert await ledger.audit() == []
    ledger.provider.next_id = MANY
    assert await ledger.send() == MANY - 30
    assert states(ledger) == {"sent": MANY}
    assert await ledger.audit() == []


async def test_a_stop_asks_the_provider_about_nothing(ledger: Ledger) -> None:
    await due(ledger, 2)
    ledger.provider.script = [Unknown("timeout")]
    await ledger.send()
    ledger.provider.become(MessageState.DELIVERED)
    ledger.clock.move_to(PREPARE + timedelta(minutes=1))
    store = SqlReceiveStore(ledger.database)
    moved = await poll_receipts(
        ledger.provider, store, ledger.clock, timedelta(), lambda: True
    )
    await settle(
        ledger.unknown,
        provider=ledger.provider,
        vault=ledger.vault,
        clock=ledger.clock,
        settle_after=timedelta(),
        is_stopping=lambda: True,
    )
    assert moved == ledger.provider.asked == 0
    assert sorted(ledger.states()) == ["accepted", "uncertain"]
    assert await ledger.poll() == 1
    await ledger.settle()
    assert ledger.provider.asked == 1


async def test_a_stop_while_expanding_ends_after_the_present_transaction(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    ledger.clock.move_to(PREPARE)
    assert (
        await expand(SqlExpandStore(ledger.database), ledger.clock, lambda: True) == 1
    )
