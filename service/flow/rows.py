"""Plain rows that pass between the flow and its ports."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from service.domain.decide import Candidate, End, Hold
from service.domain.permit import Permit
from service.domain.rule import Language
from service.domain.schedule import Slot


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


@dataclass(frozen=True, slots=True)
class Due:
    """A due reminder with what is needed to decide on it and to word it."""

    candidate: Candidate
    authority: str
    rule: str
    version: str
    step: str
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
