"""Rows of a claim: the request, due reminders, the plan, and the messages claimed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from service.domain.delivery.circuit import Circuit, PostEvidence
from service.domain.delivery.outcome import Outcome
from service.domain.law.authority import Authority
from service.domain.law.rule import Language
from service.domain.reminders.eligibility import Candidate, End, Hold
from service.domain.reminders.limits import Limits, Usage
from service.flow.sending.provider import Outgoing


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A due reminder with all that decides on it and words it.

    `version` dates it; `permit_series` is its permit's present series. `holder_key`
    tells one holder from another; `recipient_id` is the phone it would go to.
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
    """What an SMS says of one reminder.

    `index` is the reminder's place among those planned. `announced_on` is the closing
    day that the text names, `version` the version that words it.
    """

    index: int
    version: str
    announced_on: date | None


@dataclass(frozen=True, slots=True)
class Draft:
    """An SMS that may be sent now, about one or more reminders.

    Its text is valid for `valid_for` seconds; its sender's turn comes in `delay`
    seconds.
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
    """What happens to the reminders of a claim; those it does not name stay due.

    Reminders are named by their index. `sender_waits` has the seconds after which each
    sender with a rate limit may send again; `busy_offices` are those whose sender has
    no turn left in this claim.
    """

    ends: Sequence[tuple[int, End]]
    holds: Sequence[tuple[int, Hold]]
    drafts: Sequence[Draft]
    sender_waits: Mapping[str, float]
    busy_offices: frozenset[str]


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """How to claim: the owner, its lease in seconds, and the number of messages.

    `generation` is that of the provider's circuit; nothing is claimed in another one.
    `law_digest` names the law that words the texts. Reminders of the authorities in
    `offices` are claimed, each with the office that sends for it; of those never sent
    the ones created after `checked_until`, which the volume guard has not counted, are
    left out. With exclusive senders, only what goes through those that are this
    worker's. `plan` decides on the reminders, given the usage counted for `limits`.

    `asks_first`: takes only reminders that may have been sent before a failover, and
    stores their messages to ask about. `can_ask`: the provider can be asked.
    """

    owner: str
    lease: float
    generation: int
    max_messages: int
    checked_until: datetime
    law_digest: str
    offices: Mapping[str, Authority]
    has_exclusive_senders: bool
    limits: Limits
    plan: Callable[[Sequence[DueReminder], Usage], ClaimPlan]
    asks_first: bool = False
    can_ask: bool = True


@dataclass(frozen=True, slots=True)
class Claim:
    """The result of a claim: how many due reminders it examined, what to POST.

    `busy_offices` are those whose reminders it left for later.
    """

    examined: int
    messages: tuple[Outgoing, ...]
    busy_offices: frozenset[str]


Outcomes = Sequence[tuple[Outgoing, Outcome]]
"""Messages, each with the outcome of its POST."""


@dataclass(frozen=True, slots=True)
class PostProgress:
    """What a worker has to record, and the messages that it wants to POST next.

    `evidence` is what the outcomes say of the provider, in this `generation` of its
    circuit. A lease must have `lease_left` seconds left for its message to be begun.
    """

    owner: str
    generation: int
    outcomes: Outcomes
    evidence: PostEvidence
    group: Sequence[Outgoing]
    lease_left: float


@dataclass(frozen=True, slots=True)
class Begun:
    """The ids of the messages that may be POSTed now.

    `circuit` is the provider's circuit if the outcomes opened or closed it.
    """

    message_ids: frozenset[str]
    circuit: Circuit | None = None
