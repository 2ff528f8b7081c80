"""The provider's later word: receipts as they come, or asked for; texts to us."""

from collections.abc import Sequence
from datetime import timedelta

from service.domain.keywords import intent
from service.domain.outcome import Inbound, Receipt
from service.domain.status import RANK
from service.flow.ports import Clock, Provider, ReceiveStore, Vault
from service.flow.register import PHONE
from service.flow.stopping import Stopping, never

PATIENCE = timedelta(hours=72)
"""After this long without a final word nobody asks any more: some carriers never
return one (twilio.com/docs/messaging/guides/outbound-message-logging)."""


async def receive(
    receipts: Sequence[Receipt], store: ReceiveStore, clock: Clock
) -> int:
    """Keep receipts and move their messages up; how many moved."""
    return await store.receive(receipts, clock.now())


async def hear(
    inbound: Inbound, store: ReceiveStore, vault: Vault, clock: Clock
) -> bool:
    """Keep a recipient's text and honour STOP and START; False where heard before."""
    return await store.hear(
        inbound,
        vault.digest(inbound.sender, PHONE),
        vault.seal(inbound.body, "inbounds.body"),
        intent(inbound.body, single_letters=True),
        clock.now(),
    )


async def poll(
    provider: Provider,
    store: ReceiveStore,
    clock: Clock,
    grace: timedelta,
    stopping: Stopping = never,
) -> int:
    """Ask for the state of messages accepted longer than `grace` ago; how many moved.

    Callbacks get lost, and an office without a public address receives none.
    """
    now = clock.now()
    open_ids = await store.unconfirmed(provider.name, now - grace, now - PATIENCE)
    receipts = []
    for provider_id, rank in open_ids.items():
        if stopping():
            break
        receipt = await provider.fetch(provider_id)
        if receipt and receipt.state and RANK[receipt.state] > rank:
            receipts.append(receipt)
    return await receive(receipts, store, clock)
