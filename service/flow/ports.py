"""The outside as the flow sees it: one Protocol per verb, at most eight methods each.

Instants of leases, back-off and settling are the database's own clock, so that a
simulated clock never breaks them; every other instant comes from `Clock`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from service.domain.births import Births
from service.domain.compose import Facts
from service.domain.decide import Candidate, End, Hold
from service.domain.lawbook import Law
from service.domain.outcome import Found, Inbound, Outcome, Receipt
from service.domain.permit import Permit
from service.domain.recipient import Phone
from service.domain.report import Figures, Report
from service.domain.rule import Language, Text
from service.domain.schedule import Slot
from service.domain.tally import Span, Tally
from service.domain.week import ReportPeriod


class Clock(Protocol):
    """What time it is for the law and for people: real, or simulated in a demo."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class LawStore(Protocol):
    """The rules, authorities and calendars in force."""

    async def law(self) -> Law:
        """Everything that dates a permit, read afresh when it has changed."""


class Phones(Protocol):
    """Reading phone numbers as people write them."""

    def read(self, text: str, region: str) -> Phone:
        """The number in E.164 and what kind of line it is; never raises."""


class Vault(Protocol):
    """Encryption of what is personal; `column` binds a value to where it stands."""

    def seal(self, text: str, column: str) -> bytes:
        """The encrypted value; different at each call."""

    def open(self, blob: bytes, column: str) -> str:
        """The value again; raises `SetUpError` where the key is missing."""

    def digest(self, text: str, column: str) -> bytes:
        """A keyed digest of 32 bytes, to look a value up by."""

    def mark(self, parts: Sequence[bytes | str]) -> bytes:
        """A keyed mark of 32 bytes over the parts, to prove a row untouched."""


class Words(Protocol):
    """The templates."""

    def render_sms(self, template: str, facts: Facts) -> str:
        """The text of one SMS; raises `UnknownError` for an unknown template."""


class Provider(Protocol):
    """Who carries SMS. Answers never raise for what a provider or network may do."""

    name: str

    async def send(self, message: "Outgoing") -> Outcome:
        """POST one message, once."""

    async def find(self, message: "OpenMessage", to: str) -> Sequence[Found] | None:
        """What the provider lists for it; None when it could not be asked."""

    async def fetch(self, provider_id: str) -> Receipt | None:
        """The provider's present word on a message; None when it could not be asked."""

    def parse(
        self, headers: Mapping[str, str], body: bytes, path: str
    ) -> Receipt | Inbound:
        """A webhook, checked; `path` with its query, as it was called.

        Raises `ForgedError` where the provider did not sign it, `InvalidError` where
        it is signed but not a webhook of this kind.
        """


@dataclass(frozen=True, slots=True)
class Register:
    """Where permits come from, and how old its word may be before it is stale."""

    name: str
    max_age_days: int | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One phone, ready to be stored."""

    digest: bytes = field(repr=False)
    phone: bytes = field(repr=False)
    masked: str
    line: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One permit, ready to be stored, with the version and slots it falls under.

    `number_key` identifies it: the number itself, or a digest where it is personal.
    `left_out` is why it is not taken in when it is not known yet: inactive, expired.
    """

    permit: Permit
    version: str
    slots: tuple[Slot, ...]
    number_key: str
    number: bytes | None
    shown_number: str
    tail: str
    replaces_key: str | None
    recipients: tuple[Recipient, ...]
    left_out: str | None


class RegisterStore(Protocol):
    """Taking permits in."""

    async def register(
        self, entries: Sequence[Entry], source: Register, now: datetime
    ) -> list[str]:
        """Store a chunk in one transaction; what became of each entry, in order.

        "registered", "changed", "unchanged", or the entry's `left_out`. Ends the
        due reminders a change has overtaken, and gives birth to the current step
        where its slot is already expanded.
        """


@dataclass(frozen=True, slots=True)
class DueGroup:
    """The slots of one (version, authority, expiry date), some due, not expanded."""

    rule: str
    version: str
    authority: str
    expires_on: date
    slots: tuple[Slot, ...]
    unexpanded: frozenset[str]
    live_from: datetime


class ExpandStore(Protocol):
    """Slots that fall due become reminders."""

    async def due_groups(self, now: datetime, limit: int) -> list[DueGroup]:
        """Live groups with a slot due at `now` and not expanded, oldest first."""

    async def expand(
        self, births: Sequence[tuple[DueGroup, Births]], now: datetime
    ) -> int:
        """Give birth to the reminders of some groups in one transaction; how many."""


