"""What a claim is asked for, what it decides on and what it comes to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from service.domain.delivery.outcome import Outcome
from service.domain.law.rule import Language
from service.domain.reminders.eligibility import Candidate, End, Hold
from service.domain.reminders.limits import Limits, Usage
from service.flow.sending.provider import Outgoing


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
class Claim:
    """What one claim took: how many due rows it looked at, what is to be POSTed.

    `busy` are the offices whose reminders it left for later.
    """

    examined: int
    messages: tuple[Outgoing, ...]
    busy_offices: frozenset[str]


Outcomes = Sequence[tuple[Outgoing, Outcome]]
"""What messages came to."""
