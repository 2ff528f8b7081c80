"""Send due reminders as SMS: claim, POST, record, round by round."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, Protocol
from uuid import uuid4

from service.domain.delivery.outcome import NotPosted, Refused
from service.domain.errors import LawChangedError
from service.domain.lawbook.law import Law
from service.domain.reminders.limits import CLAIM_HORIZON, compute_limits
from service.flow.ports import Clock, LawStore, TemplateLibrary
from service.flow.sending.breaker import BreakerStore, check_breaker
from service.flow.sending.claim_rows import Claim, ClaimRequest, Outcomes
from service.flow.sending.plan_claim import ClaimPlanner
from service.flow.sending.post import Poster, monotonic_now

MAX_CLAIMED: Final = 200
"""Messages claimed and not yet POSTed, at most."""

CLAIMED_PER_POST: Final = 10
"""Messages claimed for each POST that may be under way at once."""

MAX_CLAIM_AGE: Final = 10.0
"""Seconds after a claim in which its messages may be POSTed.

Opt-outs and pauses that come after the claim are seen by the next one.
"""

MAX_TURN: Final = 30.0
"""Longest send turn, in seconds, before expanding and polling run again."""


class ClaimStore(Protocol):
    """Claims messages for due reminders, and records the outcome of each POST."""

    async def claim(self, request: ClaimRequest, now: datetime) -> Claim:
        """End or hold due reminders, or claim messages for them, in one transaction.

        Reminders that close soonest come first. Raises `LawChangedError`, and changes
        nothing, if the law of the request is out of date.
        """

    async def record(self, owner: str, outcomes: Outcomes, now: datetime) -> None:
        """Record outcomes of messages that still belong to this owner and attempt."""


@dataclass(frozen=True, slots=True)
class SendDeps:
    """The ports that sending needs; times in seconds."""

    law_store: LawStore
    store: ClaimStore
    templates: TemplateLibrary
    poster: Poster
    clock: Clock
    lease: float
    post_timeout: float
    breaker_store: BreakerStore


@dataclass(frozen=True, slots=True)
class SendResult:
    """Messages posted in one turn, and whether more are due."""

    posted: int
    more_due: bool


async def send(deps: SendDeps, checked_until: datetime) -> SendResult:
    """Claim, POST and record, round by round, until nothing is due or the turn is over.

    A reminder that was never sent goes out only if it was created by `checked_until`:
    the volume guard has counted it. A round in which nothing could be POSTed ends the
    turn, and the next tick goes on. When the worker has to stop, it claims no more,
    and messages that it claimed but did not POST are released.
    """
    law = await deps.law_store.current_law()
    turn = _SendTurn(deps, str(uuid4()), checked_until, law)
    posted, ends_at = 0, monotonic_now() + MAX_TURN
    while monotonic_now() < ends_at and not deps.poster.is_stopping():
        deadline = monotonic_now() + min(
            deps.lease - 2 * deps.post_timeout, MAX_CLAIM_AGE
        )
        most = turn.claim_size()
        if not most:
            return SendResult(posted, more_due=False)
        claim = await turn.claim(most)
        if not claim.examined:
            if not turn.busy_until:
                return SendResult(posted, more_due=False)
            await asyncio.sleep(min(turn.busy_until.values()) - monotonic_now())
            continue
        result = await deps.poster.post(claim.messages, deadline)
        await deps.poster.provider.flush()
        await turn.record(result.outcomes)
        in_time = sum(
            not isinstance(outcome, NotPosted) for _, outcome in result.outcomes
        )
        posted += in_time
        if result.is_blocked or (result.outcomes and not in_time):
            return SendResult(posted, more_due=False)
    return SendResult(posted, more_due=True)


@dataclass(slots=True)
class _SendTurn:
    """One worker's turn: its owner id, the law in force, and which senders are busy.

    `busy_until` maps an office to the monotonic instant until which it is left out.
    """

    deps: SendDeps
    owner: str
    checked_until: datetime
    law: Law
    busy_until: dict[str, float] = field(default_factory=dict)

    def claim_size(self) -> int:
        """How many messages to claim; none while the provider takes none."""
        room = self.deps.poster.pace.allowed_at(monotonic_now())
        return min(MAX_CLAIMED, CLAIMED_PER_POST * room)

    async def claim(self, max_messages: int) -> Claim:
        """Claim by the law and the templates in force.

        Reads the law again when it changed meanwhile. Leaves out offices whose sender
        is busy.
        """
        deps = self.deps
        self.busy_until = {
            one: at for one, at in self.busy_until.items() if at > monotonic_now()
        }
        while True:
            law, now = self.law, deps.clock.now()
            limits = compute_limits(law.authorities.values(), now)
            planner = ClaimPlanner(law, await deps.templates.current(law.digest), now)
            request = ClaimRequest(
                owner=self.owner,
                lease=deps.lease,
                max_messages=max_messages,
                checked_until=self.checked_until,
                law_digest=law.digest,
                excluded_authorities=_authorities_of(frozenset(self.busy_until), law),
                limits=limits,
                plan=partial(planner.plan, limits=limits, max_messages=max_messages),
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

    async def record(self, outcomes: Outcomes) -> None:
        """Record the outcome of each POST; open the breaker after many refusals."""
        if outcomes:
            deps = self.deps
            await deps.store.record(self.owner, outcomes, deps.clock.now())
            if any(isinstance(outcome, Refused) for _, outcome in outcomes):
                await check_breaker(deps.breaker_store, deps.clock)


def _authorities_of(offices: frozenset[str], law: Law) -> frozenset[str]:
    """The authorities for which these offices send."""
    if not offices:
        return offices
    return frozenset(
        code for code in law.authorities if law.sending_office(code).code in offices
    )