@dataclass(frozen=True, slots=True)
class Due:
    """A due reminder with what is needed to decide on it and to word it."""

    candidate: Candidate
    authority: str
    rule: str
    version: str
    template: str
    number: str
    language: Language | None


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of a reminder that may be sent now."""

    body: str
    language: Language
    segments: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed message: POST it once, before the lease ends."""

    id: str
    attempt: int
    to: bytes = field(repr=False)
    body: str
    template: str
    language: Language
    phone: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim took: how many due rows it looked at, what is to be POSTed."""

    examined: int
    messages: tuple[Outgoing, ...]


Compose = Callable[[Due], Draft | End | Hold]


class SendStore(Protocol):
    """From due reminders to messages, and what became of each POST."""

    async def claim(
        self, *, now: datetime, owner: str, lease: float, limit: int, compose: Compose
    ) -> Claim:
        """Take due reminders in one transaction: end, hold, or turn into messages.

        `lease` is in seconds; what closes soonest goes first.
        """

    async def record(
        self, owner: str, outcomes: Sequence[tuple[Outgoing, Outcome]], now: datetime
    ) -> None:
        """Write what the provider answered, fenced by owner and attempt."""


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """A message whose outcome is unknown; instants are the database's."""

    id: str
    provider: str
    recipient: str
    to: bytes = field(repr=False)
    body: str
    posted_after: datetime
    lease_until: datetime
    absent_at: datetime | None
    asked_at: datetime


class SettleStore(Protocol):
    """Deciding unknown outcomes."""

    async def lapse(self, now: datetime) -> int:
        """Messages whose owner's lease ended unrecorded become uncertain."""

    async def open(self) -> int:
        """How many messages are under way or unknown."""

    async def uncertain(self) -> list[OpenMessage]:
        """The messages whose outcome is unknown, oldest first.

        Not those with one alike still under way: what is listed may be its.
        """

    async def bound(self, provider: str, ids: Collection[str]) -> set[str]:
        """Those of a provider's ids that already belong to a message."""

    async def absent(self, message: OpenMessage, *, proof: bool, now: datetime) -> None:
        """Note that the provider does not list it; with proof, return its reminders.

        They return to due once; a second proof leaves them to the operator.
        """


class ReceiveStore(Protocol):
    """The provider's later word."""

    async def receive(self, receipts: Sequence[Receipt], now: datetime) -> int:
        """Keep each receipt raw; move messages up their rank; how many moved."""

    async def hear(
        self,
        inbound: Inbound,
        digest: bytes,
        body: bytes,
        intent: str | None,
        now: datetime,
    ) -> bool:
        """Keep a text from a recipient and its wish; False where it came before."""

    async def silent(self) -> int:
        """How many accepted messages the provider has said nothing of since."""

    async def unconfirmed(
        self, provider: str, before: datetime, since: datetime
    ) -> Mapping[str, int]:
        """Provider ids accepted in [since, before) without a final word, and rank."""


@dataclass(frozen=True, slots=True)
class ShownReminder:
    """A reminder as people see it."""

    step: str
    expires_on: date
    due_at: datetime
    state: str
    reason: str | None
    hold_reason: str | None
    next_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownPermit:
    """A permit as people see it: numbers masked where they are personal.

    `phones` are masked, each with its kind of line. `id` sorts by registration.
    """

    id: str
    authority: str
    rule: str
    number: str
    holder: str
    holder_code: str | None
    phones: tuple[tuple[str, str], ...]
    language: str | None
    issued_on: date | None
    expires_on: date
    status: str
    renewal_filed_on: date | None
    replaced: bool
    version: str
    reminders: tuple[ShownReminder, ...]


class PermitReader(Protocol):
    """Looking permits up."""

    async def one(self, authority: str, rule: str, key: str) -> ShownPermit | None:
        """One permit by its number key."""

    async def page(
        self, authority: str | None, rule: str | None, after: str | None, limit: int
    ) -> list[ShownPermit]:
        """Permits in the order of their ids, from the one after `after`."""

    async def by_number(self, keys: Collection[str]) -> list[ShownPermit]:
        """Every permit with one of these number keys, whatever its type or office."""

    async def withdraw(
        self, authority: str, rule: str, key: str, now: datetime
    ) -> bool:
        """Withdraw a permit and end its due reminders; False where it is unknown."""


class CountStore(Protocol):
    """Counting the ledger."""

    async def figures(
        self,
        period: ReportPeriod,
        as_of: datetime,
        authority: Text,
        names: Mapping[str, Text],
        offices: Sequence[str] | None,
    ) -> Figures:
        """All a report needs of a period; `names` are the permit types by code."""

    async def counts(
        self,
        spans: Sequence[Span],
        by: str,
        as_of: datetime,
        offices: Sequence[str] | None,
    ) -> tuple[dict[tuple[str, str], Tally], dict[str, int]]:
        """Tallies by (span, rule or authority), and the holders of each span."""


class KeyStore(Protocol):
    """Who may call the API."""

    async def holder_of(self, key: str) -> str | None:
        """Whose live key this is; None for one made up or revoked."""


class Health(Protocol):
    """Whether the service can do its work."""

    async def ready(self) -> Mapping[str, str]:
        """What is wrong, by part; empty when all is well."""


class Documents(Protocol):
    """A report on paper, as it were."""

    def as_text(self, report: Report) -> str:
        """Both headlines, the table, the notes."""

    def as_json(self, report: Report) -> bytes:
        """The same figures for machines."""

    def as_csv(self, report: Report) -> str:
        """The table alone."""

    def rows_as_csv(self, rows: Sequence[Mapping[str, object]]) -> str:
        """Rows that share their keys, under a header of those."""
