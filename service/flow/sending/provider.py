"""Who carries SMS, and what it is asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from service.domain.delivery.outcome import Inbound, ListedMessage, Outcome, Receipt
from service.domain.law.rule import Language


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed message: POST it once, before the lease ends.

    `valid_for` is how many seconds after the claim its text may travel, `delay` how
    many it has to wait; `sent_from` is who it comes from where that is not the
    provider's own setting. `post_until` is the last instant, on the worker's own clock,
    at which its POST may begin.
    """

    id: str
    attempt: int
    encrypted_phone: bytes = field(repr=False)
    body: str
    template: str
    language: Language
    valid_for: float
    sent_from: str | None = None
    delay: float = 0.0
    post_until: float | None = None
    phone: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """A message whose outcome is unknown; instants are the database's."""

    id: str
    provider: str
    recipient_id: str
    encrypted_phone: bytes = field(repr=False)
    body: str
    posted_after: datetime
    lease_until: datetime
    absent_at: datetime | None
    asked_at: datetime


class Provider(Protocol):
    """Who carries SMS. Answers never raise for what a provider or network may do.

    `by_our_id`: it finds messages by our own ids, and so tells two alike apart.
    """

    name: str
    finds_by_our_id: bool

    async def send(self, message: "Outgoing") -> Outcome:
        """POST one message, once."""

    async def find(
        self, message: "OpenMessage", phone: str
    ) -> Sequence[ListedMessage] | None:
        """What the provider lists for it; None when it could not be asked."""

    async def fetch_receipt(self, provider_id: str) -> Receipt | None:
        """The provider's present word on a message; None when it could not be asked."""

    async def fetch_receipts(
        self, provider_ids: Collection[str], since: datetime
    ) -> Sequence[Receipt] | None:
        """Its present word on messages accepted since an instant, in few requests.

        What is missing in the answer is to be fetched; None: nothing could be asked.
        """

    async def flush(self) -> None:
        """What was sent since the last call leaves, where texts leave together."""

    def parse(
        self, headers: Mapping[str, str], body: bytes, path: str
    ) -> Receipt | Inbound:
        """A webhook, checked; `path` with its query, as it was called.

        Raises `ForgedError` where the provider did not sign it, `InvalidError` where
        it is signed but not a webhook of this kind.
        """
