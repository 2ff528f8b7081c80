"""The port to a provider, which carries SMS, and the messages it is asked about."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from service.domain.delivery.outcome import (
    AccountMessage,
    Inbound,
    ListedMessage,
    Outcome,
    Receipt,
    UnknownId,
)
from service.domain.law.rule import Language


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed message, to be POSTed once, before its lease ends.

    Counted from the claim, its text is valid for `valid_for` seconds and its POST waits
    `delay` seconds. `sent_from` is the sender, None for the one in the settings.
    `post_until` is the last instant of `monotonic_now` at which its POST may start.
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
    """A message whose outcome is unknown; its instants are on the database's clock.

    Its reminders were automatically sent again `returned` times. `known_id` is the
    provider's id of a message that it accepted last before this one was claimed; None
    if there is none. `is_asked_first`: it was stored to ask about after a failover, and
    may never have been POSTed.
    """

    id: str
    provider: str
    recipient_id: str
    encrypted_phone: bytes = field(repr=False)
    body: str
    posted_after: datetime
    lease_until: datetime
    absent_at: datetime | None
    asked_at: datetime
    returned: int = 0
    known_id: str | None = None
    is_asked_first: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """All messages that a provider lists as sent to one phone.

    `candidates` were created since a message was claimed, and may be that one.
    `provider_ids` are those of all, also of earlier ones.
    """

    candidates: Sequence[ListedMessage]
    provider_ids: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class AccountListing:
    """The messages to all phones that a provider lists since an instant.

    `is_complete`: False if there are more than may be read; then what is missing here
    may be on a page that was not read. `inbounds` are the texts to us, oldest first.
    """

    messages: Sequence[AccountMessage]
    is_complete: bool = True
    inbounds: Sequence[Inbound] = ()


class Provider(Protocol):
    """A provider that carries SMS.

    Faults of the provider and of the network are answers; only `parse` raises.
    `finds_by_our_id`: `find` looks for our message id in a list of our own, so equal
    texts are not mixed up, and no phone can be hidden or rewritten.
    `has_exclusive_senders`: it allows one connection for each sender, so one worker
    sends from it at a time.
    """

    name: str
    finds_by_our_id: bool
    has_exclusive_senders: bool

    async def send(self, message: Outgoing) -> Outcome:
        """POST one message, once."""

    async def is_answering(self) -> bool:
        """Ask a question that sends nothing; True as well if there is none to ask."""

    async def find(self, message: OpenMessage, phone: str) -> Listing | None:
        """List all messages to a phone.

        None if it could not be asked, or if the list is not known to be complete.
        """

    async def list_since(self, since: datetime) -> AccountListing | None:
        """List the messages to all phones, and to us, since an instant, if it can.

        May leave out messages that no carrier has yet, which `find` lists. None if it
        could not be asked, or has no such list.
        """

    async def fetch_receipt(self, provider_id: str) -> Receipt | UnknownId | None:
        """Fetch the present state of a message; None when it could not be asked."""

    async def fetch_receipts(
        self, provider_ids: Collection[str], since: datetime
    ) -> Sequence[Receipt] | None:
        """Fetch the present state of messages accepted since an instant, as a list.

        May leave some out, which `fetch_receipt` gets one by one. None when it could
        not be asked.
        """

    async def flush(self) -> None:
        """Hand over what was sent since the last call, where texts leave together."""

    def parse(
        self, headers: Mapping[str, str], body: bytes, path: str
    ) -> Receipt | Inbound:
        """Check and parse a webhook; `path` has its query, as it was called.

        Raises `ForgedError` if the provider did not sign it, `InvalidError` if it is
        signed but is neither a receipt nor an inbound text.
        """
