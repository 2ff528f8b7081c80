"""The provider that tests script: one fake for one port, with plain lists."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from service.domain.delivery.outcome import (
    Accepted,
    AccountMessage,
    Inbound,
    ListedMessage,
    Outcome,
    Receipt,
    RefusalKind,
    UnknownId,
)
from service.domain.delivery.status import MessageState
from service.domain.errors import ForgedError
from service.flow.sending.provider import (
    AccountListing,
    Listing,
    OpenMessage,
    Outgoing,
)

LISTED_AT = datetime(2024, 9, 19, tzinfo=UTC)
"""When everything that the fake provider took was created."""


class DiedError(BaseException):
    """Our process ended between a POST and the writing down of its outcome."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message the provider really has."""

    provider_id: str
    to: str
    body: str
    ref: str = ""
    state: MessageState | None = MessageState.ACCEPTED
    code: str | None = None
    kind: RefusalKind | None = None


Happening = Callable[[], Awaitable[None]]


class FakeProvider:
    """Answers what `script` says, then yes; keeps every POST and what it took.

    An error in the script is raised. `lost` POSTs reach the provider although the
    answer in the script says otherwise; `deaf` is a provider that cannot be asked.
    `unlisted` ids are not in its list of many, `strangers` are, whoever is asked for;
    `fetched` are the ids asked for one by one, `listed` those asked for together and
    since when.
    Its lists leave out numbers that begin with `hidden`. That of the account has
    `others` too, shows `shown_to` in place of each number, and may be incomplete;
    `accounts` are the instants since which it was asked for.
    What is in `before` and `after` happens once, as the next POST arrives, and while
    its answer is on the way.
    """

    name = "fake"
    finds_by_our_id = False
    has_exclusive_senders = False

    def __init__(self) -> None:
        self.script: list[Outcome | DiedError] = []
        self.posted: list[Outgoing] = []
        self.taken: list[Taken] = []
        self.before: list[Happening] = []
        self.after: list[Happening] = []
        self.lost = False
        self.deaf = False
        self.same_text = True
        self.asked = 0
        self.questions = 0
        self.unlisted = set[str]()
        self.fetched = list[str]()
        self.listed = list[tuple[Collection[str], datetime]]()
        self.strangers = list[Receipt]()
        self.next_id = 1
        self.hidden = "nobody"
        self.others = list[AccountMessage]()
        self.shown_to: Callable[[str], str] = str
        self.is_complete = True
        self.accounts = list[datetime]()
        self.inbounds = list[Inbound]()

    async def send(self, message: Outgoing) -> Outcome:
        """POST one message, once."""
        await _happen(self.before)
        self.posted.append(message)
        fresh = Accepted(f"SM{self.next_id}")
        self.next_id += 1
        answer = self.script.pop(0) if self.script else fresh
        if isinstance(answer, Accepted) or self.lost:
            named = answer if isinstance(answer, Accepted) else fresh
            it = Taken(named.provider_id, message.phone, message.body, message.id)
            self.taken.append(it)
        await _happen(self.after)
        if isinstance(answer, DiedError):
            raise answer
        return answer

    async def is_answering(self) -> bool:
        """Whether it answers a question."""
        self.questions += 1
        return not self.deaf

    async def find(self, message: OpenMessage, phone: str) -> Listing | None:
        """What the provider lists for its phone."""
        self.asked += 1
        to_phone = [it for it in self._shown() if it.to == phone]
        alike = [
            it
            for it in to_phone
            if it.body == message.body
            and (it.ref == message.id or not self.finds_by_our_id)
        ]
        listed = [
            ListedMessage(
                it.provider_id,
                it.state or MessageState.ACCEPTED,
                LISTED_AT,
                self.same_text,
            )
            for it in alike
        ]
        known = frozenset(it.provider_id for it in to_phone)
        return None if self.deaf else Listing(listed, known)

    async def list_since(self, since: datetime) -> AccountListing | None:
        """What the provider lists for all phones."""
        self.accounts.append(since)
        listed = [
            AccountMessage(it.provider_id, self.shown_to(it.to), it.body, LISTED_AT)
            for it in self._shown()
        ]
        if self.deaf:
            return None
        return AccountListing([*listed, *self.others], self.is_complete, self.inbounds)

    def _shown(self) -> list[Taken]:
        return [it for it in self.taken if not it.to.startswith(self.hidden)]

    async def fetch_receipt(self, provider_id: str) -> Receipt | UnknownId | None:
        """The provider's present word on a message."""
        self.fetched.append(provider_id)
        return None if self.deaf else self._word(provider_id) or UnknownId()

    def _word(self, provider_id: str) -> Receipt | None:
        for it in [] if self.deaf else self.taken:
            if it.provider_id == provider_id:
                told = Receipt(self.name, it.provider_id, it.state, {})
                return replace(told, code=it.code, kind=it.kind)
        return None

    async def fetch_receipts(
        self,
        provider_ids: Collection[str],
        since: datetime,
    ) -> Sequence[Receipt] | None:
        """Its present word on some messages."""
        self.listed.append((provider_ids, since))
        listed = [one for one in provider_ids if one not in self.unlisted]
        found = map(self._word, listed)
        told = [*self.strangers, *(one for one in found if one is not None)]
        return None if self.deaf else told

    async def flush(self) -> None:
        """Each has left already."""

    def parse(
        self, headers: Mapping[str, str], body: bytes, path: str
    ) -> Receipt | Inbound:
        """Nobody calls this provider's webhooks."""
        raise ForgedError(f"{path}: {len(headers)} headers, {len(body)} bytes")

    def become(self, state: MessageState | None, code: str | None = None) -> None:
        """Everything it took is in this state from now on."""
        self.taken = [replace(it, state=state, code=code) for it in self.taken]


async def _happen(waiting: list[Happening]) -> None:
    while waiting:
        await waiting.pop()()
