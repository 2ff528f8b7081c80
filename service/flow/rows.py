"""Plain rows that pass between the flow and its ports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from service.domain.deadlines.slot import Slot
from service.domain.delivery.status import MessageState
from service.domain.go_live.go_live import GoLiveState
from service.domain.law.rule import Language
from service.domain.law_change.group import PermitGroup
from service.domain.law_change.plan import ChangePlan
from service.domain.lawbook.law import Law
from service.domain.permits.permit import Permit
from service.domain.reminders.births import BirthPlan, plan_births
from service.domain.reminders.eligibility import Candidate, End, Hold
from service.domain.reminders.limits import Limits, Usage


@dataclass(frozen=True, slots=True)
class RegisterSource:
    """Where permits come from, and how old its word may be before it is stale."""

    name: str
    max_age_days: int | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One phone, ready to be stored."""

    digest: bytes = field(repr=False)
    encrypted_phone: bytes = field(repr=False)
    masked: str
    line: str


@dataclass(frozen=True, slots=True)
class DatedPermit:
    """One permit, ready to be stored, with the version and slots it falls under.

    `number_key` identifies it: the number itself, or a digest where it is personal.
    `left_out` is why it is not taken in when it is not known yet: inactive, expired.
    `closes_on` is the closing day if it is certain, `closed_at` the end of it.
    """

    permit: Permit
    series: str
    version: str
    slots: tuple[Slot, ...]
    number_key: str
    encrypted_number: bytes | None
    shown_number: str
    tail: str
    replaces_key: str | None
    recipients: tuple[Recipient, ...]
    skip_reason: str | None
    closes_on: date | None
    closing_ends_at: datetime


@dataclass(frozen=True, slots=True)
class DueGroup:
    """The slots of one (series, authority, expiry date), some due, not expanded.

    `version` is the revision that dated them, `redated` are the steps that a change of
    the law moved. `catch_up`: those current at the start are texted too.
    """

    rule: str
    series: str
    version: str
    authority: str
    expires_on: date
    slots: tuple[Slot, ...]
    unexpanded_steps: frozenset[str]
    redated_steps: frozenset[str]
    live_from: datetime
    catch_up: bool

    def plan_births(self, now: datetime) -> BirthPlan:
        """Decide what becomes of its slots at an instant."""
        return plan_births(
            self.slots, now, self.live_from, self.redated_steps, catch_up=self.catch_up
        )


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A due reminder with what is needed to decide on it and to word it.

    `version` is the one it is dated by, `standing` the series its permit is in now.
    `holder` tells one holder from another, `recipient` is the phone it would go to.
    """

    candidate: Candidate
    permit_id: str
    authority: str
    rule: str
    version: str
    permit_series: str
    step: str
    template: str
    number_tail: str
    language: Language | None
    holder_key: str
    recipient_id: str | None


@dataclass(frozen=True, slots=True)
class WordedReminder:
    """What an SMS says of one reminder: `at` is its place among those planned.

    `told_on` is the closing day it names, `version` what it is worded by.
    """

    index: int
    version: str
    announced_on: date | None


@dataclass(frozen=True, slots=True)
class Draft:
    """An SMS that may be sent now, about one or more reminders.

    `valid_for` is how many seconds its text may travel, `delay` in how many its
    sender's turn comes.
    """

    reminders: tuple[WordedReminder, ...]
    office: str
    template: str
    template_version: int
    language: Language
    body: str
    segments: int
    valid_for: float
    sent_from: str | None = None
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class ClaimPlan:
    """What becomes of the reminders of a claim; those it does not name stay due.

    `free` are the seconds after which each limited sender may send its next text,
    `busy` the offices whose sender has no turn left in this claim.
    """

    ends: Sequence[tuple[int, End]]
    holds: Sequence[tuple[int, Hold]]
    drafts: Sequence[Draft]
    sender_waits: Mapping[str, float]
    busy_offices: frozenset[str]


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """How a claim is made: by whom, for how many seconds, of how many messages at most.

    `law` is the digest of the law it is worded by; `without` are the issuing
    authorities that are left alone; of what was never sent only that is taken which was
    born by `since`: the volume guard has seen it. `plan` decides, from what `limits`
    had counted.
    """

    owner: str
    lease: float
    max_messages: int
    checked_until: datetime
    law_digest: str
    excluded_authorities: frozenset[str]
    limits: Limits
    plan: Callable[[Sequence[DueReminder], Usage], ClaimPlan]


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
class Claim:
    """What one claim took: how many due rows it looked at, what is to be POSTed.

    `busy` are the offices whose reminders it left for later.
    """

    examined: int
    messages: tuple[Outgoing, ...]
    busy_offices: frozenset[str]


@dataclass(frozen=True, slots=True)
class CatchUpPlan:
    """What a start makes up for, and from when on it texts on each of its days.

    `contact_now` makes the step of a series, authority and expiry date past closing,
    where it gets one.
    """

    contact_now_slot: Callable[[str, str, date], Slot | None]
    day_starts: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class StartedType:
    """A type on trial or live in an authority: since when, and who approved it."""

    state: GoLiveState
    since: datetime
    approved_by: str
    catch_up_days: int


ChangePlanner = Callable[[Law, Law, list[PermitGroup]], ChangePlan]
"""What a change of the law does, from the law before and after and the permits."""


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """What a change of the law came to: the versions it made or took back, its plan."""

    installed_versions: tuple[str, ...]
    retired_versions: tuple[str, ...]
    before: Law = field(repr=False)
    after: Law = field(repr=False)
    plan: ChangePlan


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


ReceiptStatus = tuple[MessageState, str | None]
"""What a receipt said of a message: where it stands, and a code where it failed."""


@dataclass(frozen=True, slots=True)
class UnconfirmedMessage:
    """A message accepted without a final word; `posted_after` is the database's."""

    id: str
    accepted_at: datetime
    provider_id: str
    rank: int
    posted_after: datetime


@dataclass(frozen=True, slots=True)
class PermitReminderView:
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
class PermitView:
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
    reminders: tuple[PermitReminderView, ...]
