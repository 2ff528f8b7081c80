"""Send due reminders as SMS: claim, POST, record, round by round."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from service.domain.delivery.circuit import PostEvidence
from service.domain.delivery.outcome import Refused
from service.domain.errors import LawChangedError
from service.domain.lawbook.law import Law
from service.domain.reminders.limits import (
    CLAIM_HORIZON,
    RATE_UNUSABLE,
    Limits,
    compute_limits,
    has_unusable_rate,
)
from service.flow.monotonic import monotonic_now
from service.flow.ports import Clock, LawStore, TemplateLibrary
from service.flow.sending.breaker import BreakerStore, check_breaker
from service.flow.sending.circuit import (
    CircuitAccess,
    CircuitStore,
    close_if_nothing_was_due,
    log_circuit,
)
from service.flow.sending.claim_rows import (
    Begun,
    Claim,
    ClaimRequest,
    Outcomes,
    PostProgress,
)
from service.flow.sending.plan_claim import ClaimPlanner
from service.flow.sending.post import Poster
from service.flow.sending.provider import Outgoing

log = logging.getLogger(__name__)

MAX_CLAIMED: Final = 200
"""Messages claimed and not yet POSTed, at most."""

CLAIMED_PER_POST: Final = 10
"""Messages claimed for each POST that may be under way at once."""

MAX_CLAIM_AGE: Final = 10.0
"""Seconds after a claim in which its messages may be POSTed.

