"""A provider whose questions end when the process has to stop.

A question may be left without its answer: the next pass asks again. A POST may not; how
long one may still take, the flow decides.
"""

import asyncio
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Mapping,
    Sequence,
)
from datetime import datetime
from typing import Any, TypeVar

from service.domain.delivery.outcome import Inbound, Outcome, Receipt, UnknownId
from service.flow.sending.provider import (
    AccountListing,
    Listing,
    OpenMessage,
    Outgoing,
    Provider,
)

T = TypeVar("T")


class StoppableProvider:
    """A `Provider` whose questions count as not answered once the process has to stop.

    `stopped` returns once the process has to stop.
    """

    def __init__(
        self, provider: Provider, stopped: Callable[[], Awaitable[object]]
    ) -> None:
        self.name = provider.name
        self.finds_by_our_id = provider.finds_by_our_id
        self.has_exclusive_senders = provider.has_exclusive_senders
        self._provider = provider
        self._stopped = stopped

    async def send(self, message: Outgoing) -> Outcome:
        """POST one message, once."""
        return await self._provider.send(message)

    async def is_answering(self) -> bool:
        """Ask a question; True as well if it is cut off, since no POST will follow."""
        return await self._ask(self._provider.is_answering()) is not False

    async def find(self, message: OpenMessage, phone: str) -> Listing | None:
        """List all messages to a phone; None when it was not answered."""
        return await self._ask(self._provider.find(message, phone))

    async def list_since(self, since: datetime) -> AccountListing | None:
        """List the messages to all phones; None when it was not answered."""
        return await self._ask(self._provider.list_since(since))

    async def fetch_receipt(self, provider_id: str) -> Receipt | UnknownId | None:
        """Fetch the present state of a message; None when it was not answered."""
        return await self._ask(self._provider.fetch_receipt(provider_id))

    async def fetch_receipts(
        self, provider_ids: Collection[str], since: datetime
    ) -> Sequence[Receipt] | None:
        """Fetch the present state of messages; None when it was not answered."""
        return await self._ask(self._provider.fetch_receipts(provider_ids, since))

    async def flush(self) -> None:
        """Hand over what was sent since the last call, where texts leave together."""
        await self._provider.flush()

    def parse(
        self, headers: Mapping[str, str], body: bytes, path: str
    ) -> Receipt | Inbound:
        """Check and parse a webhook."""
        return self._provider.parse(headers, body, path)

    async def _ask(self, question: Coroutine[Any, Any, T | None]) -> T | None:
        """The answer, or None if the process has to stop before it comes."""
        asking = asyncio.ensure_future(question)
        stopping = asyncio.ensure_future(self._stopped())
        try:
            await asyncio.wait((asking, stopping), return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else None
        finally:
            asking.cancel()
            stopping.cancel()
