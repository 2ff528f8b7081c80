"""End the doubt after the ledger changed its server: ask before anything is sent.

What was due before the change may have been sent, and the commit that says so may be
forgotten. So it is worded as for sending, and the provider is asked for its text, like
for any message whose answer was lost (`settle`).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.delivery.outcome import Inbound
from service.domain.failover.ledger_server import (
    FailoverStatus,
    LedgerServer,
    Standing,
)
from service.domain.messages.keywords import read_intent
from service.flow.permits.phone_reader import PhoneReader
from service.flow.ports import Clock
from service.flow.sending.circuit import CircuitAccess
from service.flow.sending.outcomes.receive import ReceiveStore, receive_inbound
from service.flow.sending.send import MAX_CLAIMED, SendDeps, SendTurn

log = logging.getLogger(__name__)


class FailoverStore(Protocol):
    """The servers that the ledger was on."""

    async def check_server(self, now: datetime) -> Standing:
        """Compare the present server with the stored one, and store a new one.

        The first is trusted. With any other, messages under way count as begun.
        """

    async def take_reading(self, server_id: int, owner: str, lease: float) -> bool:
        """Whether this worker may read the texts to us again, for `lease` seconds."""

    async def finish_reading(
        self, server_id: int, now: datetime, *, is_complete: bool
    ) -> None:
        """The texts to us are read again; with an alarm unless all could be read."""

    async def trust(self, server_id: int, now: datetime) -> None:
        """Let messages be claimed and begun again."""

    async def status(self) -> FailoverStatus:
        """The present server, and what is still open since the last change."""

    async def release(self, by: str, reason: str, now: datetime) -> int:
        """Send what the provider cannot be asked about; count what was held for that.

        Raises `ConflictError` where no change is to be decided on.
        """


@dataclass(frozen=True, slots=True)
class FailoverDeps:
    """The ports that ending a doubt needs, besides those of sending."""

    store: FailoverStore
    receive_store: ReceiveStore
    phone_reader: PhoneReader


async def ask_first(
    deps: FailoverDeps,
    sending: SendDeps,
    checked_until: datetime,
    access: CircuitAccess,
) -> bool:
    """Ask about what may have been sent before a change; whether sending may go on.

    Only what was created by `checked_until` is asked about, as it is sent.
    """
    clock, is_stopping = sending.clock, sending.poster.is_stopping
    standing = await deps.store.check_server(clock.now())
    server = standing.stored
    if server is None or (server.is_trusted and not server.asks_first):
        return not standing.is_in_doubt
    if not standing.is_stored:
        return False  # it changed just now
    if not server.are_texts_read and not await _read_texts(
        deps, sending, server, access.owner
    ):
        return False
    law = await sending.law_store.current_law()
    turn = SendTurn(sending, access, checked_until, law)
    while (
        server.asks_first and (await turn.claim(MAX_CLAIMED, asks_first=True)).examined
    ):
        if is_stopping():
            return False
    await _trust(deps, server, clock)
    return True


async def _trust(deps: FailoverDeps, server: LedgerServer, clock: Clock) -> None:
    if not server.is_trusted:
        await deps.store.trust(server.id, clock.now())
        log.warning(
            "all that was due before the failover is asked about: sending goes on"
        )


async def _read_texts(
    deps: FailoverDeps, sending: SendDeps, server: LedgerServer, owner: str
) -> bool:
    """Read the texts to us again: an opt-out may be forgotten. False until it is done.

    Where the provider has no such list, there is nothing to read.
    """
    if not await deps.store.take_reading(server.id, owner, sending.lease):
        return False
    provider, vault, clock = (
        sending.poster.provider,
        sending.poster.vault,
        sending.clock,
    )
    is_complete = True
    if not provider.finds_by_our_id and server.asked_since is not None:
        listing = await provider.list_since(server.asked_since)
        if listing is None:
            return False
        for one in _not_revoked(listing.inbounds):
            await receive_inbound(
                one, deps.receive_store, deps.phone_reader, vault, clock
            )
        is_complete = listing.is_complete
    await deps.store.finish_reading(server.id, clock.now(), is_complete=is_complete)
    return True


def _not_revoked(inbounds: Sequence[Inbound]) -> list[Inbound]:
    """Leave out each START that a later STOP of the same phone revokes.

    That one may be known: it would not be applied again, and START would.
    """
    kept, stopped = list[Inbound](), set[str]()
    for one in reversed(inbounds):
        intent = read_intent(one.body, one.opt_out, None)
        if intent == "stop":
            stopped.add(one.sender)
        if intent != "start" or one.sender not in stopped:
            kept.append(one)
    return kept[::-1]