Opt-outs and pauses that come after the claim are seen by the next one.
"""

LEASE_LEFT: Final = 1.5
"""Time-outs of a POST that a lease must still last when its message is begun."""

MAX_TURN: Final = 30.0
"""Longest send turn, in seconds, before expanding and polling run again."""


class ClaimStore(Protocol):
    """Claims messages for due reminders, begins them, and records their outcomes."""

    async def claim(self, request: ClaimRequest, now: datetime) -> Claim:
        """End or hold due reminders, or claim messages for them, in one transaction.

        Reminders that close soonest come first. Claims nothing in another generation of
        the circuit. Raises `LawChangedError`, and changes nothing, if the law of the
        request is out of date.
        """

    async def record_and_begin(self, progress: PostProgress, now: datetime) -> Begun:
        """Record outcomes, and mark the messages of a group as begun.

        Both only for messages that still belong to this owner and attempt. Begins none
        that is paused, whose lease is nearly over, or in another generation of the
        circuit.
        """


@dataclass(frozen=True, slots=True)
class SendDeps:
    """The ports that sending needs; times in seconds."""

    law_store: LawStore
    store: ClaimStore
    circuit_store: CircuitStore
    templates: TemplateLibrary
    poster: Poster
    clock: Clock
    lease: float
    post_timeout: float
    breaker_store: BreakerStore


@dataclass(frozen=True, slots=True)
class SendResult:
    """Messages posted in one turn, those that came too late, and whether more are due.

    `late` counts claimed messages that were given back: the machine was too slow.
    """

    posted: int = 0
    late: int = 0
    more_due: bool = False


async def send(
    deps: SendDeps, checked_until: datetime, access: CircuitAccess
) -> SendResult:
    """Claim, POST and record, round by round, until nothing is due or the turn is over.

    A reminder that was never sent goes out only if it was created by `checked_until`:
    the volume guard has counted it. A round in which nothing could be POSTed ends the
    turn, and the next tick goes on; so does a probe, after its one message. When the
    worker has to stop, it claims no more, and messages that it claimed but did not POST
    are released.
    """
    law = await deps.law_store.current_law()
    for office in filter(has_unusable_rate, law.authorities.values()):
        log.error("office %s is held: %s; load it again", office.code, RATE_UNUSABLE)
    turn = SendTurn(deps, access, checked_until, law)
    posted, late, ends_at = 0, 0, monotonic_now() + MAX_TURN
    while monotonic_now() < ends_at and not deps.poster.is_stopping():
        deadline = monotonic_now() + min(
            deps.lease - 2 * deps.post_timeout, MAX_CLAIM_AGE
        )
        most = turn.claim_size()
        if not most:
            return SendResult(posted, late)
        claim = await turn.claim(most)
        if not claim.examined and not turn.busy_until:
            await turn.close_circuit_of_probe()
            return SendResult(posted, late)
        if not claim.examined:
            await asyncio.sleep(min(turn.busy_until.values()) - monotonic_now())
            continue
        result = await deps.poster.post(claim.messages, deadline, turn.record_and_begin)
        await turn.check_breaker()
        posted, late = posted + result.posted, late + result.late
        if result.is_blocked or (claim.messages and not result.posted):
            return SendResult(posted, late)
        if access.is_probe and result.posted:
            return SendResult(posted, late, more_due=True)
    return SendResult(posted, late, more_due=True)


@dataclass(slots=True)
class SendTurn:
    """One worker's turn: its access, the law in force, and which senders are busy.

    `busy_until` maps an office to the monotonic instant until which it is left out.
    """

    deps: SendDeps
    access: CircuitAccess
    checked_until: datetime
    law: Law
    busy_until: dict[str, float] = field(default_factory=dict)
    was_refused: bool = False

    def claim_size(self) -> int:
        """How many messages to claim; none while the provider takes none."""
        room = self.deps.poster.pace.allowed_at(monotonic_now())
        if self.access.is_probe:
            return min(1, room)
        return min(MAX_CLAIMED, CLAIMED_PER_POST * room)

    async def claim(self, max_messages: int, *, asks_first: bool = False) -> Claim:
        """Claim by the law and the templates in force.

        Reads the law again when it changed meanwhile. Leaves out offices whose sender
        is busy. `asks_first`: stores what may have been sent before a failover, to ask
        about it.
        """
        deps = self.deps
        self.busy_until = {
            one: at for one, at in self.busy_until.items() if at > monotonic_now()
        }
        while True:
            law, now = self.law, deps.clock.now()
            limits = compute_limits(law.authorities.values(), now)
            limits = Limits({}, {}) if asks_first else limits
            templates = await deps.templates.current(law.digest)
            planner = ClaimPlanner(law, templates, now, asks_first)
            request = ClaimRequest(
                owner=self.access.owner,
                lease=deps.lease,
                generation=self.access.generation,
                max_messages=max_messages,
                checked_until=self.checked_until,
                law_digest=law.digest,
                offices=law.sending_offices(left_out=self.busy_until),
                has_exclusive_senders=deps.poster.provider.has_exclusive_senders,
                limits=limits,
                plan=partial(planner.plan, limits=limits, max_messages=max_messages),
                asks_first=asks_first,
                can_ask=not deps.poster.provider.finds_by_our_id,
            )
            try:
                claim = await deps.store.claim(request, now)
            except LawChangedError:
                self.law = await deps.law_store.current_law()
            else:
                self.busy_until |= dict.fromkeys(
                    claim.busy_offices, monotonic_now() + CLAIM_HORIZON / 2
                )
                return claim

    async def record_and_begin(
        self, outcomes: Outcomes, evidence: PostEvidence, group: Sequence[Outgoing]
    ) -> frozenset[str]:
        """Record outcomes and begin a group; log the circuit if that changed it."""
        deps, access = self.deps, self.access
        progress = PostProgress(
            owner=access.owner,
            generation=access.generation,
            outcomes=outcomes,
            evidence=evidence,
            group=group,
            lease_left=LEASE_LEFT * deps.post_timeout,
        )
        begun = await deps.store.record_and_begin(progress, deps.clock.now())
        if begun.circuit is not None:
            log_circuit(deps.poster.provider.name, begun.circuit)
        self.was_refused |= any(isinstance(one, Refused) for _, one in outcomes)
        return begun.message_ids

    async def check_breaker(self) -> None:
        """Open the breaker, if the texts of this round were refused too often."""
        if self.was_refused:
            await check_breaker(self.deps.breaker_store, self.deps.clock)
            self.was_refused = False

    async def close_circuit_of_probe(self) -> None:
        """Close the circuit after a question that was answered: nothing is due."""
        deps = self.deps
        await close_if_nothing_was_due(
            deps.circuit_store, deps.poster.provider, self.access
        )
